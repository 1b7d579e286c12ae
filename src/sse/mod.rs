//! Server-sent events: from the socket to a typed event.
//!
//! ```text
//!        wanted           ticket, if needed          hello
//! Idle ─────────▶ Ticketing ─────────▶ Connecting ─────────▶ Connected
//!  ▲                  ▲                   │  │ refused           │ lost, silent,
//!  │ no longer wanted │                   │  ▼                   │ asleep for too long
//!  │ (from anywhere)  │                   │ Probing ──▶ Failed   │
//!  │                  │ due       lost,   │  │ not for good      │
//!  │                  │           too late▼  ▼                   ▼
//!  └──────────────    └─────── Waiting · Offline · Resting ◀─────┘
//! ```
//!
//! *Wanted* is derived from facts (a person is signed in, the tab is not frozen, no other tab is the leader …). Every
//! change of a fact ends in the same check, whether there is a stream that should not be, or none that should.
//!
//! [`Connection`] makes these decisions, without input and output. `tabs` decides which tab of a person has the stream,
//! and the messages that it sends to the others. `intake` holds received messages, and `polling` determines when to
//! read without a stream. `link` passes outputs from one part to another, and the driver carries them out in the
//! browser. This module knows nothing of the cache, of the meaning of events, or of how a person signs in.

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
mod slice;
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
/// Exports for the simulation of the whole client.
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) use {
    intake::{Raw, RawMessage},
    link::{Link, Task},
    tabs::LockNews,
};
