//! Locks that all pages of this origin share, such as the one that says which of them leads.
//!
//! The browser's Web Locks. A lock ends with its page, whatever becomes of the page, so none is ever left behind.
//! The bindings are our own: those of web-sys need a compiler flag, because they may still change.

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

/// Who else may hold a lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nobody.
    Exclusive,
    /// Everybody who shares it too.
    Shared,
}

/// Why there is no lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// This browser has no locks, or none for pages that did not come over a secure connection.
    #[error("the browser has no locks")]
    Missing,
    /// The browser refuses; this is its name for why.
    #[error("the browser refuses a lock: {0}")]
    Refused(String),
}

/// A lock that is held; dropping it releases it.
#[derive(Debug)]
#[must_use = "a lock that is dropped is released"]
pub struct Lock {
    /// Ends the promise that holds it.
    release: Option<Function>,
    held: Rc<Cell<bool>>,
    lost: oneshot::Receiver<()>,
}

impl Lock {
    /// Whether it is still ours: another page can steal it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.get()
    }

    /// Waits until another page has stolen it.
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

/// Waits for a lock, for as long as it takes. Dropping the future gives up the place in the queue.
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

/// Takes a lock if nobody is in the way; `None` if somebody is.
///
/// # Errors
///
/// See [`LockError`].
pub async fn try_request(name: &str, mode: Mode) -> Result<Option<Lock>, LockError> {
    ask(name, mode, Some(("ifAvailable", &JsValue::TRUE))).await
}

/// Takes a lock away from whoever holds it, and goes before whoever waits for it.
///
/// # Errors
///
/// See [`LockError`].
pub async fn steal(name: &str) -> Result<Lock, LockError> {
    granted(ask(name, Mode::Exclusive, Some(("steal", &JsValue::TRUE))).await?)
}

/// The names of all locks that pages of this origin hold, this page included.
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

/// Only who asks for what is free can be told that it is not.
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
        // Called with a lock, or with nothing. The lock is held until the promise that this returns has ended.
        Closure::once(move |lock: JsValue| {
            let mut release = None;
            let (lock, until) = if lock.is_null() {
                (None, JsValue::UNDEFINED)
            } else {
                let until = Promise::new(&mut |resolve, _| release = Some(resolve));
                (Some(Lock { release, held, lost }), until.into())
            };
            // If nobody waits for it any more, it is dropped here, and thereby released.
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
                // Most who hold a lock do not wait to lose it.
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
