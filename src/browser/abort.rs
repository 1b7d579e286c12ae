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
}

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
