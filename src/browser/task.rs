//! Futures that run in the background.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

type Slot = Rc<RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>>;

/// A running future; dropping it stops the future where it is.
#[must_use = "a task that is dropped stops"]
pub struct Task(Slot);

impl Task {
    /// Runs a future from the next microtask on.
    pub fn new(future: impl Future<Output = ()> + 'static) -> Self {
        let slot: Slot = Rc::new(RefCell::new(Some(Box::pin(future))));
        wasm_bindgen_futures::spawn_local(Run(Rc::clone(&slot)));
        Self(slot)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // If the future drops its own task, it has been taken out of the slot. The slot stays empty then.
        if let Ok(mut slot) = self.0.try_borrow_mut() {
            let stopped = slot.take();
            drop(slot);
            drop(stopped);
        }
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task(..)")
    }
}

struct Run(Slot);

impl Future for Run {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut future) = self.0.borrow_mut().take() else {
            return Poll::Ready(());
        };
        match future.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(()),
            // The future has dropped its own task, so nothing can stop or await it any more.
            Poll::Pending if Rc::strong_count(&self.0) == 1 => Poll::Ready(()),
            Poll::Pending => {
                *self.0.borrow_mut() = Some(future);
                Poll::Pending
            }
        }
    }
}

/// Runs a future to its end, even if the caller is dropped. It serves for operations that must not be left half done.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(future);
}
