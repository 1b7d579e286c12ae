//! One timer.

use std::time::Duration;

/// Calls back once after a while; dropping it cancels the call.
#[derive(Debug)]
#[must_use = "a timeout that is dropped never fires"]
pub struct Timeout(#[expect(dead_code, reason = "held for its Drop")] gloo_timers::callback::Timeout);

/// The longest wait that browsers keep; a longer one would fire at once.
const LONGEST: u32 = i32::MAX as u32;

impl Timeout {
    /// Calls back after `delay`, or after 24 days if that is sooner.
    pub fn new(delay: Duration, callback: impl FnOnce() + 'static) -> Self {
        let millis = u32::try_from(delay.as_millis()).unwrap_or(LONGEST).min(LONGEST);
        Self(gloo_timers::callback::Timeout::new(millis, callback))
    }
}
