//! Offers on the screen are accepted by their button and by the undo keys, once.

#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and stands in for a person"
)]

mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use common::{Place, settle, until};
use freshet::toast::{Offer, ToastProvider, Toaster, use_toaster};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlElement, KeyboardEvent, KeyboardEventInit};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Option<Toaster>>>);

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Clone, PartialEq, Properties)]
struct PageProperties {
    seen: Seen,
}

#[component]
fn Page(props: &PageProperties) -> Html {
    html! { <ToastProvider><Inner seen={props.seen.clone()} /></ToastProvider> }
}

#[component]
fn Inner(props: &PageProperties) -> Html {
    props.seen.0.replace(Some(use_toaster()));
    html! { <main id="main" tabindex="-1"><textarea /><input type="checkbox" /></main> }
}

struct Fixture {
    place: Place,
    toaster: Toaster,
}

impl Fixture {
    async fn new() -> Self {
        let (place, seen) = (Place::new(), Seen::default());
        place.render::<Page>(PageProperties { seen: seen.clone() });
        until("the page is there", || seen.0.borrow().is_some()).await;
        let toaster = seen.0.take().unwrap();
        Self { place, toaster }
    }

    fn element(&self, selector: &str) -> HtmlElement {
        self.place.find(selector).unwrap().unchecked_into()
    }

    /// Presses `Ctrl+Z` on this element. Returns whether the browser may carry out its own undo.
    fn press_undo(&self, selector: &str) -> bool {
        let keys = KeyboardEventInit::new();
        keys.set_key("z");
        keys.set_ctrl_key(true);
        keys.set_bubbles(true);
        keys.set_cancelable(true);
        let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &keys).unwrap();
        self.element(selector).dispatch_event(&event).unwrap()
    }

    fn count(&self) -> u32 {
        self.element("[data-testid=toasts]").child_element_count()
    }
}

fn counter() -> (Rc<Cell<u32>>, Callback<()>) {
    let count = Rc::new(Cell::new(0));
    let counted = Rc::clone(&count);
    (count, Callback::from(move |()| counted.set(counted.get() + 1)))
}

#[wasm_bindgen_test]
async fn offer_is_accepted_once_and_goes() {
    let fixture = Fixture::new().await;
    let (accepted, on_accept) = counter();
    fixture.toaster.offer("Deleted “Call Anna”", "Undo", on_accept);
    settle().await;
    assert_eq!(
        fixture.element(".toast p").text_content().unwrap(),
        "Deleted “Call Anna”"
    );
    let button = fixture.element(".toast .accept");
    button.focus().unwrap();
    button.click();
    button.click();
    settle().await;
    assert_eq!((accepted.get(), fixture.count()), (1, 0));
    let focused = web_sys::window().unwrap().document().unwrap().active_element().unwrap();
    assert_eq!(focused.id(), "main", "the button that had the focus is gone");
}

#[wasm_bindgen_test]
async fn undo_keys_accept_newest_offer_outside_fields() {
    let fixture = Fixture::new().await;
    let ((first, on_first), (second, on_second)) = (counter(), counter());
    fixture.toaster.offer("Deleted", "Undo", on_first);
    fixture.toaster.offer("Ticked", "Undo", on_second);
    settle().await;
    let field: web_sys::HtmlTextAreaElement = fixture.element("textarea").unchecked_into();
    field.set_value("typed");
    assert!(fixture.press_undo("textarea"), "the field undoes its own text");
    assert_eq!((first.get(), second.get()), (0, 0));
    field.set_value("");
    assert!(!fixture.press_undo("textarea"), "it has none");
    assert_eq!((first.get(), second.get()), (0, 1));
    let (third, on_third) = counter();
    fixture.toaster.offer("Moved", "Undo", on_third);
    settle().await;
    assert!(!fixture.press_undo("input"));
    assert_eq!((first.get(), third.get()), (0, 1));
    assert!(!fixture.press_undo("main"));
    assert_eq!((first.get(), second.get()), (1, 1));
    assert!(fixture.press_undo("main"), "nothing is left to undo");
}

#[wasm_bindgen_test]
async fn withdrawn_offer_neither_acts_nor_lapses() {
    let fixture = Fixture::new().await;
    let ((acted, act), (lapsed, lapse)) = (counter(), counter());
    let offer = |fixture: &Fixture| {
        let offer = Offer {
            label: "Undo".into(),
            on_accept: act.clone(),
            on_lapse: lapse.clone(),
        };
        fixture.toaster.show("Deleted", offer)
    };
    let id = offer(&fixture);
    fixture.toaster.withdraw(id);
    settle().await;
    assert_eq!((acted.get(), lapsed.get(), fixture.count()), (0, 0, 0));
    offer(&fixture);
    fixture.toaster.clear();
    assert_eq!((acted.get(), lapsed.get()), (0, 1), "what is cleared has ended");
    offer(&fixture);
    settle().await;
    fixture.element("[aria-label=Dismiss]").click();
    assert_eq!((acted.get(), lapsed.get()), (0, 2), "and so has what is dismissed");
}
