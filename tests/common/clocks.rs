//! A wall clock that a test sets.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and sets the clock that the app reads"
)]

use js_sys::{Date, Function, Reflect};
use wasm_bindgen::JsCast;

use super::live::Pretence;

/// Sets the wall clock forward by so many milliseconds, until the returned guard is dropped.
pub(crate) fn set_clock(forward: f64) -> Pretence {
    let date: Function = Reflect::get(&js_sys::global(), &"Date".into())
        .unwrap()
        .unchecked_into();
    let real = Reflect::get(&date, &"now".into()).unwrap();
    let now = Function::new_with_args("real, forward", "return () => real() + forward;")
        .call2(&date, &real, &forward.into())
        .unwrap();
    let before = Date::now();
    let pretence = Pretence::new(date, "now", &now);
    assert!((Date::now() - before - forward).abs() < 10_000.0, "the clock is set");
    pretence
}
