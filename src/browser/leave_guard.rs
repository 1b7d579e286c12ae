//! A guard that has the browser ask before the tab is closed.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::Event;

const BEFORE_UNLOAD: &str = "beforeunload";

/// A listener that lets the browser ask the person before the tab is closed or loaded anew (HTML, "beforeunload";
/// browsers ask only if the person has used the page). Dropping it removes the listener.
///
/// Some browsers do not put a tab with such a listener into the back/forward cache. So the guard lives no longer than
/// needed.
#[derive(Debug)]
#[must_use = "a guard that is dropped guards nothing"]
pub struct LeaveGuard(Closure<dyn Fn(Event)>);

impl LeaveGuard {
    /// Guards the tab from now on. The browser asks the person if `must_ask` returns true when the tab is about to be
    /// closed.
    pub fn new(must_ask: impl Fn() -> bool + 'static) -> Self {
        let closure = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            if must_ask() {
                event.prevent_default();
            }
        });
        if let Some(window) = web_sys::window()
            && window
                .add_event_listener_with_callback(BEFORE_UNLOAD, closure.as_ref().unchecked_ref())
                .is_err()
        {
            log::error!("can not listen to {BEFORE_UNLOAD}");
        }
        Self(closure)
    }
}

impl Drop for LeaveGuard {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            let removed = window.remove_event_listener_with_callback(BEFORE_UNLOAD, self.0.as_ref().unchecked_ref());
            debug_assert!(removed.is_ok(), "the listener was there");
        }
    }
}
