//! The visible part of the page: the scroll position, its copy in the browser's history, and the focus.

use js_sys::{Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Document, Element, FocusOptions, HtmlElement, MutationObserver, MutationObserverInit, ResizeObserver,
    ScrollIntoViewOptions, ScrollLogicalPosition, ScrollRestoration, Window,
};

/// The names of the values in the state of an entry of the browser's history.
const TOP: &str = "freshetTop";
const ROW: &str = "freshetRow";
const OFFSET: &str = "freshetOffset";

/// The attribute that identifies a row of a list.
const ROW_ID: &str = "data-id";

/// The scroll position of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The distance between the top of the page and the top of the window, in CSS pixels.
    pub top: f64,
    /// The id of the first visible row, and the distance of its top from the top of the window.
    pub row: Option<(String, f64)>,
}

impl Position {
    /// The top of a page.
    pub const TOP: Self = Self { top: 0.0, row: None };
}

fn window() -> Option<Window> {
    web_sys::window()
}

fn document() -> Option<Document> {
    window()?.document()
}

/// Stops the browser from scrolling by itself when it goes back or forward, because the page is not rendered at that
/// time.
pub fn take_over_scroll_restoration() {
    let history = window().and_then(|window| window.history().ok());
    if history.is_none_or(|history| history.set_scroll_restoration(ScrollRestoration::Manual).is_err()) {
        log::info!("the browser scrolls by itself");
    }
}

/// Returns the scroll position of the page.
#[must_use]
pub fn position() -> Position {
    let top = window().and_then(|window| window.scroll_y().ok()).unwrap_or_default();
    Position {
        top,
        row: first_row().filter(|_| top > 0.0),
    }
}

/// Returns the first row below the header, at a place where every layout has rows.
fn first_row() -> Option<(String, f64)> {
    let width = window()?.inner_width().ok()?.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "a screen is not that wide")]
    let found = document()?.element_from_point((width * 0.3) as f32, header_height()? as f32 + 1.0)?;
    let row = found.closest(&format!("[{ROW_ID}]")).ok()??;
    Some((row.get_attribute(ROW_ID)?, row.get_bounding_client_rect().top()))
}

/// Returns the height of the part of the window that the header covers, in CSS pixels.
fn header_height() -> Option<f64> {
    let header = document()?.query_selector("body > header").ok()?;
    Some(header.map_or(0.0, |header| header.get_bounding_client_rect().bottom()))
}

/// Scrolls the page. Returns whether the position is final, so that later layout does not change it.
pub fn scroll_to(position: &Position) -> bool {
    let Some(window) = window() else { return false };
    let row = position.row.as_ref().and_then(|(id, offset)| Some((find(id)?, offset)));
    match row {
        Some((row, offset)) => window.scroll_by_with_x_and_y(0.0, row.get_bounding_client_rect().top() - offset),
        None => window.scroll_to_with_x_and_y(0.0, position.top),
    }
    // The final place of a row is not known before the rows around it have been laid out.
    position.row.is_none() && window.scroll_y().is_ok_and(|top| (top - position.top).abs() < 1.0)
}

/// Scrolls the element with this id, or the row, to below the header. Returns whether it exists.
pub fn scroll_into_view(id: &str) -> bool {
    let Some(element) = find(id) else { return false };
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Start);
    element.scroll_into_view_with_scroll_into_view_options(&options);
    true
}

/// Returns the element with this id, or the row of a list.
fn find(id: &str) -> Option<Element> {
    let document = document()?;
    document.get_element_by_id(id).or_else(|| select(&document, ROW_ID, id))
}

fn select(document: &Document, attribute: &str, value: &str) -> Option<Element> {
    let value = value.replace(['\\', '"'], "");
    document
        .query_selector(&format!("main [{attribute}=\"{value}\"]"))
        .ok()?
}

/// Moves the focus to the element with this id, or to the row, without scrolling. Returns whether it exists. The link
/// of a row gets the focus in place of the row.
pub fn focus(id: &str) -> bool {
    find(id).is_some_and(|element| focus_element(&link_of(&element).unwrap_or(element)))
}

