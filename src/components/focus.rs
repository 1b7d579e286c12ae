//! Where the keyboard is.

use yew::prelude::*;

/// Moves the focus to an element, if it is there.
pub fn focus(element: &NodeRef) {
    if let Some(element) = element.cast::<web_sys::HtmlElement>()
        && element.focus().is_err()
    {
        log::info!("an element can not be focused");
    }
}
