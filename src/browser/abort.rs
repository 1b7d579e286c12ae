//! Giving up what the browser is about to do.

use web_sys::{AbortController, AbortSignal};

/// Aborts whatever listens to its signal when it is dropped. Aborting what has ended does nothing.
pub(super) struct Abort(Option<AbortController>);

impl Abort {
    pub(super) fn new() -> Self {
        Self(AbortController::new().ok())
    }

    /// What is to listen; `None` where the browser can not abort anything.
    pub(super) fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }

    /// Nothing is left to be aborted. Dropping it would do nothing as well, only slowly.
    pub(super) fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
