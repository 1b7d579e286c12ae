//! Server-sent events: the event log, delivered to the recipients of each event.
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
//! A stream registers first and reads the log afterwards. It recognizes duplicates by their positions. A change is
//! therefore either in the log when the stream reads it, or is delivered later; no event is lost in between. Delivered
//! events have exactly the bytes that were committed. If an inbox overflows, it is emptied and the events are read from
//! the log.
//!
//! The sign-in of a stream is checked when the stream opens, when a sign-in of its person changes in this process, when
//! it should expire, and once in each heartbeat interval for changes by other processes.
//!
//! This module does not interpret events, except that a forced sign-out is the last event of a stream.

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
