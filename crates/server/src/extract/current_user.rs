//! Who sent the request.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use wire::{Timestamp, UserId};

use crate::error::Error;
use crate::store::history::Author;
use crate::store::idempotency::Keyed;
use crate::store::sign_ins::{self, TokenHash};
use crate::store::{Db, Write, now};

/// Who sent the request, by their session cookie. A handler that asks for it answers 401 without one.
///
/// The cookie itself is read once per request, by [`crate::auth::recognise`].
#[derive(Clone, Debug)]
pub(crate) struct CurrentUser {
    pub(crate) id: UserId,
    /// Which of their sign-ins it is.
    pub(crate) sign_in: TokenHash,
    /// The key of the request, if it is not to be carried out twice.
    pub(crate) keyed: Option<Arc<Keyed>>,
}

impl CurrentUser {
    /// What nobody is told.
    pub(crate) const NONE: Error = Error::Unauthorized("sign in first");

    /// Refuses to act for anybody else.
    pub(crate) fn must_be(&self, person: UserId) -> Result<(), Error> {
        if self.id == person {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }

    /// They as the author of what is written at this moment.
    pub(crate) const fn author(&self, at: Timestamp) -> Author {
        Author { by: self.id, at }
    }

    /// Begins a change on their behalf. Looks the sign-in up once more, in the same transaction: one that was ended
    /// after this request came in changes nothing any more. Nor does a request that was carried out before.
    pub(crate) async fn write(&self, db: &Db) -> Result<Write, Error> {
        db.check_room()?;
        self.write_at_any_rate(db).await
    }

    /// The same for what is changed even if the disk has only its reserve left: that somebody signs out.
    pub(crate) async fn write_at_any_rate(&self, db: &Db) -> Result<Write, Error> {
        let mut write = db.write().await?;
        match sign_ins::find(&mut write, &self.sign_in, now()).await? {
            Some(sign_in) if sign_in.user == self.id => {}
            _ => return Err(Self::NONE),
        }
        match &self.keyed {
            Some(keyed) if !keyed.begin(&mut write).await? => Err(Error::Repeated),
            _ => Ok(write),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get().cloned().ok_or(Self::NONE)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Error> {
        Ok(parts.extensions.get().cloned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wire::UserId;

    use super::CurrentUser;
    use crate::error::Error;
    use crate::sse::Hub;
    use crate::store::{Db, new_id, now, sign_ins, users};

    #[tokio::test]
    async fn a_sign_in_that_ended_meanwhile_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("test.db"), Hub::new()).await.unwrap();
        let user = CurrentUser {
            id: UserId(new_id()),
            sign_in: [7; 32],
            keyed: None,
        };
        let mut write = db.write().await.unwrap();
        let person = users::NewUser {
            id: user.id,
            email: "a@example.com",
            password_hash: "",
            first_name: "",
            last_name: "",
            created_at: now(),
        };
        users::insert(&mut write, &person).await.unwrap();
        let new = sign_ins::NewSignIn {
            hash: &user.sign_in,
            user: user.id,
            created_at: now(),
            expires_at: now() + Duration::from_secs(60),
            device: None,
        };
        sign_ins::insert(&mut write, &new).await.unwrap();
        write.commit().await.unwrap();

        let mut write = user.write(&db).await.unwrap();
        sign_ins::end(&mut write, &user.sign_in).await.unwrap();
        write.commit().await.unwrap();
        assert!(matches!(user.write(&db).await, Err(Error::Unauthorized(_))));
    }
}
