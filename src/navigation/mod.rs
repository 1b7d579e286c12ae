//! Navigation between pages: scroll positions, focus and announcements.
//!
//! Every link, form and redirect goes through [`Navigation`]. The browser's own buttons work as well. A new page opens
//! at its top, or at the place that the address names after `#`. On a return, a page opens at the position at which it
//! was left. The focus goes to the place, to the link to the page that was left, or to the main element. The title is
//! announced.

mod arrivals;
mod landing;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;
use yew_router::Routable as _;
use yew_router::history::{AnyHistory, History as _};
use yew_router::query::Raw;

use crate::route::{LoginQuery, Route};

pub use arrivals::Arrivals;

/// The id of the main element, where reading begins.
pub const MAIN: &str = "main";

/// A handle for navigation to other pages, and to places on the current page.
#[derive(Clone)]
pub struct Navigation(Rc<Core>);

impl std::fmt::Debug for Navigation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Navigation").field(&self.0.shown).finish()
    }
}

impl PartialEq for Navigation {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct Core {
    history: AnyHistory,
    /// The address of the current page; `None` before the first one.
    shown: RefCell<Option<String>>,
    has_own_focus: Cell<bool>,
    guide: RefCell<Option<Rc<dyn Guide>>>,
}

/// The handler of arrivals. Its code is loaded with the workspace, because the sign-in page does not need it.
trait Guide {
    /// Prepares for leaving the current page. `is_for_top`: the next page opens at its top.
    fn leave(&self, is_for_top: bool);
    /// Goes to a place on the current page.
    fn show(self: Rc<Self>, place: &str);
    /// Announces a text to a screen reader.
    fn announce(&self, text: AttrValue);
    /// Records the title of the current page.
    fn name(&self, title: AttrValue);
}

impl Navigation {
    /// Goes to a page. `place` is the id of an element or a row on it.
    pub fn go(&self, to: Route, place: Option<&str>) {
        let core = &self.0;
        let address = address(to, place);
        if let Some(guide) = self.guide() {
            guide.leave(place.is_none());
        }
        // A link to the current page adds no history entry, as in any document.
        if core.shown.borrow().as_ref() == Some(&address) {
            core.history.replace(address);
        } else {
            core.history.push(address);
        }
    }

    /// Goes to another page, which replaces the current one in the history.
    pub fn redirect(&self, to: Route, query: &LoginQuery) {
        let query = query.written();
        let result = self.0.history.replace_with_query(to.to_path(), Raw(query.as_str()));
        if result.is_err() {
            log::error!("can not go on to another page");
        }
    }

    /// Scrolls to an element or a row of the current page as soon as it is rendered, focuses it, and announces the
    /// reason.
    pub fn show(&self, place: &str, announcement: impl Into<AttrValue>) {
        if let Some(guide) = self.guide() {
            guide.announce(announcement.into());
            guide.show(place);
        }
    }

    /// Announces a text to a screen reader.
    pub fn announce(&self, text: impl Into<AttrValue>) {
        if let Some(guide) = self.guide() {
            guide.announce(text.into());
        }
    }

    /// Sets the title of the page. The first title after an arrival is announced, except on the first page.
    pub fn name(&self, title: AttrValue) {
        if let Some(guide) = self.guide() {
            guide.name(title);
        }
    }

    /// Leaves the focus to the page that is being rendered, which focuses one of its own elements.
    pub fn leave_focus(&self) {
        let core = &self.0;
        core.has_own_focus.set(true);
        // The guide may not be loaded yet. With an address in `shown`, the next arrival does not count as the first.
        let path = core.history.location().path().to_owned();
        core.shown.borrow_mut().get_or_insert(path);
    }

    fn set_guide(&self, guide: Option<Rc<dyn Guide>>) {
        self.0.guide.replace(guide);
    }

    fn guide(&self) -> Option<Rc<dyn Guide>> {
        self.0.guide.borrow().clone()
    }
}

/// Properties of [`NavigationProvider`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct NavigationProviderProperties {
    /// The history of the surrounding router.
    pub history: AnyHistory,
    /// The components that may navigate.
    #[prop_or_default]
    pub children: Html,
}

/// Provides [`Navigation`] to its children. [`Arrivals`] belongs below it.
#[component]
pub fn NavigationProvider(props: &NavigationProviderProperties) -> Html {
    let core = use_memo((), |()| Core {
        history: props.history.clone(),
        shown: RefCell::default(),
        has_own_focus: Cell::default(),
        guide: RefCell::default(),
    });
    html! { <ContextProvider<Navigation> context={Navigation(core)}>{ props.children.clone() }</ContextProvider<Navigation>> }
}

/// Returns the address of a page, or of a place on it.
#[must_use]
pub fn address(to: Route, place: Option<&str>) -> String {
    let path = to.to_path();
    match place {
        Some(place) => format!("{path}#{place}"),
        None => path,
    }
}

/// Returns the handle for navigation.
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
