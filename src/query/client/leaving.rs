//! A person leaves, on purpose or not.

use super::super::cache::Cache;
use super::super::query::Backend;
use super::QueryClient;

impl<B: Backend> QueryClient<B> {
    /// Forgets everything, for nobody to see again. Fetches under way are given up.
    pub fn clear(&self) {
        let kept = self.leave(false);
        debug_assert_eq!(kept, 0);
    }

    /// Forgets everything, but leaves the mutations that have not settled on this device: they are sent when the
    /// person comes back, and go when somebody else comes. Returns how many these are.
    #[must_use = "whoever has left should be told that their changes have not been sent"]
    pub fn clear_but_unsent(&self) -> usize {
        self.leave(true)
    }

    fn leave(&self, keeps_unsent: bool) -> usize {
        self.record(Cache::clear);
        let forgotten = {
            let mut state = self.0.state.borrow_mut();
            state.epoch += 1;
            state.outbox.drain()
        };
        let kept = if keeps_unsent {
            self.park(forgotten)
        } else {
            // Whoever leaves on purpose takes along what was yet to be taken up.
            self.0.state.borrow_mut().parked.clear();
            0
        };
        self.forget_what_was_kept(keeps_unsent);
        self.flush();
        kept
    }
}
