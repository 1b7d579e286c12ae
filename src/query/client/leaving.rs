//! A person leaves, on purpose or not.

use super::super::cache::Cache;
use super::super::query::Backend;
use super::QueryClient;

impl<B: Backend> QueryClient<B> {
    /// Forgets everything, for nobody to see again. Fetches under way are given up.
    pub fn clear(&self) {
        self.leave(false);
    }

    /// Forgets everything, but leaves the mutations that have not settled on this device: they are sent when the
    /// person comes back, and go when somebody else comes.
    pub fn clear_but_unsent(&self) {
        self.leave(true);
    }

    fn leave(&self, keeps_unsent: bool) {
        self.record(Cache::clear);
        let forgotten = {
            let mut state = self.0.state.borrow_mut();
            state.epoch += 1;
            std::mem::take(&mut state.sendings)
        };
        let unsent = forgotten.iter().filter(|(_, sending)| sending.is_written_down());
        self.forget_what_was_kept(keeps_unsent.then(|| unsent.count()));
        drop(forgotten);
        self.flush();
    }
}
