//! How long we work before the page may breathe.

use std::cell::Cell;
use std::time::Duration;

use crate::time::Instant;

/// For how long what has arrived is worked off before the page may breathe.
const LENGTH: Duration = Duration::from_millis(6);
/// Within this time the page has perhaps not breathed; clocks are not more precise.
const BREATH: Duration = Duration::from_millis(1);

/// For how long we have worked since the page last breathed, as far as we know.
///
/// A browser that has received many messages at once hands them over one by one, and does nothing else in between:
/// that is one slice, not many.
#[derive(Debug, Default)]
pub(super) struct Slice {
    begun: Cell<Instant>,
    ended: Cell<Instant>,
}

impl Slice {
    /// We begin to work, or go on without a breath.
    pub(super) fn begin(&self, now: Instant) {
        if now.since(self.ended.get()) > BREATH {
            self.begun.set(now);
        }
    }

    /// Whether the page should breathe now.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now.since(self.begun.get()) > LENGTH
    }

    /// We have stopped working.
    pub(super) fn end(&self, now: Instant) {
        self.ended.set(now);
    }

    /// The page has breathed.
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
        // A breath, said and seen.
        slice.breathe();
        slice.begin(now);
        assert!(!slice.is_over(now));
        slice.end(Instant::from_millis(1_014));
        let now = Instant::from_millis(1_016);
        slice.begin(now);
        assert!(!slice.is_over(now));
    }
}
