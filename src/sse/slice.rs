//! Slices of work, between which the browser can render.

use std::cell::Cell;
use std::time::Duration;

use crate::time::Instant;

/// The time for which received messages are handled before the browser should render.
const LENGTH: Duration = Duration::from_millis(6);
/// The longest pause between two inputs in which the browser may not have rendered. Clocks are not more precise.
const BREATH: Duration = Duration::from_millis(1);

/// The time for which the tab has worked since the browser last had time to render, as far as is known.
///
/// A browser that has received many messages at once delivers them one by one, and does nothing else in between. They
/// form one slice, not many.
#[derive(Debug, Default)]
pub(super) struct Slice {
    begun: Cell<Instant>,
    ended: Cell<Instant>,
}

impl Slice {
    /// Starts work, or continues it without a pause.
    pub(super) fn begin(&self, now: Instant) {
        if now.since(self.ended.get()) > BREATH {
            self.begun.set(now);
        }
    }

    /// Returns whether the browser should get time to render now.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now.since(self.begun.get()) > LENGTH
    }

    /// Ends the work.
    pub(super) fn end(&self, now: Instant) {
        self.ended.set(now);
    }

    /// Notes that the browser had time to render.
    pub(super) fn breathe(&self) {
        self.ended.take();
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Instant, Slice};

    #[test]
    fn uninterrupted_inputs_share_one_slice() {
        let slice = Slice::default();
        for now in (1_000..=1_006).map(Instant::from_millis) {
            slice.begin(now);
            assert!(!slice.is_over(now));
            slice.end(now);
        }
        let now = Instant::from_millis(1_007);
        slice.begin(now);
        assert!(slice.is_over(now));
        slice.end(now);
        // A pause is noted, or seen on the clock.
        slice.breathe();
        slice.begin(now);
        assert!(!slice.is_over(now));
        slice.end(Instant::from_millis(1_014));
        let now = Instant::from_millis(1_016);
        slice.begin(now);
        assert!(!slice.is_over(now));
    }
}
