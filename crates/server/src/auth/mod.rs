//! Who somebody is: passwords, the session cookie, and how often one may try.

mod address;
mod cookie;
mod limits;
mod local;
mod password;
mod recognise;

pub(crate) use address::Address;
pub(crate) use cookie::{Token, clearing_cookie, session_cookie};
pub(crate) use limits::Limits;
pub(crate) use local::{is_local, names_this_machine};
pub(crate) use password::Passwords;
pub(crate) use recognise::recognise;
