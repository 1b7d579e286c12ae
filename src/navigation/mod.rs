//! Going from page to page: where the next one is scrolled to, where the focus goes, and what is announced.
//!
//! Every link, form and redirect goes through [`Navigation`]; the buttons of the browser need not. A new page opens at
//! its top, or at the place that the address names after `#`; a page that one returns to opens where it was left. The
//! focus goes to the place, to the link that one comes back from, or to where reading begins. The title is announced.

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

/// The id of the element where reading begins.
pub const MAIN: &str = "main";

/// The ways to other pages, and to places of this one.
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
    /// The address of the page that is shown; nothing before the first.
    shown: RefCell<Option<String>>,
    has_own_focus: Cell<bool>,
    guide: RefCell<Option<Rc<dyn Guide>>>,
}

/// Takes care of arrivals. What it does is loaded with the pages that need it: the way in does not.
trait Guide {
    /// The page that is shown is left for another one, or for the top of another one.
    fn leave(&self, is_for_top: bool);
    /// Goes to a place of this page.
    fn show(self: Rc<Self>, place: &str);
    /// Has a screen reader say a text.
    fn announce(&self, text: AttrValue);
    /// The page has this title now.
    fn name(&self, title: AttrValue);
}

impl Navigation {
    /// Goes to a page; `place` is the id of an element or a row of it.
    pub fn go(&self, to: Route, place: Option<&str>) {
        let core = &self.0;
        let address = address(to, place);
        if let Some(guide) = self.guide() {
            guide.leave(place.is_none());
        }
        // A link to the page that is shown leaves no entry of its own in the history, as in any document.
        if core.shown.borrow().as_ref() == Some(&address) {
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
        if let Some(guide) = self.guide() {
            guide.announce(announcement.into());
            guide.show(place);
        }
    }

    /// Has a screen reader say a text.
    pub fn announce(&self, text: impl Into<AttrValue>) {
        if let Some(guide) = self.guide() {
            guide.announce(text.into());
        }
    }

    /// Names the page. Its first name after an arrival is announced, except on the first page.
    pub fn name(&self, title: AttrValue) {
        if let Some(guide) = self.guide() {
            guide.name(title);
        }
    }

    /// Leaves the focus to the page that is being rendered, which gives it to one of its own elements.
    pub fn leave_focus(&self) {
        let core = &self.0;
        core.has_own_focus.set(true);
        // Perhaps before there is anything that takes care of arrivals: the next page is not the first.
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
    /// The history that the router around it has.
    pub history: AnyHistory,
    /// What may go somewhere else.
    #[prop_or_default]
    pub children: Html,
}

/// Lets everything below go somewhere else. [`Arrivals`] belongs below it.
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
