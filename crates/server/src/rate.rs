//! How often something may happen in a minute, counted for each key.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock as _, DefaultClock};

use crate::error::Error;

/// A count that a [`governor::Quota`] can be made of.
pub(crate) fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

/// Counts one for this key.
///
/// # Errors
///
/// [`Error::TooManyRequests`] beyond what the quota allows.
pub(crate) fn check<K: Clone + Hash + Eq>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Error> {
    limiter
        .check_key(key)
        .map_err(|until| too_many(until.wait_time_from(DefaultClock::default().now())))
}

/// The refusal of what came too early, with how long to wait.
pub(crate) const fn too_many(wait: Duration) -> Error {
    // Rounded up: one second early is refused again.
    Error::TooManyRequests(wait.as_secs() + 1)
}
