//! Waiting for what the browser's database answers, for so long and no longer.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::oneshot;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DomException, IdbOpenDbRequest, IdbRequest, IdbTransaction};

use super::{DatabaseError, Result};
use crate::browser::listener::Listener;
use crate::browser::spawn;
use crate::browser::timer::within;

/// Waits for the end of a transaction: only then is it known whether there was room for what it wrote.
pub(super) async fn end(transaction: &IdbTransaction, limit: Duration) -> Result<()> {
    let (report, outcome) = first();
    let on_abort = {
        let (report, transaction) = (Rc::clone(&report), transaction.clone());
        move || {
            let error = transaction.error().map(|error| failed(&error));
            report(Err(error.unwrap_or(DatabaseError::Closed)));
        }
    };
    let listeners = (
        Listener::on(transaction, "abort", on_abort),
        Listener::on(transaction, "complete", move || report(Ok(()))),
    );
    let outcome = within(limit, outcome).await;
    drop(listeners);
    match outcome {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) | None => Err(DatabaseError::TimedOut),
    }
}

/// Waits for the answer to a request that another page can hold up. Comes the answer when nobody waits for it any more,
/// what was made of it is dropped.
pub(super) async fn answer<T: 'static>(
    request: IdbOpenDbRequest,
    limit: Duration,
    read: impl FnOnce(JsValue) -> T + 'static,
) -> Result<T> {
    let blocked = Rc::new(Cell::new(false));
    let (report, outcome) = first();
    let on_blocked = {
        let blocked = Rc::clone(&blocked);
        move || blocked.set(true)
    };
    let on_error = {
        let report = Rc::clone(&report);
        move || report(())
    };
    let listeners = (
        Listener::on(&request, "blocked", on_blocked),
        Listener::on(&request, "error", on_error),
        Listener::on(&request, "success", move || report(())),
    );
    let (send, receive) = oneshot::channel();
    spawn(async move {
        // One of the reports always comes first: both are held until then.
        if outcome.await.is_ok() {
            drop(send.send(result(&request).map(read)));
        }
        drop(listeners);
    });
    let late = || {
        if blocked.get() {
            DatabaseError::Blocked
        } else {
            DatabaseError::TimedOut
        }
    };
    match within(limit, receive).await {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) | None => Err(late()),
    }
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

/// The result of a request that has ended.
pub(super) fn result(request: &IdbRequest) -> Result<JsValue> {
    match request.error() {
        Ok(Some(error)) => Err(failed(&error)),
        Ok(None) => request.result().map_err(|error| failed(&error)),
        Err(error) => Err(failed(&error)),
    }
}

pub(super) fn failed(error: &JsValue) -> DatabaseError {
    let name = error.dyn_ref::<DomException>().map(DomException::name);
    let name = name.unwrap_or_else(|| "Error".to_owned());
    match name.as_str() {
        "QuotaExceededError" => DatabaseError::Full,
        "VersionError" => DatabaseError::Newer,
        _ => DatabaseError::Failed(name),
    }
}
