//! Server-sent events: the log of what happened, read aloud to whoever it is for.
//!
//! ```text
//!  a change commits ──▶ hub.publish(events, people)       (in the order of the log)
//!                            │
//!                            ▼
//!  Seat (registered) ── inbox: bounded, shared bytes ──▶ Stream: the body of the response ──▶ connection
//!                                                          ▲
//!  log ── at first, after a lag, when a sign-in changed ───┘ Look
//! ```
//!
//! A stream takes its seat first and reads the log afterwards; what it is told twice it knows by the position. So there
//! is no seam between replay and live: a change is either in the log already when it is read, or is told later. What is
//! told live was committed, byte for byte; when an inbox overflows it is dropped and read from the log.
//!
//! Every sign-in is checked when a stream opens, whenever one of its person's changes here, when it should expire, and
//! once in a heartbeat for changes from elsewhere.
//!
//! This module does not know what any event means, except that a forced sign-out is the last one a stream carries.

mod audit;
mod frame;
mod hub;
mod look;
mod open;
mod seat;
mod stream;
mod ticket;

pub(crate) use audit::run as audit;
pub(crate) use frame::Told;
pub(crate) use hub::{Announcement, Hub};
pub(crate) use look::Outcome;
pub(crate) use open::{open, status};
pub(crate) use ticket::{Tickets, issue as issue_ticket};
