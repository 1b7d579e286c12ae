//! Something that a component does once at a time.

use std::future::Future;

use yew::prelude::*;

use crate::browser;

/// Something that a component does once at a time: a second run while one is under way is ignored, as of a double
/// click.
#[derive(Clone, Debug)]
pub struct UseTask {
    running: UseStateHandle<bool>,
}

impl UseTask {
    /// Whether it is under way.
    #[must_use]
    pub fn is_running(&self) -> bool {
        *self.running
    }

    /// Does it, unless it is under way. It is done to the end even if the component goes.
    pub fn run(&self, future: impl Future<Output = ()> + 'static) {
        if *self.running {
            return;
        }
        self.running.set(true);
        let running = self.running.clone();
        browser::spawn(async move {
            future.await;
            running.set(false);
        });
    }
}

/// Something that this component does once at a time.
#[hook]
pub fn use_task() -> UseTask {
    UseTask {
        running: use_state(|| false),
    }
}
