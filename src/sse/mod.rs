//! Server-sent events: from the socket to a typed event.
//!
//! ```text
//!             start               hello                    lost, refused, silent
//! Idle ──────────────▶ Connecting ──────▶ Connected ──────────────┐
//!  ▲                      ▲   │ lost, refused, too late           │
//!  │ stop (from anywhere) │   ▼                                   ▼
//!  └───────────────       └─ Waiting ◀────────────────────────────┘
//!                   retry due │ ▲ retry asked for, network or person back
//!                             ▼ │
//!                           GivenUp
//! ```
//!
//! [`Connection`] decides everything and touches nothing; the driver carries out what it decides. This room does not
//! know that a cache exists, what an event means, or how a person signs in.

mod connection;
mod decode;
mod status;
mod timer;
mod transport;

#[cfg(test)]
mod tests;

pub use connection::{Connection, Output, Settings};
pub use decode::{Delivery, decode};
pub use status::{Cause, ConnectionError, State, Status};
pub use transport::{Frame, Generation, Hello, Message, Signal};
