//! The person who sent the request.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use wire::{Timestamp, UserId};

use crate::error::Error;
use crate::store::history::Author;
use crate::store::idempotency::Keyed;
use crate::store::sign_ins::{self, TokenHash};
use crate::store::{Db, Write, now};

/// The person who sent the request, according to the session cookie. A handler with this extractor returns 401 if there
/// is no sign-in.
///
/// [`crate::auth::recognise`] reads the cookie itself once per request.
#[derive(Clone, Debug)]
pub(crate) struct CurrentUser {
    pub(crate) id: UserId,
    /// The sign-in of the request.
    pub(crate) sign_in: TokenHash,
    /// The idempotency key of the request, if it has one.
    pub(crate) keyed: Option<Arc<Keyed>>,
}

impl CurrentUser {
    /// The error for a request without a sign-in.
    pub(crate) const NONE: Error = Error::Unauthorized("sign in first");

    /// Returns an error if the request is about another person.
    pub(crate) fn must_be(&self, person: UserId) -> Result<(), Error> {
        if self.id == person {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }

    /// Returns this person as the author of a change at this time.
    pub(crate) const fn author(&self, at: Timestamp) -> Author {
        Author { by: self.id, at }
    }

    /// Begins a change for this person. Looks the sign-in up again in the same transaction, so that a sign-in that
    /// ended after the request arrived changes nothing. A request that was carried out before changes nothing either.
    pub(crate) async fn write(&self, db: &Db) -> Result<Write, Error> {
        db.check_room()?;
        self.write_at_any_rate(db).await
    }

    /// Begins a change that is allowed even if only the reserve of the disk is left, such as a sign-out.
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
