//! The hooks of the cache in real components: their renders, their shared fetches, and their removal.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;
#[path = "common/words.rs"]
mod words;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use common::{Place, settle, until};
use freshet::query::{
    Failure, QueryClient, QueryProvider, Selector, UseMutation, View, use_mutation, use_query, use_query_if,
};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use words::{Refused, Server, Word, Write};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Clone, Default)]
struct Seen(Rc<Inside>);

#[derive(Default)]
struct Inside {
    renders: Cell<usize>,
    idle_renders: Cell<usize>,
    write: RefCell<Option<UseMutation<Write>>>,
    settled: RefCell<Vec<bool>>,
    failures: RefCell<Vec<&'static str>>,
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Clone, PartialEq, Properties)]
struct PageProperties {
    client: QueryClient<Server>,
    seen: Seen,
    /// The words to show.
    words: Vec<Option<u128>>,
}

#[component]
fn Page(props: &PageProperties) -> Html {
    let inside = Rc::clone(&props.seen.0);
    let on_failure =
        Callback::from(move |failure: Failure<Refused>| inside.failures.borrow_mut().push(failure.attempt));
    html! {
        <QueryProvider<Server> client={props.client.clone()} {on_failure}>
            for (index, word) in props.words.iter().enumerate() {
                <Show key={index} word={*word} seen={props.seen.clone()} />
            }
            <Idle seen={props.seen.clone()} />
        </QueryProvider<Server>>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct ShowProperties {
    word: Option<u128>,
    seen: Seen,
}

#[component]
fn Show(props: &ShowProperties) -> Html {
    let inside = &props.seen.0;
    inside.renders.set(inside.renders.get() + 1);
    let word = use_query_if(props.word.map(Word));
    let write = use_mutation::<Write>();
    *inside.write.borrow_mut() = Some(write);
    html! {
        <p>{ match word.view() {
            View::Idle => "idle".to_owned(),
            View::Loading => "loading".to_owned(),
            View::Failed(_) => "failed".to_owned(),
            View::Ready { data, error: None } => (*data).clone(),
            View::Ready { data, error: Some(_) } => format!("{data} (old)"),
        } }</p>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct IdleProperties {
    seen: Seen,
}

/// Observes a query and reads nothing of it.
#[component]
fn Idle(props: &IdleProperties) -> Html {
    let inside = &props.seen.0;
    inside.idle_renders.set(inside.idle_renders.get() + 1);
    drop(use_query(Word(1)));
    Html::default()
}

struct Fixture {
    server: Server,
    client: QueryClient<Server>,
    seen: Seen,
    place: Place,
    app: AppHandle<Page>,
}

impl Fixture {
    async fn new(words: &[Option<u128>]) -> Self {
        let (server, seen, place) = (Server::default(), Seen::default(), Place::new());
        let client = QueryClient::new(server.clone());
        client.set_pushed(true);
        let props = PageProperties {
            client: client.clone(),
            seen: seen.clone(),
            words: words.to_vec(),
        };
        let app = place.render::<Page>(props);
        settle().await;
        Self {
            server,
            client,
            seen,
            place,
            app,
        }
    }

    async fn show(&mut self, words: &[Option<u128>]) {
        let words = words.to_vec();
        self.app.update(PageProperties {
            client: self.client.clone(),
            seen: self.seen.clone(),
            words,
        });
        settle().await;
    }

    async fn answer(&self, answer: Result<&str, Refused>) {
        assert!(self.server.answer(answer), "somebody waits for it");
        settle().await;
    }

    fn write(&self, text: &str) {
        let write = self.seen.0.write.borrow().clone().unwrap();
        let inside = Rc::clone(&self.seen.0);
        write.run_then(Write(1, text.to_owned()), move |result| {
            inside.settled.borrow_mut().push(result.is_ok());
        });
    }
}

#[wasm_bindgen_test]
async fn components_share_one_fetch() {
    let fixture = Fixture::new(&[Some(1), Some(1), Some(1)]).await;
    assert_eq!(fixture.place.text(), "loadingloadingloading");
    assert_eq!(fixture.server.open(), 1);
    fixture.answer(Ok("a")).await;
    assert_eq!(fixture.place.text(), "aaa");
    assert_eq!(fixture.seen.0.renders.get(), 6, "once for loading, once for the data");
    assert_eq!(
        fixture.seen.0.idle_renders.get(),
        1,
        "who looks at nothing is not woken"
    );
}

#[wasm_bindgen_test]
async fn equal_answer_renders_nothing() {
    let fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Ok("a")).await;
    fixture.client.invalidate(&Selector::segment("words"), "event");
    settle().await;
    assert_eq!((fixture.place.text().as_str(), fixture.server.open()), ("a", 1));
    fixture.answer(Ok("a")).await;
    assert_eq!(fixture.seen.0.renders.get(), 2);
    fixture.client.invalidate(&Selector::segment("words"), "event");
    settle().await;
    fixture.answer(Ok("b")).await;
    assert_eq!((fixture.place.text().as_str(), fixture.seen.0.renders.get()), ("b", 3));
}

#[wasm_bindgen_test]
async fn another_key_shows_nothing_of_the_one_before() {
    let mut fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Ok("one")).await;
    fixture.show(&[Some(2)]).await;
    assert_eq!(fixture.place.text(), "loading");
    fixture.answer(Ok("two")).await;
    assert_eq!(fixture.place.text(), "two");
    fixture.show(&[Some(1)]).await;
    assert_eq!(
        (fixture.place.text().as_str(), fixture.server.open()),
        ("one", 0),
        "it is still there, and fresh"
    );
}

#[wasm_bindgen_test]
async fn no_query_is_no_fetch() {
    let mut fixture = Fixture::new(&[None]).await;
    assert_eq!(fixture.place.text(), "idle");
    assert_eq!(fixture.server.open(), 1, "the one that nobody looks at");
    fixture.show(&[Some(2)]).await;
    assert_eq!((fixture.place.text().as_str(), fixture.server.open()), ("loading", 2));
}

#[wasm_bindgen_test]
async fn failure_keeps_shown_data() {
    let fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Err(Refused)).await;
    assert_eq!(fixture.place.text(), "failed");
    fixture.client.invalidate(&Selector::all(), "event");
    settle().await;
    fixture.answer(Ok("a")).await;
    fixture.client.invalidate(&Selector::all(), "event");
    settle().await;
    fixture.answer(Err(Refused)).await;
    assert_eq!(fixture.place.text(), "a (old)");
}

#[wasm_bindgen_test]
async fn optimistic_edit_renders_before_answer() {
    let fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Ok("a")).await;
    fixture.write("b");
    settle().await;
    assert_eq!((fixture.place.text().as_str(), fixture.server.open()), ("b", 1));
    fixture.answer(Ok("B")).await;
    assert_eq!(
        (fixture.place.text().as_str(), fixture.server.open()),
        ("B", 0),
        "the server's word, and no read"
    );
    assert_eq!(*fixture.seen.0.settled.borrow(), [true]);
}

