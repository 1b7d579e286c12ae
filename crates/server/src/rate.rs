//! Rate limits by the minute, counted for each key.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock as _, DefaultClock};

use crate::error::Error;

/// Returns a count for a [`governor::Quota`], which is at least one.
pub(crate) fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

/// Counts one attempt of this key.
///
/// # Errors
///
/// [`Error::TooManyRequests`] beyond the quota.
pub(crate) fn check<K: Clone + Hash + Eq>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), Error> {
    limiter
        .check_key(key)
        .map_err(|until| too_many(until.wait_time_from(DefaultClock::default().now())))
}

/// Returns the error for a request that came too early. `wait` is the remaining time.
pub(crate) const fn too_many(wait: Duration) -> Error {
    // Rounded up, because a request that comes a second too early is refused again.
    Error::TooManyRequests(wait.as_secs() + 1)
}
