//! The database: SQL and rows. This module does not depend on HTTP.
//!
//! - [`Db`] provides a [`Snapshot`] for reads and a [`Write`] for changes. A snapshot has the position of the event log
//!   that it reflects. A write appends its events in the same transaction.
//! - There is one file for each resource, with functions that take a connection, so that they work with both.
//! - [`history`] and [`deletion`] are shared by all rows with a version.
//! - [`copy`] and [`check`] handle the file as a whole, also while a server uses it.
//! - [`list`] reads lists in pages.
//! - [`access`] finds the participants of a row's relationship. Other modules decide about access.

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