#[wasm_bindgen_test]
async fn a_refused_change_is_taken_back_and_told() {
    let fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Ok("a")).await;
    fixture.write("b");
    settle().await;
    fixture.answer(Err(Refused)).await;
    assert_eq!(fixture.place.text(), "a");
    assert_eq!(*fixture.seen.0.failures.borrow(), ["write the word"]);
    assert_eq!(*fixture.seen.0.settled.borrow(), [false]);
    assert_eq!(fixture.server.open(), 1, "and the truth is read");
}

#[wasm_bindgen_test]
async fn mutation_outlives_component_without_callback() {
    let mut fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Ok("a")).await;
    fixture.write("b");
    fixture.seen.0.write.take();
    fixture.show(&[]).await;
    fixture.answer(Err(Refused)).await;
    assert_eq!(*fixture.seen.0.settled.borrow(), [false; 0]);
    assert_eq!(
        *fixture.seen.0.failures.borrow(),
        ["write the word"],
        "a refusal is told all the same"
    );
}

#[wasm_bindgen_test]
async fn nothing_of_a_person_is_left_after_clearing() {
    let mut fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Ok("secret")).await;
    fixture.client.invalidate(&Selector::all(), "event");
    settle().await;
    fixture.show(&[]).await;
    fixture.client.clear();
    assert!(fixture.client.is_empty());
    assert!(
        !fixture.server.answer(Ok("late")),
        "nobody waits for what was under way"
    );
    fixture.show(&[Some(1)]).await;
    assert_eq!(fixture.place.text(), "loading");
}

#[wasm_bindgen_test]
async fn what_is_fetched_for_nobody_is_given_up() {
    let mut fixture = Fixture::new(&[Some(2)]).await;
    assert_eq!(fixture.server.open(), 2);
    fixture.show(&[]).await;
    let server = fixture.server.clone();
    until("the fetch is given up", || {
        server
            .0
            .borrow()
            .iter()
            .any(|(id, sender)| *id == 2 && sender.is_canceled())
    })
    .await;
}

#[wasm_bindgen_test]
async fn repeated_mounts_leave_one_entry() {
    let mut fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Ok("a")).await;
    for _ in 0..200 {
        fixture.show(&[]).await;
        fixture.show(&[Some(1)]).await;
    }
    assert_eq!((fixture.client.len(), fixture.server.open()), (1, 0));
    assert_eq!(fixture.place.text(), "a");
    let renders = fixture.seen.0.renders.get();
    fixture.client.invalidate(&Selector::all(), "event");
    settle().await;
    fixture.answer(Ok("b")).await;
    assert_eq!(
        fixture.seen.0.renders.get(),
        renders + 1,
        "no component of before is woken"
    );
}

#[wasm_bindgen_test]
async fn mutations_of_one_scope_are_serial() {
    let fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Ok("a")).await;
    fixture.write("b");
    fixture.write("c");
    settle().await;
    assert_eq!(
        (fixture.place.text().as_str(), fixture.server.open()),
        ("c", 1),
        "both are shown, one is sent"
    );
    fixture.answer(Err(Refused)).await;
    assert_eq!(fixture.place.text(), "c", "the second stays shown");
    fixture.answer(Ok("C")).await;
    assert_eq!(*fixture.seen.0.settled.borrow(), [false, true]);
    assert_eq!(fixture.place.text(), "C");
}

#[wasm_bindgen_test]
async fn what_settles_after_clearing_is_told_to_nobody() {
    let fixture = Fixture::new(&[Some(1)]).await;
    fixture.answer(Ok("a")).await;
    fixture.write("b");
    fixture.write("c");
    settle().await;
    fixture.client.clear();
    fixture.answer(Err(Refused)).await;
    assert_eq!(fixture.server.open(), 0, "what had not been sent is not");
    assert_eq!(*fixture.seen.0.failures.borrow(), [""; 0]);
    assert_eq!(*fixture.seen.0.settled.borrow(), [false; 0]);
}
