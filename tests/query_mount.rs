//! The effects of mounting, unmounting and suspending components on a query.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;
#[path = "common/letters.rs"]
mod letters;
#[path = "common/words.rs"]
mod words;

use std::cell::RefCell;
use std::rc::Rc;

use common::{Place, settle, until};
use freshet::query::{QueryClient, QueryProvider, Selector, use_mutation, use_query};
use letters::{Letters, text_of};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use words::{Server, Write};
use yew::prelude::*;
use yew::suspense::{Suspension, SuspensionHandle, SuspensionResult};

wasm_bindgen_test_configure!(run_in_browser);

/// A gate that suspends components while it is shut.
#[derive(Clone, Default)]
struct Gate(Rc<RefCell<Option<(Suspension, SuspensionHandle)>>>);

impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Gate {
    fn shut(&self) {
        self.0.replace(Some(Suspension::new()));
    }

    fn open(&self) {
        let handle = self.0.take();
        drop(handle);
    }

    fn pass(&self) -> SuspensionResult<()> {
        let shut = self.0.borrow();
        shut.as_ref().map_or(Ok(()), |(suspension, _)| Err(suspension.clone()))
    }
}

#[derive(Clone, PartialEq)]
enum Shown {
    Nothing,
    /// A page that shows the letters.
    One,
    /// Another page that shows the same letters.
    Other,
    /// A page that shows the letters once the gate is open. The number makes it render again.
    Behind(Gate, u32),
}

#[derive(Clone, PartialEq, Properties)]
struct AppProperties {
    client: QueryClient<Server>,
    shown: Shown,
}

#[component]
fn App(props: &AppProperties) -> Html {
    let page = match props.shown.clone() {
        Shown::Nothing => Html::default(),
        Shown::One => html! { <One /> },
        Shown::Other => html! { <Other /> },
        Shown::Behind(gate, render) => html! {
            <Suspense fallback={html! { "waiting" }}><Behind {gate} {render} /></Suspense>
        },
    };
    html! { <QueryProvider<Server> client={props.client.clone()}>{ page }</QueryProvider<Server>> }
}

#[component]
fn One() -> Html {
    let letters = use_query(Letters(1)).data();
    html! { <p>{ letters.map(|letters| text_of(&letters)).unwrap_or_default() }</p> }
}

#[component]
fn Other() -> Html {
    let letters = use_query(Letters(1)).data();
    html! { <ul>{ letters.map(|letters| text_of(&letters)).unwrap_or_default() }</ul> }
}

#[derive(Clone, PartialEq, Properties)]
struct BehindProperties {
    gate: Gate,
    render: u32,
}

#[component]
fn Behind(props: &BehindProperties) -> HtmlResult {
    let letters = use_query(Letters(1)).data();
    _ = use_mutation::<Write>();
    props.gate.pass()?;
    Ok(html! { <p>{ letters.map(|letters| text_of(&letters)).unwrap_or_default() }</p> })
}

struct Fixture {
    server: Server,
    client: QueryClient<Server>,
    place: Place,
    app: AppHandle<App>,
}

impl Fixture {
    async fn new(shown: Shown) -> Self {
        let (server, place) = (Server::default(), Place::new());
        let client = QueryClient::new(server.clone());
        client.set_pushed(true);
        let app = place.render::<App>(AppProperties {
            client: client.clone(),
            shown,
        });
        settle().await;
        Self {
            server,
            client,
            place,
            app,
        }
    }

    fn show(&mut self, shown: Shown) {
        self.app.update(AppProperties {
            client: self.client.clone(),
            shown,
        });
    }

    /// Counts the observers of the letters.
    fn observers(&self) -> usize {
        self.client.explain().first().map_or(0, |entry| entry.observers)
    }

    async fn answer(&self, answer: &str) {
        assert!(self.server.answer(Ok(answer)), "somebody waits for it");
        settle().await;
    }

    /// Returns the text of the page, the number of its observers, and the number of open requests.
    fn state(&self) -> (String, usize, usize) {
        (self.place.text(), self.observers(), self.server.open())
    }

    fn is(&self, text: &str, observers: usize, open: usize) {
        assert_eq!(self.state(), (text.to_owned(), observers, open));
    }
}

/// Runs everything that is ready, without any passage of time.
async fn in_no_time() {
    for _ in 0..20 {
        let resolved = js_sys::Promise::resolve(&wasm_bindgen::JsValue::NULL);
        wasm_bindgen_futures::JsFuture::from(resolved).await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn replacing_page_joins_running_fetch() {
    let mut fixture = Fixture::new(Shown::One).await;
    fixture.show(Shown::Nothing);
    in_no_time().await;
    fixture.is("", 0, 1);
    fixture.show(Shown::Other);
    in_no_time().await;
    fixture.is("", 1, 1);
    fixture.answer("1a").await;
    fixture.is("a", 1, 0);
    fixture.show(Shown::One);
    settle().await;
    fixture.is("a", 1, 0);
}

#[wasm_bindgen_test]
async fn replacing_page_shows_cached_data() {
    let mut fixture = Fixture::new(Shown::One).await;
    fixture.answer("1a").await;
    fixture.show(Shown::Nothing);
    in_no_time().await;
    fixture.is("", 0, 0);
    fixture.show(Shown::Other);
    in_no_time().await;
    fixture.is("a", 1, 0);
    fixture.client.invalidate(&Selector::all(), "event");
    settle().await;
    fixture.answer("1b").await;
    fixture.is("b", 1, 0);
}

#[wasm_bindgen_test]
async fn waiting_component_observes_once() {
    let gate = Gate::default();
    gate.shut();
    let mut fixture = Fixture::new(Shown::Behind(gate.clone(), 0)).await;
    fixture.is("waiting", 1, 1);
    fixture.show(Shown::Behind(gate.clone(), 1));
    settle().await;
    fixture.is("waiting", 1, 1);
    fixture.answer("1a").await;
    fixture.is("waiting", 1, 0);
    gate.open();
    settle().await;
    fixture.is("a", 1, 0);
}

#[wasm_bindgen_test]
async fn a_component_that_waits_again_misses_nothing() {
    let gate = Gate::default();
    let mut fixture = Fixture::new(Shown::Behind(gate.clone(), 0)).await;
    fixture.answer("1a").await;
    fixture.is("a", 1, 0);
    gate.shut();
    fixture.show(Shown::Behind(gate.clone(), 1));
    settle().await;
    assert_eq!((fixture.observers(), fixture.server.open()), (1, 0));
    fixture.client.invalidate(&Selector::all(), "event");
    settle().await;
    fixture.answer("1b").await;
    gate.open();
    until("it shows what has changed meanwhile", || fixture.place.text() == "b").await;
    fixture.is("b", 1, 0);
}

#[wasm_bindgen_test]
async fn unmounted_waiting_component_leaves_nothing() {
    let gate = Gate::default();
    gate.shut();
    let mut fixture = Fixture::new(Shown::Behind(gate.clone(), 0)).await;
    fixture.is("waiting", 1, 1);
    fixture.show(Shown::Nothing);
    settle().await;
    fixture.is("", 0, 1);
    let is_given_up = || fixture.server.0.borrow().iter().all(|(_, asked)| asked.is_canceled());
    until("what it was read for is given up", is_given_up).await;
    gate.open();
    settle().await;
    fixture.is("", 0, 1);
}
