//! The rows of lists on the screen, and the pointer over them.

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{
    AddEventListenerOptions, Document, Element, Event, MutationObserver, MutationObserverInit, MutationRecord, Node,
    NodeList, PointerEvent, Window,
};

/// The selector of the rows of all lists.
const SELECTOR: &str = "main [data-id]";

fn window() -> Option<Window> {
    web_sys::window()
}

fn document() -> Option<Document> {
    window()?.document()
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(Element);

impl Row {
    /// Returns the row at a point of the window.
    #[must_use]
    pub fn at((x, y): (i32, i32)) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "a window is not that large")]
        let element = document()?.element_from_point(x as f32, y as f32)?;
        Self::around(&element)
    }

    /// Returns the row that an element belongs to.
    fn around(element: &Element) -> Option<Self> {
        element.closest(SELECTOR).ok()?.map(Self)
    }

    /// Returns the distance of the row's top from the top of the window, in CSS pixels; `None` once the row is removed.
    #[must_use]
    pub fn top(&self) -> Option<f64> {
        self.0.is_connected().then(|| self.0.get_bounding_client_rect().top())
    }
}

/// Scrolls the page by this many CSS pixels, or as far as possible.
pub fn scroll_by(distance: f64) {
    if let Some(window) = window() {
        window.scroll_by_with_x_and_y(0.0, distance);
    }
}

/// An observer that calls back when rows were added, removed or changed, before the browser paints. Dropping it ends
/// the observation.
///
/// To inspect the changes costs as much as to show them. So the observer first asks whether anything depends on them.
#[derive(Debug)]
#[must_use = "an observer that is dropped sees nothing"]
pub struct RowObserver {
    observer: Option<MutationObserver>,
    _callback: Closure<dyn Fn(Array)>,
}

impl RowObserver {
    /// Observes the rows of all lists. The first appearance of a list does not count.
    pub fn new(is_needed: impl Fn() -> bool + 'static, callback: impl Fn() + 'static) -> Self {
        let callback = Closure::<dyn Fn(Array)>::new(move |records: Array| {
            if is_needed() && records.iter().any(|record| is_about_rows(record.unchecked_ref())) {
                callback();
            }
        });
        let observer = MutationObserver::new(callback.as_ref().unchecked_ref()).ok();
        let options = MutationObserverInit::new();
        options.set_child_list(true);
        options.set_subtree(true);
        let is_observing = observer
            .as_ref()
            .zip(document().and_then(|document| document.body()))
            .is_some_and(|(observer, body)| observer.observe_with_options(&body, &options).is_ok());
        if !is_observing {
            log::info!("the rows can not be observed");
        }
        Self {
            observer,
            _callback: callback,
        }
    }
}

impl Drop for RowObserver {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}

fn is_about_rows(record: &MutationRecord) -> bool {
    let is_in_row = record
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|target| Row::around(&target).is_some());
    is_in_row || has_row(&record.added_nodes()) || has_row(&record.removed_nodes())
}

fn has_row(nodes: &NodeList) -> bool {
    (0..nodes.length())
        .filter_map(|index| nodes.get(index))
        .any(|node: Node| {
            node.dyn_ref::<Element>()
                .is_some_and(|element| element.has_attribute("data-id"))
        })
}

/// An action of a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerAction {
    /// The pointer moves, or a button or finger goes down.
    Move,
    /// The pointer leaves the window, or the browser took its action for a gesture.
    Leave,
    /// The pointer clicks. Clicks of the keyboard and of scripts do not count.
    Click,
}

const EVENTS: [(&str, PointerAction); 5] = [
    ("pointermove", PointerAction::Move),
    ("pointerdown", PointerAction::Move),
    ("pointerout", PointerAction::Leave),
    ("pointercancel", PointerAction::Leave),
    ("click", PointerAction::Click),
];

/// An input of a pointer.
#[derive(Clone, Debug)]
pub struct PointerInput {
    /// The action.
    pub action: PointerAction,
    /// The point in the window.
    pub point: (i32, i32),
    /// The row that contains the target of the action.
    pub row: Option<Row>,
    /// Whether the pointer is a finger. A finger that is lifted points to nothing.
    pub is_touch: bool,
}

impl PointerInput {
    fn read(event: &Event, action: PointerAction) -> Option<Self> {
        // A click is a pointer event as well.
        let event: &PointerEvent = event.dyn_ref()?;
        let counts = match action {
            PointerAction::Move => true,
            // `pointerout` also fires when the pointer moves from one element to another.
            PointerAction::Leave => event.type_() == "pointercancel" || event.related_target().is_none(),
            PointerAction::Click => event.detail() > 0,
        };
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        counts.then(|| Self {
            action,
            point: (event.client_x(), event.client_y()),
            row: target.and_then(|target| Row::around(&target)),
            is_touch: event.pointer_type() == "touch",
        })
    }
}

/// A listener that calls back on every input of a pointer, before all other listeners. Dropping it removes the
/// listener.
#[derive(Debug)]
#[must_use = "a listener that is dropped hears nothing"]
pub struct PointerListener {
    closures: [Closure<dyn Fn(Event)>; 5],
}

impl PointerListener {
    /// Listens to all pointers. An input is cancelled if the callback returns false.
    pub fn new(callback: impl Fn(PointerInput) -> bool + Clone + 'static) -> Self {
        let closures = EVENTS.map(|(name, action)| {
            let callback = callback.clone();
            let closure = Closure::<dyn Fn(Event)>::new(move |event: Event| {
                let is_refused = PointerInput::read(&event, action).is_some_and(|input| !callback(input));
                if is_refused {
                    event.prevent_default();
                    event.stop_immediate_propagation();
                }
            });
            let options = AddEventListenerOptions::new();
            options.set_capture(true);
            let function = closure.as_ref().unchecked_ref();
            let is_added = window().is_some_and(|window| {
                window
                    .add_event_listener_with_callback_and_add_event_listener_options(name, function, &options)
                    .is_ok()
            });
            if !is_added {
                log::error!("can not listen to {name}");
            }
            closure
        });
        Self { closures }
    }
}

impl Drop for PointerListener {
    fn drop(&mut self) {
        let Some(window) = window() else { return };
        for ((name, _), closure) in EVENTS.iter().zip(&self.closures) {
            let function = closure.as_ref().unchecked_ref();
            let removed = window.remove_event_listener_with_callback_and_bool(name, function, true);
            debug_assert!(removed.is_ok(), "the listener was there");
        }
    }
}
