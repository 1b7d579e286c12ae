//! Locks that all tabs of this origin share, such as the lock that determines the leader.
//!
//! Uses the browser's Web Locks. The browser releases a lock when its tab ends, even if the tab crashes, so no lock is
//! left behind. The bindings are written here, because those of web-sys need a compiler flag: they may still change.

use std::cell::Cell;
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::DomException;

use super::abort::Abort;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, options: &Object, granted: &Function) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;
}

/// The mode of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// No other lock of this name is held at the same time.
    Exclusive,
    /// Other shared locks of this name may be held at the same time.
    Shared,
}

/// The reason why there is no lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// The browser has no locks, or none for pages that were loaded over an insecure connection.
    #[error("the browser has no locks")]
    Missing,
    /// The browser refuses the lock, with its name for the reason.
    #[error("the browser refuses a lock: {0}")]
    Refused(String),
}

/// A held lock. Dropping it releases it.
#[derive(Debug)]
#[must_use = "a lock that is dropped is released"]
pub struct Lock {
    /// The function that ends the promise by which the lock is held.
    release: Option<Function>,
    held: Rc<Cell<bool>>,
    lost: oneshot::Receiver<()>,
}

impl Lock {
    /// Returns whether the lock is still held: another tab can steal it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.get()
    }

    /// Waits until another tab has stolen the lock.
    pub async fn lost(&mut self) {
        _ = (&mut self.lost).await;
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = &self.release
            && release.call0(&JsValue::UNDEFINED).is_err()
        {
            log::error!("a lock can not be released");
        }
    }
}

/// Waits for a lock, without a time limit. Dropping the future gives up the place in the queue.
///
/// # Errors
///
/// See [`LockError`].
pub async fn request(name: &str, mode: Mode) -> Result<Lock, LockError> {
    let abort = Abort::new();
    let lock = match abort.signal() {
        Some(signal) => ask(name, mode, Some(("signal", &signal))).await,
        None => ask(name, mode, None).await,
    };
    drop(abort);
    granted(lock?)
}

/// Takes a lock if it is free, and returns `None` otherwise.
///
/// # Errors
///
/// See [`LockError`].
pub async fn try_request(name: &str, mode: Mode) -> Result<Option<Lock>, LockError> {
    ask(name, mode, Some(("ifAvailable", &JsValue::TRUE))).await
}

/// Steals a lock from its holder, ahead of all requests in the queue.
///
/// # Errors
///
/// See [`LockError`].
pub async fn steal(name: &str) -> Result<Lock, LockError> {
    granted(ask(name, Mode::Exclusive, Some(("steal", &JsValue::TRUE))).await?)
}

/// Returns the names of all locks that tabs of this origin hold, this tab included.
///
/// # Errors
///
/// See [`LockError`].
pub async fn held_names() -> Result<Vec<String>, LockError> {
    let answer = manager()?.query().map_err(|error| refused(&error))?;
    let answer = JsFuture::from(answer).await.map_err(|error| refused(&error))?;
    let held: Array = property(&answer, "held").dyn_into().unwrap_or_default();
    Ok(held
        .iter()
        .filter_map(|lock| property(&lock, "name").as_string())
        .collect())
}

/// Returns the lock. Only a request with `ifAvailable` may be answered without a lock.
fn granted(lock: Option<Lock>) -> Result<Lock, LockError> {
    lock.ok_or_else(|| LockError::Refused("null".to_owned()))
}

async fn ask(name: &str, mode: Mode, option: Option<(&str, &JsValue)>) -> Result<Option<Lock>, LockError> {
    let manager = manager()?;
    let mode = match mode {
        Mode::Exclusive => "exclusive",
        Mode::Shared => "shared",
    };
    let options = Object::new();
    for (name, value) in [("mode", &mode.into())].into_iter().chain(option) {
        Reflect::set(&options, &name.into(), value).map_err(|error| refused(&error))?;
    }

    let (grant, granted) = oneshot::channel();
    let grant = Rc::new(Cell::new(Some(grant)));
    let (lose, lost) = oneshot::channel();
    let held = Rc::new(Cell::new(true));
    let on_grant = {
        let (grant, held) = (Rc::clone(&grant), Rc::clone(&held));
        // The browser calls this with a lock or with `null`. It holds the lock until the returned promise has ended.
        Closure::once(move |lock: JsValue| {
            let mut release = None;
            let (lock, until) = if lock.is_null() {
                (None, JsValue::UNDEFINED)
            } else {
                let until = Promise::new(&mut |resolve, _| release = Some(resolve));
                (Some(Lock { release, held, lost }), until.into())
            };
            // If the receiver is gone, the lock is dropped here, and thereby released.
            drop(grant.take().map(|grant| grant.send(Ok(lock))));
            until
        })
    };
    let ended = manager.request(name, &options, on_grant.as_ref().unchecked_ref());
    let ended = ended.map_err(|error| refused(&error))?;
    super::spawn(async move {
        let ended = JsFuture::from(ended).await;
        drop(on_grant);
        if let Err(error) = ended {
            if let Some(grant) = grant.take() {
                drop(grant.send(Err(refused(&error))));
            } else {
                held.set(false);
                // The result does not matter: most holders do not wait for the loss of the lock.
                _ = lose.send(());
            }
        }
    });
    granted.await.unwrap_or(Ok(None))
}

fn manager() -> Result<LockManager, LockError> {
    let navigator = web_sys::window().map(|window| window.navigator());
    let locks = navigator.map(|navigator| property(&navigator, "locks"));
    let locks = locks.filter(JsValue::is_object).ok_or(LockError::Missing)?;
    Ok(locks.unchecked_into())
}

fn property(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}

fn refused(error: &JsValue) -> LockError {
    let name = error.dyn_ref::<DomException>().map(DomException::name);
    LockError::Refused(name.unwrap_or_else(|| "Error".to_owned()))
}
