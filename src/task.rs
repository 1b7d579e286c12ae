//! A task that a component runs once at a time.

use std::future::Future;

use yew::prelude::*;

use crate::browser;

/// A task that a component runs once at a time. A second run during the first one is ignored, as with a double click.
#[derive(Clone, Debug)]
pub struct UseTask {
    running: UseStateHandle<bool>,
}

impl UseTask {
    /// Returns whether the task is running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        *self.running
    }

    /// Runs the task, unless it is running already. The task runs to its end even if the component is unmounted.
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

/// Returns a task that this component runs once at a time.
#[hook]
pub fn use_task() -> UseTask {
    UseTask {
        running: use_state(|| false),
    }
}
