//! Extractors for handlers. All failures are an [`Error`](crate::error::Error), so that error responses have one
//! format.

mod body;
mod caller;
mod current_user;
mod if_match;
mod parts;

pub(crate) use body::{Form, Json, Patch};
pub(crate) use caller::Caller;
pub(crate) use current_user::CurrentUser;
pub(crate) use if_match::IfMatch;
pub(crate) use parts::{Path, Query};