/// Moves the focus to the link with this address, without scrolling. Returns whether it exists.
pub fn focus_link(address: &str) -> bool {
    document()
        .and_then(|document| select(&document, "href", address))
        .is_some_and(|link| focus_element(&link))
}

fn link_of(row: &Element) -> Option<Element> {
    let is_row = row.has_attribute(ROW_ID);
    row.query_selector("a[href]").ok()?.filter(|_| is_row)
}

fn focus_element(element: &Element) -> bool {
    let Some(element) = element.dyn_ref::<HtmlElement>() else {
        return false;
    };
    // An element can have the focus only if the keyboard can reach it or if it has a `tabindex`.
    if element.tab_index() < 0 && !element.has_attribute("tabindex") {
        element.set_tab_index(-1);
    }
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    element.focus_with_options(&options).is_ok()
}

/// Returns whether no element has the focus, because the element that had it was removed.
#[must_use]
pub fn has_no_focus() -> bool {
    document()
        .and_then(|document| document.active_element())
        .is_none_or(|element| element.tag_name() == "BODY")
}

/// Returns the position that is stored with this entry of the browser's history; `None` if the entry is new.
#[must_use]
pub fn kept_position() -> Option<Position> {
    let state = window()?.history().ok()?.state().ok()?;
    let get = |name: &str| Reflect::get(&state, &name.into()).ok();
    let top = get(TOP)?.as_f64()?;
    let row = get(ROW)
        .and_then(|id| id.as_string())
        .zip(get(OFFSET).and_then(|offset| offset.as_f64()));
    Some(Position { top, row })
}

/// Stores a position with this entry of the browser's history. Other values of the entry stay.
pub fn keep_position(position: &Position) {
    if let Err(error) = replace_state(position) {
        log::info!("the history keeps no position: {error:?}");
    }
}

fn replace_state(position: &Position) -> Result<(), JsValue> {
    let Some(window) = window() else { return Ok(()) };
    let history = window.history()?;
    let state = Object::new();
    if let Ok(old) = history.state()?.dyn_into::<Object>() {
        Object::assign(&state, &old);
    }
    let (row, offset) = match &position.row {
        Some((row, offset)) => (row.as_str().into(), (*offset).into()),
        None => (JsValue::NULL, JsValue::NULL),
    };
    for (name, value) in [(TOP, position.top.into()), (ROW, row), (OFFSET, offset)] {
        Reflect::set(&state, &name.into(), &value)?;
    }
    history.replace_state(&state, "")
}

/// An observer that calls back when elements are added or removed, or when the page changes its size. Dropping it ends
/// the observation.
#[derive(Debug)]
#[must_use = "an observer that is dropped sees nothing"]
pub struct ContentObserver {
    mutations: Option<MutationObserver>,
    sizes: Option<ResizeObserver>,
    _callback: Closure<dyn Fn()>,
}

impl ContentObserver {
    /// Observes the whole page.
    pub fn new(callback: impl Fn() + 'static) -> Self {
        let callback = Closure::<dyn Fn()>::new(callback);
        let function = callback.as_ref().unchecked_ref();
        let observer = Self {
            mutations: MutationObserver::new(function).ok(),
            sizes: ResizeObserver::new(function).ok(),
            _callback: callback,
        };
        if observer.observe().is_none() {
            log::info!("the page can not be observed");
        }
        observer
    }

    fn observe(&self) -> Option<()> {
        let body = document()?.body()?;
        let options = MutationObserverInit::new();
        options.set_child_list(true);
        options.set_subtree(true);
        self.mutations.as_ref()?.observe_with_options(&body, &options).ok()?;
        self.sizes.as_ref()?.observe(&body);
        Some(())
    }
}

impl Drop for ContentObserver {
    fn drop(&mut self) {
        if let Some(mutations) = &self.mutations {
            mutations.disconnect();
        }
        if let Some(sizes) = &self.sizes {
            sizes.disconnect();
        }
    }
}
