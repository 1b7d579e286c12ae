//! What the page is called, in the tab, in the history and to a screen reader.

use std::cell::Cell;

use yew::prelude::*;

use crate::browser::page;

/// The id of the element where reading begins.
pub const MAIN: &str = "main";

/// Names the page.
#[hook]
pub fn use_title(title: impl Into<AttrValue>) {
    use_effect_with(title.into(), |title| page::set_title(&format!("{title} · Freshet")));
}

/// Moves the focus to the element with this id: when what had it is gone.
pub fn move_focus(id: &str) {
    page::focus(id);
}

thread_local! {
    /// Whether any page has been shown yet. The browser itself announces the first.
    static SHOWN_BEFORE: Cell<bool> = const { Cell::new(false) };
}

/// For a page that gives the focus to one of its own elements, which announces it: the next one is not the first.
#[hook]
pub fn use_own_focus() {
    use_effect_with((), |()| SHOWN_BEFORE.set(true));
}

/// Moves the focus to where reading begins whenever the address changes: to whoever can not see it, a change of page
/// would otherwise be no change at all.
#[hook]
pub fn use_focus_on_change<T: PartialEq + 'static>(address: T) {
    use_effect_with(address, move |_| {
        if SHOWN_BEFORE.replace(true) {
            page::focus(MAIN);
        }
    });
}
