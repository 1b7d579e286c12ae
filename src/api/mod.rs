//! The server's REST API, typed: one function for each endpoint.
//!
//! Works with two servers as they are. Ours answers with exact statuses. The coaching backend answers 200 and reports
//! the actual status in the body, answers some errors with plain text, and answers a violated constraint with
//! "unavailable". This module knows nothing of the cache, of events, or of components.

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
