//! Waiting for what the browser's database answers, for so long and no longer.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::oneshot::{self, Canceled};
use idb::{ObjectStore, Request, Transaction};

use super::{DatabaseError, Result, named};
use crate::browser::spawn;
use crate::browser::timer::within;

/// Waits for the end of a transaction: only then is it known whether there was room for what it wrote.
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

/// Waits for the answer to a request that another page can hold up, which is `blocked` then.
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

/// What the future comes to, if it does within this time. It goes on when nobody waits any more, and what it comes to is
/// dropped then.
async fn patiently<T: 'static>(limit: Duration, future: impl Future<Output = T> + 'static) -> Option<T> {
    let (send, receive) = oneshot::channel();
    spawn(async move { drop(send.send(future.await)) });
    within(limit, receive).await?.ok()
}

/// Something to report to, of which only the first report counts, and where it arrives.
fn first<T: 'static>() -> (Rc<dyn Fn(T)>, oneshot::Receiver<T>) {
    let (send, receive) = oneshot::channel();
    let send = Cell::new(Some(send));
    let report = move |outcome| {
        if let Some(send) = send.take() {
            // Nobody may be waiting any more.
            drop(send.send(outcome));
        }
    };
    (Rc::new(report), receive)
}

/// Nobody is left who could report.
impl From<Canceled> for DatabaseError {
    fn from(_: Canceled) -> Self {
        Self::Closed
    }
}
