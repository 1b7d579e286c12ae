//! The options for showing a query: previous data, placeholders, selections and prefetching.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;
#[path = "common/letters.rs"]
mod letters;
#[path = "common/words.rs"]
mod words;

use std::cell::Cell;
use std::rc::Rc;

use common::{Place, settle};
use freshet::query::{
    List, Listed, Query, QueryClient, QueryProvider, Selector, Show, UseQuery, View, use_item, use_query,
    use_query_with, use_selection,
};
use letters::{Letter, Letters, text_of};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use words::{Refused, Server};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

/// The numbers of renders of each kind of component.
#[derive(Clone, Default)]
struct Renders(Rc<[Cell<usize>; 4]>);

impl PartialEq for Renders {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Renders {
    fn count(&self, kind: usize) {
        self.0[kind].set(self.0[kind].get() + 1);
    }

    fn of(&self, kind: usize) -> usize {
        self.0[kind].get()
    }
}

const TWICE: usize = 0;
const COUNT: usize = 1;
const OUTLINE: usize = 2;
const LINE: usize = 3;

/// A part of the page.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// The state of a query in full.
    Reader {
        letters: Option<u128>,
        keep_previous: bool,
        placeholder: Option<&'static str>,
    },
    /// Reads the same query twice.
    Twice,
    /// The number of letters.
    Count,
    /// The letter with this id.
    Selected(u128),
    /// The letters, each as a component of its own.
    Outline,
}

const fn reader(letters: u128) -> Part {
    Part::Reader {
        letters: Some(letters),
        keep_previous: false,
        placeholder: None,
    }
}

const fn keeping(letters: u128) -> Part {
    Part::Reader {
        letters: Some(letters),
        keep_previous: true,
        placeholder: None,
    }
}

#[derive(Clone, PartialEq, Properties)]
struct PageProperties {
    client: QueryClient<Server>,
    parts: Vec<Part>,
    renders: Renders,
}

