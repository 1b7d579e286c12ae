//! The only module that touches the browser.
//!
//! A guard owns each resource of the browser, and dropping the guard releases the resource:
//!
//! | guard | its `Drop` |
//! |---|---|
//! | [`EventSource`] | removes every listener and closes the stream |
//! | [`Timeout`] | cancels the timer |
//! | [`Task`] | stops the future |
//! | [`Listener`], [`LeaveGuard`], [`UndoKey`] | removes the listener |
//! | [`ContentObserver`](view::ContentObserver), [`RowObserver`](rows::RowObserver) | stops to observe |
//! | [`PointerListener`](rows::PointerListener) | removes the listener |
//! | [`Database`](database::Database) | closes the database |
//! | [`Lock`](locks::Lock) | releases the lock |
//! | [`locks::request`]'s future | gives up the place in the queue |
//! | [`Channel`](channel::Channel) | closes the channel |
//! | [`fetch`](fetch::fetch)'s future | aborts the request |
//!
//! This module decides nothing: a policy belongs into another module.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the room that touches the browser, so that no other does"
)]

mod abort;
pub mod channel;
pub mod clock;
pub mod database;
mod event_source;
pub mod fetch;
mod leave_guard;
mod listener;
pub mod locks;
pub mod page;
pub mod rows;
pub mod storage;
mod task;
pub mod timer;
mod undo_key;
pub mod view;

pub use event_source::{EventSource, StreamEvent};
pub use leave_guard::LeaveGuard;
pub use listener::{Listener, PageEvent};
pub use task::{Task, spawn};
pub use timer::Timeout;
pub use undo_key::UndoKey;
