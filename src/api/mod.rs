//! The server's REST API, typed: one function for each thing that can be asked.
//!
//! Takes two servers as they are. Ours answers with exact statuses; the coaching backend answers 200 and says the
//! rest in the body, errors with plain text now and then, and calls a broken constraint "unavailable". This room
//! knows nothing of the cache, of events, or of components.

mod client;
mod endpoints;
mod error;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod model;
mod pages;
mod precondition;
mod response;
mod rows;
mod scan;

pub use client::Api;
pub use error::{ApiError, Kind};
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) use model::Transport;
pub use precondition::{Changed, Deleted, Written};
pub use rows::{Illegible, Rows, read_one};
