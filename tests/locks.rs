//! One tab at a time holds a lock. A wait or a lock ends when its guard is dropped.

#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and looks at what the browser itself says"
)]

mod common;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use common::{eventually, settle, until};
use freshet::browser::Task;
use freshet::browser::locks::{LockError, Mode, held_names, request, steal, try_request};
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Polls a future once, and returns whether it has ended.
async fn is_over(mut future: Pin<&mut impl Future>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}

/// Counts the requests that wait for a lock, as the browser reports them.
async fn waiting(name: &str) -> u32 {
    let query = Function::new_no_args("return navigator.locks.query()")
        .call0(&JsValue::NULL)
        .unwrap();
    let state = JsFuture::from(query.unchecked_into::<Promise>()).await.unwrap();
    let pending: Array = Reflect::get(&state, &"pending".into()).unwrap().unchecked_into();
    let names = pending
        .iter()
        .map(|lock| Reflect::get(&lock, &"name".into()).unwrap().as_string());
    u32::try_from(names.filter(|found| found.as_deref() == Some(name)).count()).unwrap()
}

#[wasm_bindgen_test]
async fn exclusive_lock_is_held_by_one() {
    let first = request("one", Mode::Exclusive).await.unwrap();
    let mut second = pin!(request("one", Mode::Exclusive));
    assert!(!is_over(second.as_mut()).await);
    eventually("it waits", async || waiting("one").await == 1).await;
    settle().await;
    assert!(!is_over(second.as_mut()).await);
    assert!(first.is_held());
    drop(first);
    let second = second.await.unwrap();
    assert!(second.is_held());
}

#[wasm_bindgen_test]
async fn shared_lock_excludes_exclusive_holders() {
    let first = request("shared", Mode::Shared).await.unwrap();
    let second = request("shared", Mode::Shared).await.unwrap();
    assert!(try_request("shared", Mode::Exclusive).await.unwrap().is_none());
    drop(first);
    assert!(try_request("shared", Mode::Exclusive).await.unwrap().is_none());
    drop(second);
    drop(request("shared", Mode::Exclusive).await.unwrap());
}

#[wasm_bindgen_test]
async fn who_only_tries_does_not_wait() {
    let first = try_request("tried", Mode::Exclusive).await.unwrap();
    assert!(first.is_some());
    assert!(try_request("tried", Mode::Exclusive).await.unwrap().is_none());
    assert_eq!(waiting("tried").await, 0);
    drop(first);
    drop(request("tried", Mode::Exclusive).await.unwrap());
}

#[wasm_bindgen_test]
async fn who_stops_waiting_leaves_the_queue() {
    let first = request("left", Mode::Exclusive).await.unwrap();
    let second = Task::new(async {
        drop(request("left", Mode::Exclusive).await);
    });
    eventually("it waits", async || waiting("left").await == 1).await;
    drop(second);
    eventually("it waits no more", async || waiting("left").await == 0).await;
    assert!(first.is_held());
}

#[wasm_bindgen_test]
async fn late_granted_lock_is_released() {
    let first = request("granted", Mode::Exclusive).await.unwrap();
    {
        let mut second = pin!(request("granted", Mode::Exclusive));
        assert!(!is_over(second.as_mut()).await);
        eventually("it waits", async || waiting("granted").await == 1).await;
        drop(first);
        // The browser has granted the lock, but the future has not been polled since.
        eventually("it waits no more", async || waiting("granted").await == 0).await;
        settle().await;
    }
    drop(request("granted", Mode::Exclusive).await.unwrap());
}

#[wasm_bindgen_test]
async fn stolen_lock_notifies_its_holder() {
    let mut first = request("stolen", Mode::Exclusive).await.unwrap();
    assert!(!is_over(pin!(first.lost())).await);
    let thief = steal("stolen").await.unwrap();
    first.lost().await;
    assert!(!first.is_held() && thief.is_held());
    // The lock stays lost when asked again, and dropping it does not release the lock of the thief.
    first.lost().await;
    drop(first);
    settle().await;
    assert!(try_request("stolen", Mode::Exclusive).await.unwrap().is_none());
    drop(thief);
    drop(request("stolen", Mode::Exclusive).await.unwrap());
}

#[wasm_bindgen_test]
async fn stealing_takes_free_lock() {
    let mut first = steal("free").await.unwrap();
    let told = Rc::new(Cell::new(false));
    let task = Task::new({
        let told = Rc::clone(&told);
        async move {
            first.lost().await;
            told.set(true);
        }
    });
    settle().await;
    assert!(!told.get());
    let second = steal("free").await.unwrap();
    until("the first is told", || told.get()).await;
    drop((task, second));
}

#[wasm_bindgen_test]
async fn the_names_of_what_is_held_are_known() {
    let holds = async |name: &str| held_names().await.unwrap().iter().any(|held| held == name);
    assert!(!holds("named é").await);
    let lock = request("named é", Mode::Exclusive).await.unwrap();
    let mut next = Box::pin(request("named é", Mode::Exclusive));
    assert!(!is_over(next.as_mut()).await);
    assert_eq!(
        held_names()
            .await
            .unwrap()
            .iter()
            .filter(|held| *held == "named é")
            .count(),
        1
    );
    assert!(holds("named é").await);
    drop((next, lock));
    eventually("it is free", async || !holds("named é").await).await;
}

#[wasm_bindgen_test]
async fn missing_locks_are_reported() {
    let navigator = web_sys::window().unwrap().navigator();
    let property = Object::new();
    Reflect::set(&property, &"configurable".into(), &true.into()).unwrap();
    Object::define_property(&navigator, &"locks".into(), &property);
    let missing = (
        request("missing", Mode::Exclusive).await.unwrap_err(),
        try_request("missing", Mode::Shared).await.unwrap_err(),
        steal("missing").await.unwrap_err(),
        held_names().await.unwrap_err(),
    );
    Reflect::delete_property(&navigator, &"locks".into()).unwrap();
    let expected = LockError::Missing;
    assert_eq!(
        missing,
        (expected.clone(), expected.clone(), expected.clone(), expected)
    );

    // Names that begin with a hyphen are reserved for browsers.
    let refused = request("-", Mode::Exclusive).await.unwrap_err();
    assert_eq!(refused, LockError::Refused("NotSupportedError".to_owned()));
}
