//! Who sent the request.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use wire::UserId;

use crate::error::Error;
use crate::store::sign_ins::TokenHash;

/// Who sent the request, by their session cookie. A handler that asks for it answers 401 without one.
///
/// The cookie itself is read once per request, by [`crate::auth::recognise`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentUser {
    pub(crate) id: UserId,
    /// Which of their sign-ins it is.
    pub(crate) sign_in: TokenHash,
}

impl CurrentUser {
    /// Refuses to act for anybody else.
    pub(crate) fn must_be(&self, person: UserId) -> Result<(), Error> {
        if self.id == person {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts
            .extensions
            .get()
            .copied()
            .ok_or(Error::Unauthorized("sign in first"))
    }
}
