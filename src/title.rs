//! What the page is called, in the tab, in the history and to a screen reader.

use yew::prelude::*;

use crate::browser::page;

/// The id of the element where reading begins.
pub const MAIN: &str = "main";

/// Names the page.
#[hook]
pub fn use_title(title: impl Into<AttrValue>) {
    use_effect_with(title.into(), |title| page::set_title(&format!("{title} · Freshet")));
}

/// Moves the focus to where reading begins whenever the address changes: to whoever can not see it, a change of page
/// would otherwise be no change at all.
#[hook]
pub fn use_focus_on_change<T: PartialEq + 'static>(address: T) {
    let is_first = use_mut_ref(|| true);
    use_effect_with(address, move |_| {
        if !is_first.replace(false) {
            page::focus(MAIN);
        }
    });
}
