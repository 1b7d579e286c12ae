//! The types that cross the network, and nothing else.
//!
//! Server and app share this crate, so a field can not be renamed on one side only. What is here is what JSON
//! looks like on the wire; what it *means* lives elsewhere (the server's store, the app's invalidation table).
//!
//! - [`ids`]: one newtype per kind of id, so that a goal's id can not be passed for an action's.
//! - entities: [`Action`], [`Agreement`], [`Goal`], [`CoachingSession`], …, with the bodies that create and change them.
//! - [`ActionPatch`] and its like, [`HistoryPage`]: how a row is changed in part, and how it came to be as it is.
//! - [`Event`]: everything the server may push, and [`decode`], which reads it in any of the four dialects in use.
//! - [`json`]: how the app reads all of them; serde is for whoever is not loaded by every visitor.
//! - [`Cursor`]: a position in the server's event log.
//! - [`Envelope`] and [`ErrorBody`]: what a REST response is wrapped in.

#![warn(missing_docs)]

mod action;
mod agreement;
mod cursor;
mod decode;
mod envelope;
mod event;
mod fields;
mod goal;
mod history;
pub mod ids;
pub mod json;
mod limits;
mod notice;
mod organization;
mod patch;
mod relationship;
mod session;
mod status;
mod studio;
mod time;
mod user;

pub use action::{Action, NewAction};
pub use agreement::{Agreement, NewAgreement};
pub use cursor::{Cursor, ParseCursorError};
pub use decode::{DecodeError, MAX_EVENT_BYTES, decode};
pub use envelope::{Deleted, Envelope, ErrorBody};
pub use event::{Event, EventKind};
pub use goal::{Goal, LinkGoal, NewGoal, SessionGoal, Unlinked};
pub use history::{Deletion, FieldAuthor, FieldChange, HistoryEntry, HistoryKind, HistoryPage};
pub use ids::*;
pub use limits::{MAX_TEXT, MAX_TITLE};
pub use notice::{Announcement, Maintenance, Notification, NotificationStatus};
pub use organization::Organization;
pub use patch::{ActionPatch, AgreementPatch, Change, GoalPatch, SessionPatch};
pub use relationship::CoachingRelationship;
pub use session::{CoachingSession, NewCoachingSession, SessionTitle, SessionUpdate};
pub use status::ItemStatus;
pub use studio::{ChangeType, EntityType, JobCompletion, JobType, Workflow};
pub use time::{Timestamp, optional_date, parse_date_time, parse_http_date, parse_moment};
pub use user::{Credentials, Role, User, UserRole};
