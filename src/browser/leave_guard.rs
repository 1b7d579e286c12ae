//! Has the browser ask before the page is closed.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::Event;

const BEFORE_UNLOAD: &str = "beforeunload";

/// While it lives, the browser asks the person before the page is closed or loaded anew
/// (HTML, "beforeunload"; browsers ask only if the person has used the page).
#[derive(Debug)]
#[must_use = "a guard that is dropped guards nothing"]
pub struct LeaveGuard(Closure<dyn Fn(Event)>);

impl LeaveGuard {
    /// Guards the page from now on.
    pub fn new() -> Self {
        let closure = Closure::<dyn Fn(Event)>::new(|event: Event| event.prevent_default());
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

impl Default for LeaveGuard {
    fn default() -> Self {
        Self::new()
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
