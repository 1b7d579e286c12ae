//! Authentication: passwords, the session cookie, known devices and rate limits.

mod address;
mod cookie;
mod device;
mod failures;
mod limits;
mod local;
mod password;
mod recognise;
mod weakness;

pub(crate) use address::{Address, Household};
pub(crate) use cookie::{Token, clearing_cookie, device_cookie, devices, session_cookie};
pub(crate) use device::device;
pub(crate) use limits::Limits;
pub(crate) use local::{is_local, names_this_machine};
pub(crate) use password::Passwords;
pub(crate) use recognise::{end_of, recognise};
pub(crate) use weakness::{LONGEST, SHORTEST, Weakness};
