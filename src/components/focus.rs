//! The keyboard focus.

use yew::prelude::*;

/// Moves the focus to an element, if the element is mounted.
pub fn focus(element: &NodeRef) {
    if let Some(element) = element.cast::<web_sys::HtmlElement>()
        && element.focus().is_err()
    {
        log::info!("an element can not be focused");
    }
}
