//! Server-sent events: the log of what happened, read aloud to whoever it is for.
//!
//! ```text
//!  a change commits ──▶ hub.wake(people)          (no content: only "look again")
//!                            │
//!  Seat (registered) ◀───────┘      Delivery, one task per stream
//!        │                            loop: read the log after `position` ──▶ bounded queue ──▶ response body
//!        └── woken ──────────────────▶      wait: woken | silence | expiry | stop | reader gone
//! ```
//!
//! A stream takes its seat first and reads the log afterwards, and nothing but the log is ever sent. So there is no
//! seam between replay and live: a change is either in the log already when it is read, or its wake-up comes after.
//!
//! This module does not know what any event means, except that a forced sign-out is the last one a stream carries.

mod delivery;
mod frame;
mod hub;
mod open;

pub(crate) use hub::Hub;
pub(crate) use open::open;
