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

mod ask;
mod connection;
mod decode;
mod driver;
mod intake;
mod link;
mod output;
mod pages;
mod phase;
mod polling;
mod provider;
mod settings;
mod status;
mod store;
mod tabs;
mod timer;
mod transport;
mod use_event;

#[cfg(test)]
mod tests;

pub use connection::Connection;
pub use decode::{Delivery, decode};
pub use driver::Address;
pub use link::Report;
pub use output::Output;
pub use phase::Role;
pub use provider::{SseHandle, SseProvider, SseProviderProperties, Subscription, use_sse};
pub use settings::Settings;
pub use status::{Cause, ConnectionError, Failure, State, Status};
pub use store::StatusStore;
pub use transport::{Answer, Frame, Generation, Hello, Message, Signal};
pub use use_event::{use_sse_event, use_sse_reports, use_sse_state, use_sse_status};
