//! Timers and time limits.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use futures_channel::oneshot;

/// A timer that calls back once. Dropping it cancels the call.
#[derive(Debug)]
#[must_use = "a timeout that is dropped never fires"]
pub struct Timeout(#[expect(dead_code, reason = "held for its Drop")] gloo_timers::callback::Timeout);

/// The longest delay that browsers support, in milliseconds. A longer one would fire at once.
const LONGEST: u32 = i32::MAX as u32;

impl Timeout {
    /// Calls back after `delay`, or after 24 days if that is sooner.
    pub fn new(delay: Duration, callback: impl FnOnce() + 'static) -> Self {
        let millis = u32::try_from(delay.as_millis()).unwrap_or(LONGEST).min(LONGEST);
        Self(gloo_timers::callback::Timeout::new(millis, callback))
    }
}

/// Waits for `delay`.
pub async fn wait(delay: Duration) {
    within(delay, std::future::pending::<()>()).await;
}

/// Returns the output of the future, or `None` if the limit expires first.
pub(super) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut limited = None;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => {
            // The timer starts after the first poll, so that the future's first step does not wait for it.
            let (expired, _timeout) = limited.get_or_insert_with(|| {
                let (expire, expired) = oneshot::channel::<()>();
                (expired, Timeout::new(limit, move || drop(expire)))
            });
            Pin::new(expired).poll(cx).map(|_| None)
        }
    })
    .await
}