#[component]
fn Page(props: &PageProperties) -> Html {
    let renders = &props.renders;
    let part = |part: &Part| match part.clone() {
        Part::Reader {
            letters,
            keep_previous,
            placeholder,
        } => html! { <Reader {letters} {keep_previous} {placeholder} /> },
        Part::Twice => html! { <Twice renders={renders.clone()} /> },
        Part::Count => html! { <Count renders={renders.clone()} /> },
        Part::Selected(id) => html! { <Selected {id} /> },
        Part::Outline => html! { <Outline renders={renders.clone()} /> },
    };
    html! {
        <QueryProvider<Server> client={props.client.clone()}>
            { for props.parts.iter().map(part) }
        </QueryProvider<Server>>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct ReaderProperties {
    letters: Option<u128>,
    keep_previous: bool,
    placeholder: Option<&'static str>,
}

#[component]
fn Reader(props: &ReaderProperties) -> Html {
    let placeholder = props
        .placeholder
        .map(|text| Letters::read(text.into(), None).unwrap().0);
    let show = Show {
        keep_previous: props.keep_previous,
        placeholder,
        options: None,
    };
    let letters: UseQuery<List<Letter>, Server> = use_query_with(props.letters.map(Letters), show);
    let text = match letters.view() {
        View::Idle => "idle".to_owned(),
        View::Loading => "loading".to_owned(),
        View::Failed(_) => "failed".to_owned(),
        View::Ready { data, .. } => text_of(&data),
    };
    let fetching = if letters.is_fetching() { "…" } else { "" };
    let previous = if letters.is_previous() { " (before)" } else { "" };
    html! { <p>{ text }{ fetching }{ previous }</p> }
}

#[derive(Clone, PartialEq, Properties)]
struct Counted {
    renders: Renders,
}

#[component]
fn Twice(props: &Counted) -> Html {
    props.renders.count(TWICE);
    let (one, other) = (use_query(Letters(1)), use_query(Letters(1)));
    let (one, other) = (one.data(), other.data());
    assert_eq!(one, other, "they see the same in every render");
    html! { <p>{ one.map(|letters| text_of(&letters)).unwrap_or_default() }</p> }
}

#[component]
fn Count(props: &Counted) -> Html {
    props.renders.count(COUNT);
    let count = use_selection(Some(Letters(1)), |letters| letters.len());
    html! { <p>{ count.map(|count| count.to_string()).unwrap_or_default() }</p> }
}

#[derive(Clone, PartialEq, Properties)]
struct SelectedProperties {
    id: u128,
}

#[component]
fn Selected(props: &SelectedProperties) -> Html {
    let id = props.id;
    let letter = use_selection(Some(Letters(1)), move |letters| {
        letters.find(id).map(|letter| letter.text.clone())
    });
    html! { <p>{ letter.as_deref().cloned().flatten() }</p> }
}

#[component]
fn Outline(props: &Counted) -> Html {
    props.renders.count(OUTLINE);
    let letters = use_query(Letters(1)).outline_data().unwrap_or_default();
    let line = |letter: &Rc<Letter>| {
        let (key, letter) = (letter.id.to_string(), Listed(Rc::clone(letter)));
        html! { <Line {key} {letter} renders={props.renders.clone()} /> }
    };
    html! { { for letters.iter().map(line) } }
}

#[derive(Clone, PartialEq, Properties)]
struct LineProperties {
    letter: Listed<Letter>,
    renders: Renders,
}

#[component]
fn Line(props: &LineProperties) -> Html {
    props.renders.count(LINE);
    let letter = use_item(&Letters(1), &props.letter);
    html! { <i>{ &letter.text }</i> }
}

struct Fixture {
    server: Server,
    client: QueryClient<Server>,
    renders: Renders,
    place: Place,
    app: AppHandle<Page>,
}

impl Fixture {
    async fn new(parts: &[Part]) -> Self {
        let (server, renders, place) = (Server::default(), Renders::default(), Place::new());
        let client = QueryClient::new(server.clone());
        client.set_pushed(true);
        let app = place.render::<Page>(PageProperties {
            client: client.clone(),
            parts: parts.to_vec(),
            renders: renders.clone(),
        });
        settle().await;
        Self {
            server,
            client,
            renders,
            place,
            app,
        }
    }

    async fn show(&mut self, parts: &[Part]) {
        self.app.update(PageProperties {
            client: self.client.clone(),
            parts: parts.to_vec(),
            renders: self.renders.clone(),
        });
        settle().await;
    }

    /// Answers the oldest request.
    async fn answer(&self, answer: Result<&str, Refused>) {
        assert!(self.server.answer(answer), "somebody waits for it");
        settle().await;
    }

    /// Reports a change on the server, and answers the fetch with this.
    async fn change(&self, answer: Result<&str, Refused>) {
        self.client.invalidate(&Selector::segment("letters"), "event");
        settle().await;
        self.answer(answer).await;
    }

    fn open(&self) -> usize {
        self.server.open()
    }

    fn text(&self) -> String {
        self.place.text()
    }
}

#[wasm_bindgen_test]
async fn previous_data_stays_until_new_arrives() {
    let mut fixture = Fixture::new(&[keeping(1)]).await;
    fixture.answer(Ok("1a")).await;
    fixture.show(&[keeping(2)]).await;
    assert_eq!(fixture.text(), "a… (before)");
    fixture.answer(Ok("1b")).await;
    assert_eq!(fixture.text(), "b");
    fixture.show(&[keeping(1)]).await;
    assert_eq!(fixture.text(), "a", "what is there already is shown at once");
}

#[wasm_bindgen_test]
async fn failed_new_key_hides_previous_data() {
    let mut fixture = Fixture::new(&[keeping(1)]).await;
    fixture.answer(Ok("1a")).await;
    fixture.show(&[keeping(2)]).await;
    fixture.answer(Err(Refused)).await;
    assert_eq!(fixture.text(), "failed");
}

#[wasm_bindgen_test]
async fn disabled_keep_previous_hides_data() {
    let mut fixture = Fixture::new(&[keeping(1)]).await;
    fixture.answer(Ok("1a")).await;
    fixture.show(&[keeping(2)]).await;
    fixture.show(&[reader(2)]).await;
    assert_eq!(fixture.text(), "loading…");
}

#[wasm_bindgen_test]
async fn placeholder_is_local_to_component() {
    let with_placeholder = |letters| Part::Reader {
        letters: Some(letters),
        keep_previous: true,
        placeholder: Some("9x"),
    };
    let mut fixture = Fixture::new(&[with_placeholder(1), reader(1)]).await;
    assert_eq!(fixture.text(), "x…loading…", "and keeps nobody from fetching");
    fixture.answer(Ok("1a")).await;
    assert_eq!(fixture.text(), "aa");
    fixture.show(&[with_placeholder(2), reader(1)]).await;
    assert_eq!(fixture.text(), "a… (before)a", "what was before is nearer to the truth");
}

#[wasm_bindgen_test]
async fn rendering_again_with_an_equal_query_fetches_nothing() {
    let mut fixture = Fixture::new(&[reader(1)]).await;
    fixture.show(&[keeping(1)]).await;
    assert_eq!(fixture.open(), 1);
    fixture.answer(Ok("1a")).await;
    for _ in 0..3 {
        fixture.show(&[reader(1)]).await;
        fixture.show(&[keeping(1)]).await;
    }
    assert_eq!((fixture.text().as_str(), fixture.open()), ("a", 0));
}

#[wasm_bindgen_test]
async fn removed_query_has_no_fetch() {
    let mut fixture = Fixture::new(&[reader(1)]).await;
    assert_eq!(fixture.text(), "loading…");
    let none = Part::Reader {
        letters: None,
        keep_previous: false,
        placeholder: None,
    };
    fixture.show(&[none]).await;
    assert_eq!(fixture.text(), "idle");
}

#[wasm_bindgen_test]
async fn two_hooks_render_component_once() {
    let fixture = Fixture::new(&[Part::Twice]).await;
    assert_eq!(fixture.open(), 1);
    fixture.answer(Ok("1a")).await;
    fixture.change(Ok("1b")).await;
    assert_eq!((fixture.text().as_str(), fixture.renders.of(TWICE)), ("b", 3));
}

#[wasm_bindgen_test]
async fn a_selection_renders_again_only_when_it_changes() {
    let fixture = Fixture::new(&[Part::Count]).await;
    fixture.answer(Ok("1a2b")).await;
    assert_eq!((fixture.text().as_str(), fixture.renders.of(COUNT)), ("2", 2));
    fixture.change(Ok("1a2B")).await;
    assert_eq!((fixture.text().as_str(), fixture.renders.of(COUNT)), ("2", 2));
    fixture.change(Ok("1a")).await;
    assert_eq!((fixture.text().as_str(), fixture.renders.of(COUNT)), ("1", 3));
}

#[wasm_bindgen_test]
async fn row_renders_without_its_list() {
    let fixture = Fixture::new(&[Part::Outline]).await;
    fixture.answer(Ok("1a2b")).await;
    let renders = || (fixture.renders.of(OUTLINE), fixture.renders.of(LINE));
    assert_eq!((fixture.text().as_str(), renders()), ("ab", (2, 2)));
    fixture.change(Ok("1a2B")).await;
    assert_eq!((fixture.text().as_str(), renders()), ("aB", (2, 3)));
    fixture.change(Ok("1a")).await;
    assert_eq!((fixture.text().as_str(), renders()), ("a", (3, 3)));
}

#[wasm_bindgen_test]
async fn added_rows_do_not_refetch_list() {
    let fixture = Fixture::new(&[Part::Outline]).await;
    // Makes all data stale.
    fixture.client.set_pushed(false);
    fixture.answer(Ok("1a2b")).await;
    assert_eq!((fixture.text().as_str(), fixture.open()), ("ab", 0));
    fixture.change(Ok("1a2b3c")).await;
    assert_eq!((fixture.text().as_str(), fixture.open()), ("abc", 0));
}

#[wasm_bindgen_test]
async fn prefetched_data_is_there_on_mount() {
    let mut fixture = Fixture::new(&[]).await;
    fixture.client.prefetch(&Letters(1));
    settle().await;
    fixture.answer(Ok("1a")).await;
    fixture.show(&[reader(1)]).await;
    assert_eq!((fixture.text().as_str(), fixture.open()), ("a", 0));
}

#[wasm_bindgen_test]
async fn selection_follows_what_is_selected() {
    let mut fixture = Fixture::new(&[Part::Selected(1)]).await;
    fixture.answer(Ok("1a2b")).await;
    assert_eq!(fixture.text(), "a");
    fixture.show(&[Part::Selected(2)]).await;
    assert_eq!(fixture.text(), "b");
    fixture.change(Ok("1a2c")).await;
    assert_eq!(fixture.text(), "c");
}
