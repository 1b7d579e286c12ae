//! Waiting for the browser's database, within a time limit.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::oneshot::{self, Canceled};
use idb::{ObjectStore, Request, Transaction};

use super::{DatabaseError, Result, named};
use crate::browser::spawn;
use crate::browser::timer::within;

/// Waits for the end of a transaction. Only the end shows whether there was room for the writes.
pub(super) async fn end(mut transaction: Transaction, store: ObjectStore, limit: Duration) -> Result<()> {
    let (report, ended) = first();
    let on_complete = Rc::clone(&report);
    transaction.on_complete(move |_| on_complete(Ok(())));
    transaction.on_abort(move |_| {
        let error = store.transaction().error();
        report(Err(error.map_or(DatabaseError::Closed, |error| named(&error))));
    });
    let ending = async move {
        let ended = ended.await?;
        drop(transaction);
        ended
    };
    patiently(limit, ending).await.unwrap_or(Err(DatabaseError::TimedOut))
}

/// Waits for the answer to a request. `blocked` tells whether another tab holds the request up; the error is then
/// [`DatabaseError::Blocked`] if the limit expires.
pub(super) async fn answer<R: Request + 'static, T: 'static>(
    mut request: R,
    blocked: &Cell<bool>,
    limit: Duration,
    read: impl FnOnce(&R) -> Result<T> + 'static,
) -> Result<T> {
    let (report, answered) = first();
    let on_error = Rc::clone(&report);
    request.on_error(move |_| on_error(()));
    request.on_success(move |_| report(()));
    let answering = async move {
        answered.await?;
        match request.error()? {
            Some(error) => Err(named(&error)),
            None => read(&request),
        }
    };
    let late = || {
        Err(if blocked.get() {
            DatabaseError::Blocked
        } else {
            DatabaseError::TimedOut
        })
    };
    patiently(limit, answering).await.unwrap_or_else(late)
}

/// Returns the output of the future, or `None` if the limit expires first. The future then continues to its end, and
/// its output is dropped.
async fn patiently<T: 'static>(limit: Duration, future: impl Future<Output = T> + 'static) -> Option<T> {
    let (send, receive) = oneshot::channel();
    spawn(async move { drop(send.send(future.await)) });
    within(limit, receive).await?.ok()
}

/// Returns a function to report to and the receiver of the report. Only the first report counts.
fn first<T: 'static>() -> (Rc<dyn Fn(T)>, oneshot::Receiver<T>) {
    let (send, receive) = oneshot::channel();
    let send = Cell::new(Some(send));
    let report = move |outcome| {
        if let Some(send) = send.take() {
            // The receiver may be gone.
            drop(send.send(outcome));
        }
    };
    (Rc::new(report), receive)
}

/// Converts the loss of the reporting function, after which no report can arrive.
impl From<Canceled> for DatabaseError {
    fn from(_: Canceled) -> Self {
        Self::Closed
    }
}
