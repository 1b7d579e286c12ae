//! What the page is called, in the tab, in the history and to a screen reader.

use std::time::Duration;

use yew::prelude::*;

use crate::browser::{self, page, timer, view};
use crate::navigation::use_navigation;

/// Names the page.
#[hook]
pub fn use_title(title: impl Into<AttrValue>) {
    let title = title.into();
    use_title_once_known(Some(title.clone()), title);
}

/// Names the page as soon as its title is known, and gives it another name until then.
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

/// Moves the focus to the element with this id: when what had it is gone.
pub fn move_focus(id: &str) {
    page::focus(id);
}

/// The same, once what has changed is on the screen.
pub fn move_focus_soon(id: String) {
    browser::spawn(async move {
        timer::wait(Duration::ZERO).await;
        page::focus(&id);
    });
}

/// Whether nothing has the focus: what had it is gone.
#[must_use]
pub fn has_no_focus() -> bool {
    view::has_no_focus()
}

/// For a page that gives the focus to one of its own elements, which announces it.
#[hook]
pub fn use_own_focus() {
    let navigation = use_navigation();
    use_effect_with((), move |()| navigation.leave_focus());
}
