//! The title of the page, for the tab, the history and a screen reader.

use std::time::Duration;

use yew::prelude::*;

use crate::browser::{self, page, timer, view};
use crate::navigation::use_navigation;

/// Sets the title of the page.
#[hook]
pub fn use_title(title: impl Into<AttrValue>) {
    let title = title.into();
    use_title_once_known(Some(title.clone()), title);
}

/// Sets the title of the page as soon as it is known, and shows `meanwhile` until then.
#[hook]
pub fn use_title_once_known(title: Option<AttrValue>, meanwhile: impl Into<AttrValue>) {
    let navigation = use_navigation();
    use_effect_with((title, meanwhile.into()), move |(title, meanwhile)| {
        page::set_title(&format!("{} · Freshet", title.as_ref().unwrap_or(meanwhile)));
        if let Some(title) = title {
            navigation.name(title.clone());
        }
    });
}

/// Moves the focus to the element with this id. For use when the focused element is removed.
pub fn move_focus(id: &str) {
    page::focus(id);
}

/// Moves the focus like [`move_focus`], after the pending changes are rendered.
pub fn move_focus_soon(id: String) {
    browser::spawn(async move {
        timer::wait(Duration::ZERO).await;
        page::focus(&id);
    });
}

/// Returns whether no element has the focus, because the focused element was removed.
#[must_use]
pub fn has_no_focus() -> bool {
    view::has_no_focus()
}

/// Leaves the focus alone on arrival, for a page that focuses one of its own elements. The focused element announces
/// the page.
#[hook]
pub fn use_own_focus() {
    let navigation = use_navigation();
    use_effect_with((), move |()| navigation.leave_focus());
}
