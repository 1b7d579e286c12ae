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
//! *Wanted* is derived from facts (somebody is signed in, the page is not put away, nobody else leads …); every change
//! of a fact ends in the same question: is there a stream that should not be, or none that should?
//!
//! [`Connection`] decides all of this and touches nothing. `tabs` decides which page of a person has the stream and
//! what it tells the others, `intake` holds what has arrived, `polling` knows when to read without a stream; `link`
//! carries what one wants to the other, and the driver carries out what they want of the browser. This room does not
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
/// For the simulation of the whole client.
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) use {
    intake::{Raw, RawMessage},
    link::{Link, Task},
    tabs::LockNews,
};
