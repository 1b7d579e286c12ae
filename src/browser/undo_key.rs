//! The keyboard shortcut that undoes a change.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, EventTarget, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent};

/// The selector of the fields in which the shortcut undoes typing.
const FIELDS: &str =
    "textarea, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit])";

/// A listener that calls back when `Ctrl+Z` or `Cmd+Z` is pressed where there is no text to undo. Dropping it removes
/// the listener.
#[derive(Debug)]
#[must_use = "a listener that is dropped hears nothing"]
pub struct UndoKey {
    target: Option<EventTarget>,
    closure: Closure<dyn Fn(KeyboardEvent)>,
}

impl UndoKey {
    /// Listens to the shortcut. The callback returns whether there was something to undo; if so, the browser does
    /// nothing else.
    pub fn new(callback: impl Fn() -> bool + 'static) -> Self {
        let closure = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            if is_undo(&event) && !is_in_field(&event) && callback() {
                event.prevent_default();
            }
        });
        let target = web_sys::window().map(EventTarget::from);
        let function = closure.as_ref().unchecked_ref();
        let is_added = target
            .as_ref()
            .is_some_and(|target| target.add_event_listener_with_callback("keydown", function).is_ok());
        if !is_added {
            log::error!("can not listen to keys");
        }
        Self { target, closure }
    }
}

fn is_undo(event: &KeyboardEvent) -> bool {
    // On a keyboard without Latin letters, the position of the key counts.
    let is_z = event.key().eq_ignore_ascii_case("z") || (!event.key().is_ascii() && event.code() == "KeyZ");
    is_z && (event.ctrl_key() || event.meta_key()) && !event.shift_key() && !event.alt_key()
}

/// Returns whether the focus is in a field in which the shortcut undoes typing. An empty field does not count, as it
/// has no text to undo: the focus is in such a field after a row was deleted.
fn is_in_field(event: &KeyboardEvent) -> bool {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return false;
    };
    let input = element.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::value);
    let area = element.dyn_ref::<HtmlTextAreaElement>().map(HtmlTextAreaElement::value);
    let is_empty = input.or(area).is_some_and(|text| text.is_empty());
    !is_empty && element.matches(FIELDS).unwrap_or_default()
}

impl Drop for UndoKey {
    fn drop(&mut self) {
        if let Some(target) = &self.target {
            let function = self.closure.as_ref().unchecked_ref();
            let removed = target.remove_event_listener_with_callback("keydown", function);
            debug_assert!(removed.is_ok(), "the listener was there");
        }
    }
}
