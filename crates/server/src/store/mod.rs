//! The database: SQL, and the rows that come out of it. Knows nothing of HTTP.
//!
//! - [`Db`] hands out a [`Snapshot`] to read in or a [`Write`] to change things in. A snapshot carries the position
//!   of the event log that it reflects; a write announces its events in the same transaction.
//! - One file per resource: plain functions over a connection, so that they work in either.
//! - [`history`] and [`deletion`] are what all rows with a version share.
//! - [`copy`] and [`check`] are for the file as a whole, also while a server uses it.
//! - [`list`] reads lists in pages.
//! - [`access`] answers whose something is; what follows from that is decided elsewhere.

pub(crate) mod access;
pub(crate) mod actions;
pub(crate) mod agreements;
pub(crate) mod announcements;
pub(crate) mod check;
pub(crate) mod coaching_sessions;
mod column;
pub(crate) mod copy;
mod db;
pub(crate) mod deletion;
pub(crate) mod devices;
mod disk;
mod email;
pub(crate) mod goals;
pub(crate) mod history;
pub(crate) mod idempotency;
pub(crate) mod list;
mod lost_goals;
pub(crate) mod organizations;
pub(crate) mod outbox;
pub(crate) mod relationships;
pub(crate) mod session_goals;
pub(crate) mod sign_ins;
pub(crate) mod users;

pub(crate) use column::{new_id, now, storable};
pub(crate) use db::{Db, Snapshot, Write};
pub(crate) use disk::{DiskError, primary_code};
pub(crate) use email::email_key;
pub use list::PageSize;
