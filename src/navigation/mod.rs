//! Going from page to page: where the next one is scrolled to, where the focus goes, and what is announced.
//!
//! Every link, form and redirect goes through [`Navigation`]; the buttons of the browser need not. A new page opens at
//! its top, or at the place that the address names after `#`; a page that one returns to opens where it was left. The
//! focus goes to the place, to the link that one comes back from, or to where reading begins. The title is announced.

mod landing;
mod provider;

use std::rc::Rc;

use yew::prelude::*;
use yew_router::Routable as _;
use yew_router::history::History as _;
use yew_router::query::Raw;

use crate::browser::view::{self, Position};
use crate::route::{LoginQuery, Route};

use landing::Landing;
use provider::Core;

pub use provider::{NavigationProvider, NavigationProviderProperties};

/// The id of the element where reading begins.
pub const MAIN: &str = "main";

/// The ways to other pages, and to places of this one.
#[derive(Clone, Debug)]
pub struct Navigation(Rc<Core>);

impl PartialEq for Navigation {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Navigation {
    /// Goes to a page; `place` is the id of an element or a row of it.
    pub fn go(&self, to: Route, place: Option<&str>) {
        let core = &self.0;
        let address = address(to, place);
        core.keep_position();
        if place.is_none() {
            // Before the next page is rendered: it must not be seen in the middle, not even for a moment.
            view::scroll_to(&Position::TOP);
        }
        // A link to the page that is shown leaves no entry of its own in the history, as in any document.
        if core.address.borrow().as_ref() == Some(&address) {
            core.history.replace(address);
        } else {
            core.history.push(address);
        }
    }

    /// Goes to another page, and leaves no way back to this one.
    pub fn redirect(&self, to: Route, query: &LoginQuery) {
        let query = query.written();
        let result = self.0.history.replace_with_query(to.to_path(), Raw(query.as_str()));
        if result.is_err() {
            log::error!("can not go on to another page");
        }
    }

    /// Scrolls to an element or a row of this page as soon as it is rendered, gives it the focus, and announces why.
    pub fn show(&self, place: &str, announcement: impl Into<AttrValue>) {
        self.announce(announcement);
        Core::land(&self.0, Landing::on(place));
    }

    /// Has a screen reader say a text.
    pub fn announce(&self, text: impl Into<AttrValue>) {
        self.0.announce(text.into());
    }

    /// Names the page. Its first name after an arrival is announced, except on the first page.
    pub fn name(&self, title: AttrValue) {
        if self.0.needs_title.replace(false) {
            self.0.announce(title);
        } else {
            self.0.title.replace(Some(title));
        }
    }

    /// Leaves the focus to the page that is being rendered, which gives it to one of its own elements.
    pub fn leave_focus(&self) {
        self.0.has_own_focus.set(true);
    }
}

/// The address of a page, or of a place of it.
#[must_use]
pub fn address(to: Route, place: Option<&str>) -> String {
    let path = to.to_path();
    match place {
        Some(place) => format!("{path}#{place}"),
        None => path,
    }
}

/// The ways to other pages.
///
/// # Panics
///
/// Outside a [`NavigationProvider`].
#[hook]
pub fn use_navigation() -> Navigation {
    #[expect(
        clippy::expect_used,
        reason = "a component that is placed wrongly is a mistake of the program"
    )]
    use_context().expect("must be used below a <NavigationProvider>")
}
