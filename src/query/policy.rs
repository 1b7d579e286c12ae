//! How a query wants to be treated, and what is worth trying again.

use std::time::Duration;

use crate::backoff::Backoff;

/// How a query wants to be treated. Never part of its identity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How old data may grow, while changes are pushed, before mounting or returning to the page reads it again.
    pub stale_after: Duration,
    /// How long an entry that nobody observes is kept.
    pub keep_for: Duration,
    /// The least time between the starts of two fetches. Bounds the load of a burst; drops nothing.
    pub min_gap: Duration,
    /// How long to wait before a fetch that failed is tried again.
    pub backoff: Backoff,
    /// How often it is tried again.
    pub max_retries: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            stale_after: Duration::from_secs(300),
            keep_for: Duration::from_secs(300),
            min_gap: Duration::ZERO,
            backoff: Backoff::default(),
            max_retries: 3,
        }
    }
}

impl Options {
    /// For what no event announces: read again whenever it is mounted or the person returns.
    #[must_use]
    pub fn unannounced() -> Self {
        Self {
            stale_after: Duration::ZERO,
            ..Self::default()
        }
    }
}

/// Whether a failed fetch is worth trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It would fail again.
    Never,
    /// It may pass.
    Backoff,
    /// It may pass, but not before this time; not even an event may be answered by a fetch before.
    After(Duration),
}

/// What a fetch can fail with.
pub trait Fault: Clone + PartialEq + 'static {
    /// Whether it is worth trying again.
    fn retry(&self) -> Retry;
}
