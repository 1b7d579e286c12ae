//! A guard that aborts an operation of the browser.

use web_sys::{AbortController, AbortSignal};

/// An `AbortController` that aborts when it is dropped. To abort an operation that has ended has no effect.
pub(super) struct Abort(Option<AbortController>);

impl Abort {
    pub(super) fn new() -> Self {
        Self(AbortController::new().ok())
    }

    /// Returns the signal that the operation listens to; `None` if the browser has no `AbortController`.
    pub(super) fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }

    /// Disarms the guard after the operation has ended. To drop an armed guard has the same effect, but is slower.
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
