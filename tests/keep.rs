//! The persisted state: the data that was shown last, and unsent mutations.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

#[path = "common/clocks.rs"]
mod clocks;
mod common;
#[path = "common/indexed_db.rs"]
mod indexed_db;
#[path = "common/live.rs"]
mod live;
#[path = "common/words.rs"]
mod words;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use clocks::set_clock;
use common::{Place, settle, until};
use freshet::browser::database::{Database, Record, Schema};
use freshet::browser::{clock, storage};
use freshet::query::{QueryClient, QueryProvider, UseMutation, View, use_mutation, use_pending, use_query};
use indexed_db::{scripted, with_factory};
use js_sys::{Function, Reflect};
use live::Pretence;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use words::{Server, Word, Write};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

/// A limit, not an expectation.
const LIMIT: Duration = Duration::from_secs(20);
/// The schema of the cache.
const SCHEMA: Schema = Schema {
    name: "freshet",
    version: 1,
    stores: &["data", "mutations"],
};

type Change = Rc<RefCell<Option<UseMutation<Write>>>>;

#[derive(Clone, PartialEq, Properties)]
struct PageProperties {
    client: QueryClient<Server>,
    change: ChangeSlot,
}

#[derive(Clone, Default)]
struct ChangeSlot(Change);

impl PartialEq for ChangeSlot {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[component]
fn Page(props: &PageProperties) -> Html {
    html! {
        <QueryProvider<Server> client={props.client.clone()}>
            <Show change={props.change.clone()} />
        </QueryProvider<Server>>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct ShowProperties {
    change: ChangeSlot,
}

#[component]
fn Show(props: &ShowProperties) -> Html {
    let word = use_query(Word(1));
    let unsent = use_pending::<Server>();
    props.change.0.replace(Some(use_mutation::<Write>()));
    let text = match word.view() {
        View::Ready { data, .. } => (*data).clone(),
        _ => "nothing".to_owned(),
    };
    html! { <p>{ text }{ if word.is_stale() { ", old" } else { "" } }{ format!(", {unsent} unsent") }</p> }
}

/// One visit to the app.
struct Visit {
    server: Server,
    client: QueryClient<Server>,
    change: ChangeSlot,
    place: Place,
    app: Option<AppHandle<Page>>,
}

impl Visit {
    /// Opens a tab that shows a word to this signed-in person.
    async fn of(owner: &str) -> Self {
        storage::remember_user(Some(owner));
        let visit = Self::of_nobody();
        visit.client.remember_for(owner);
        settle().await;
        visit
    }

    /// Opens a tab that shows a word, before the person is known.
    fn of_nobody() -> Self {
        let (server, change, place) = (Server::default(), ChangeSlot::default(), Place::new());
        let client = QueryClient::new(server.clone());
        client.register::<Write>();
        client.set_pushed(true);
        let app = place.render::<Page>(PageProperties {
            client: client.clone(),
            change: change.clone(),
        });
        Self {
            server,
            client,
            change,
            place,
            app: Some(app),
        }
    }

    async fn shows(&self, text: &str) {
        until(text, || self.place.text() == text).await;
    }

    fn change_to(&self, text: &str) {
        let change = self.change.0.borrow().clone().unwrap();
        change.run(Write(1, text.to_owned()));
    }

    /// Answers every request with this word until no mutation is pending.
    async fn settles(&self, word: &str) {
        until("it is answered", || {
            if self.server.open() > 0 {
                self.server.answer(Ok(word));
            }
            self.client.pending() == 0
        })
        .await;
    }

    /// Closes the tab without a sign-out.
    fn end(mut self) {
        self.change.0.take();
        self.app.take().unwrap().destroy();
    }
}

/// Deletes everything that earlier visits have persisted.
async fn fresh() {
    Database::delete_database(SCHEMA.name, LIMIT).await.unwrap();
    for tab in storage::tabs_with_unsent().unwrap() {
        storage::set_has_unsent(&tab, false);
    }
}

async fn kept(store: &str) -> Vec<(String, Record)> {
    let database = Database::open(&SCHEMA, LIMIT).await.unwrap();
    database.get_all(store).await.unwrap()
}

/// Waits until the store contains this many records.
async fn until_kept(store: &str, count: usize) -> Vec<(String, Record)> {
    let begun = clock::now();
    loop {
        let records = kept(store).await;
        if records.len() == count {
            return records;
        }
        assert!(
            clock::now().since(begun) < LIMIT,
            "waited in vain for {count} in {store}"
        );
        settle().await;
    }
}

/// Makes a visit that fetches and persists this word.
async fn visit_that_read(owner: &str, word: &str) {
    let visit = Visit::of(owner).await;
    until("it is asked for", || visit.server.open() == 1).await;
    visit.server.answer(Ok(word));
    visit.shows(&format!("{word}, 0 unsent")).await;
    until_kept_is(word).await;
    visit.end();
}

/// Waits until this word is the only persisted data.
async fn until_kept_is(word: &str) {
    let begun = clock::now();
    while until_kept("data", 1).await[0].1.bytes != word.as_bytes() {
        assert!(
            clock::now().since(begun) < LIMIT,
            "waited in vain for {word} to be kept"
        );
        settle().await;
    }
}

#[wasm_bindgen_test]
async fn persisted_data_shows_as_stale() {
    fresh().await;
    visit_that_read("me", "hello").await;
    let visit = Visit::of("me").await;
    visit.shows("hello, old, 0 unsent").await;
    assert_eq!(visit.server.open(), 1, "and it is read");
    visit.server.answer(Ok("hello again"));
    visit.shows("hello again, 0 unsent").await;
    visit.end();
}

#[wasm_bindgen_test]
async fn early_fetch_wins_over_disk() {
    fresh().await;
    visit_that_read("me", "old").await;
    let visit = Visit::of_nobody();
    until("it is asked for", || visit.server.open() == 1).await;
    visit.client.remember_for("me");
    visit.server.answer(Ok("new"));
    visit.shows("new, 0 unsent").await;
    until_kept_is("new").await;
    visit.end();
}

#[wasm_bindgen_test]
async fn persisted_data_belongs_to_one_person() {
    fresh().await;
    visit_that_read("somebody", "secret").await;
    let visit = Visit::of("me").await;
    until_kept("data", 0).await;
    assert_eq!(visit.place.text(), "nothing, 0 unsent");
    visit.end();
}

#[wasm_bindgen_test]
async fn signing_out_leaves_nothing_on_this_device() {
    fresh().await;
    visit_that_read("me", "secret").await;
    let visit = Visit::of("me").await;
    visit.shows("secret, old, 0 unsent").await;
    visit.client.set_pushed(false);
    visit.client.set_online(false);
    visit.change_to("more secrets");
    until_kept("mutations", 1).await;
    visit.client.clear();
    until_kept("data", 0).await;
    until_kept("mutations", 0).await;
    visit.end();
}

#[wasm_bindgen_test]
async fn early_sign_out_clears_disk() {
    fresh().await;
    visit_that_read("me", "secret").await;
    let client = QueryClient::new(Server::default());
    client.remember_for("me");
    client.clear();
    until_kept("data", 0).await;
}

#[wasm_bindgen_test]
async fn early_operations_reach_disk() {
    fresh().await;
    let visit = Visit::of_nobody();
    settle().await;
    visit.client.set_pushed(false);
    visit.client.set_online(false);
    visit.client.remember_for("me");
    visit.change_to("early");
    until_kept("mutations", 1).await;
    visit.end();
}

#[wasm_bindgen_test]
async fn a_damaged_record_is_dropped_and_breaks_nothing() {
    fresh().await;
    visit_that_read("me", "hello").await;
    let (address, good) = kept("data").await.remove(0);
    let notes = [good.note.as_str(), "", "me", "me\nnever", "me\n1"];
    for (note, bytes) in notes
        .into_iter()
        .flat_map(|note| [(note, &b"\xff\xfe"[..]), (note, b"")])
    {
        let record = Record {
            note: note.to_owned(),
            bytes: bytes.to_vec(),
        };
        let database = Database::open(&SCHEMA, LIMIT).await.unwrap();
        database.put("data", &address, &record).await.unwrap();
        database.put("mutations", "1", &record).await.unwrap();
        drop(database);
        let visit = Visit::of("me").await;
        until_kept("mutations", 0).await;
        until("it is asked for", || visit.server.open() == 1).await;
        visit.server.answer(Ok("fine"));
        visit.shows("fine, 0 unsent").await;
        visit.end();
    }
}

#[wasm_bindgen_test]
async fn unsent_mutation_is_sent_next_visit() {
    fresh().await;
    visit_that_read("me", "hello").await;
    let visit = Visit::of("me").await;
    visit.shows("hello, old, 0 unsent").await;
    visit.server.answer(Ok("hello"));
    visit.shows("hello, 0 unsent").await;
    visit.client.set_pushed(false);
    visit.client.set_online(false);
    visit.change_to("bye");
    visit.change_to("bye bye");
    until_kept("mutations", 2).await;
    assert_eq!(visit.server.1.borrow().len(), 0, "there is no network");
    visit.end();

    let visit = Visit::of("me").await;
    visit.shows("bye bye, old, 2 unsent").await;
    until("the first is sent", || visit.server.1.borrow().len() == 1).await;
    assert_eq!(visit.server.open(), 1, "and nothing is read yet");
    visit.server.answer(Ok("bye"));
    until("the second is sent", || visit.server.1.borrow().len() == 2).await;
    visit.server.answer(Ok("bye bye"));
    until("it is read", || visit.server.open() == 1).await;
    assert_eq!(visit.place.text(), "bye bye, old, 0 unsent");
    visit.server.answer(Ok("bye bye"));
    visit.shows("bye bye, 0 unsent").await;
    until_kept("mutations", 0).await;
    visit.end();
}

#[wasm_bindgen_test]
async fn changes_keep_their_order_when_clocks_go_back() {
    let contents = |kept: Vec<(String, Record)>| -> Vec<String> {
        let bytes = kept.into_iter().map(|(_, record)| record.bytes);
        bytes.map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    };
    let offline = async || {
        let visit = Visit::of("me").await;
        visit.client.set_pushed(false);
        visit.client.set_online(false);
        visit
    };
    fresh().await;
    let visit = offline().await;
    visit.change_to("one");
    let first = set_clock(-3_600_000.0);
    visit.change_to("two");
    until_kept("mutations", 2).await;
    visit.end();
    // The order depends neither on the visit that hydrates the mutations nor on its time of day.
    let visit = offline().await;
    visit.shows("nothing, 2 unsent").await;
    let second = set_clock(-86_400_000.0);
    visit.change_to("three");
    let kept = contents(until_kept("mutations", 3).await);
    for (content, word) in kept.iter().zip(["one", "two", "three"]) {
        assert!(content.contains(word), "{kept:?}");
    }
    visit.end();
    drop(second);
    drop(first);
}

/// Returns whether a new visit fetches data while the disk never answers.
async fn reads_at_once() -> bool {
    with_factory(&scripted("return fake(IDBOpenDBRequest, {})"), async {
        let visit = Visit::of("me").await;
        let reads = visit.server.open() > 0;
        visit.end();
        reads
    })
    .await
}

#[wasm_bindgen_test]
async fn reads_skip_disk_without_unsent_mutations() {
    fresh().await;
    assert!(reads_at_once().await, "nobody was here");

    let visit = Visit::of("me").await;
    visit.change_to("hello");
    until("it is sent", || visit.server.1.borrow().len() == 1).await;
    assert_eq!(storage::tabs_with_unsent().unwrap().len(), 1, "and not answered");
    visit.settles("hello").await;
    visit.end();
    assert!(reads_at_once().await, "everything was sent");

    let visit = Visit::of("me").await;
    visit.client.set_pushed(false);
    visit.client.set_online(false);
    visit.change_to("bye");
    until_kept("mutations", 1).await;
    visit.end();
    assert_eq!(storage::tabs_with_unsent().unwrap().len(), 1);
    // A disk that could not be read gives no information about its content.
    reads_at_once().await;
    assert_eq!(storage::tabs_with_unsent().unwrap().len(), 1);

    // The next visit takes over the mutation, and deletes its records once it is settled.
    let visit = Visit::of("me").await;
    until("it is sent", || visit.server.1.borrow().len() == 1).await;
    visit.settles("bye").await;
    assert_eq!(storage::tabs_with_unsent().unwrap(), [""; 0]);
    visit.end();
}

#[wasm_bindgen_test]
async fn non_idempotent_mutation_is_not_resent() {
    fresh().await;
    let visit = Visit::of("me").await;
    until("the disk has been read", || visit.server.open() == 1).await;
    visit.server.2.set(true);
    visit.client.set_pushed(false);
    visit.client.set_online(false);
    visit.change_to("once");
    until_kept("mutations", 1).await;
    visit.client.set_online(true);
    until("it is sent", || visit.server.1.borrow().len() == 1).await;
    visit.end();
    let next = Visit::of_nobody();
    next.server.2.set(true);
    next.client.remember_for("me");
    until_kept("mutations", 0).await;
    until("the disk has been read", || next.server.open() == 1).await;
    assert_eq!((next.server.1.borrow().len(), next.client.pending()), (0, 0));
    next.end();
}

#[wasm_bindgen_test]
async fn living_tab_keeps_its_unsent_mutations() {
    fresh().await;
    let first = Visit::of("me").await;
    first.client.set_pushed(false);
    first.client.set_online(false);
    first.change_to("mine");
    let written = until_kept("mutations", 1).await;
    let second = Visit::of("me").await;
    until("it has looked", || second.server.open() == 1).await;
    settle().await;
    assert_eq!(kept("mutations").await, written);
    assert_eq!(second.place.text(), "nothing, 0 unsent");
    second.end();
    first.end();
    let third = Visit::of("me").await;
    until("it is sent", || !third.server.1.borrow().is_empty()).await;
    third.end();
}

/// Makes a visit that ends because the session has expired, with an unsent mutation.
async fn visit_that_expired(owner: &str, word: &str) {
    let visit = Visit::of(owner).await;
    visit.client.set_pushed(false);
    visit.client.set_online(false);
    visit.change_to(word);
    assert_eq!(visit.client.clear_but_unsent(), 1);
    until_kept("data", 0).await;
    until_kept("mutations", 1).await;
    assert_eq!(visit.client.pending(), 0);
    assert_eq!(visit.place.text(), "nothing, 0 unsent", "nobody sees it");
    visit.end();
}

#[wasm_bindgen_test]
async fn returning_person_sends_unsent_mutations() {
    fresh().await;
    visit_that_expired("me", "late").await;
    let visit = Visit::of("me").await;
    until("it is sent", || visit.server.1.borrow().len() == 1).await;
    visit.client.clear();
    until_kept("mutations", 0).await;
    visit.end();
}

#[wasm_bindgen_test]
async fn settled_tab_keeps_others_unsent_mutations() {
    fresh().await;
    let first = Visit::of("me").await;
    first.client.set_pushed(false);
    first.client.set_online(false);
    first.change_to("mine");
    let written = until_kept("mutations", 1).await;
    let second = Visit::of("me").await;
    until("it has looked", || second.server.open() == 1).await;
    assert_eq!(second.client.clear_but_unsent(), 0);
    until_kept("data", 0).await;
    assert_eq!(first.client.clear_but_unsent(), 1);
    assert_eq!(kept("mutations").await, written);
    first.end();
    second.end();
}

#[wasm_bindgen_test]
async fn other_person_deletes_unsent_mutations() {
    fresh().await;
    visit_that_expired("me", "late").await;
    let visit = Visit::of("somebody").await;
    until_kept("mutations", 0).await;
    assert_eq!((visit.server.1.borrow().len(), visit.client.pending()), (0, 0));
    visit.end();
}

/// Starts a visit without a network.
async fn visit_offline() -> Visit {
    let visit = Visit::of("me").await;
    visit.client.set_pushed(false);
    visit.client.set_online(false);
    visit
}

#[wasm_bindgen_test]
async fn change_that_nothing_keeps_survives_an_expired_session() {
    fresh().await;
    let broken = scripted("throw new DOMException('not here', 'SecurityError');");
    with_factory(&broken, async {
        let visit = visit_offline().await;
        visit.change_to("written");
        until("the browser has said no", || visit.client.has_unkept_mutations()).await;
        assert_eq!(visit.client.clear_but_unsent(), 1);
        assert_eq!(visit.client.pending(), 0);
        visit.client.remember_for("me");
        until("it is taken up", || visit.client.pending() == 1).await;
        assert_eq!(visit.client.clear_but_unsent(), 1);
        visit.client.remember_for("somebody else");
        visit.settles("nothing is left").await;
        assert!(
            visit.server.1.borrow().is_empty(),
            "nothing was sent for another person"
        );
        // A database that is still being opened is not needed any more.
        visit.client.clear();
        visit.end();
    })
    .await;
}

#[wasm_bindgen_test]
async fn database_that_was_taken_away_is_written_again() {
    fresh().await;
    let visit = visit_offline().await;
    visit.change_to("one");
    until_kept("mutations", 1).await;
    assert!(!visit.client.has_unkept_mutations());
    // As "clear site data" does.
    Database::delete_database(SCHEMA.name, LIMIT).await.unwrap();
    visit.change_to("two");
    until_kept("mutations", 2).await;
    until("both are kept", || !visit.client.has_unkept_mutations()).await;
    visit.end();
}

/// A replacement of a method of the browser's database, until it is dropped. The script has the arguments `given`, the
/// `real` method, and `patched.count`.
struct Patched(
    Function,
    #[expect(dead_code, reason = "held so that it lives")] Pretence,
);

impl Patched {
    fn new(class: &str, method: &str, script: &str) -> Self {
        let script = format!(
            "const real = globalThis[class_].prototype[method];
             const patched = function (...given) {{ {script} }};
             patched.count = 0;
             return patched;"
        );
        let patched: Function = Function::new_with_args("class_, method", &script)
            .call2(&JsValue::NULL, &class.into(), &method.into())
            .unwrap()
            .unchecked_into();
        let class = Reflect::get(&js_sys::global(), &class.into()).unwrap();
        let prototype: js_sys::Object = Reflect::get(&class, &"prototype".into()).unwrap().unchecked_into();
        let pretence = Pretence::new(prototype, method, &patched);
        Self(patched, pretence)
    }

    /// Returns the value of `patched.count`.
    fn count(&self) -> u32 {
        let count = Reflect::get(&self.0, &"count".into()).unwrap().as_f64().unwrap();
        format!("{count}").parse().unwrap()
    }
}

/// Makes the disk reject every record with this word.
fn disk_without_room_for(word: &str) -> Patched {
    Patched::new(
        "IDBObjectStore",
        "put",
        &format!(
            "if (new TextDecoder().decode(given[0][1]).includes('{word}')) {{
                 patched.count += 1;
                 throw new DOMException('', 'QuotaExceededError');
             }}
             return real.apply(this, given);"
        ),
    )
}

/// Returns the mutations on the disk, in order: their keys and their content.
async fn written() -> Vec<(String, String)> {
    let records = kept("mutations").await.into_iter();
    let read = |(_, record): (String, Record)| {
        let key = record.note.lines().nth(4).unwrap().to_owned();
        (key, String::from_utf8(record.bytes).unwrap())
    };
    records.map(read).collect()
}

/// Waits until exactly these mutations are on the disk, in this order. Returns their keys.
async fn until_written(words: &[&str]) -> Vec<String> {
    let begun = clock::now();
    loop {
        let written = written().await;
        let is_it = |((_, content), word): (&(String, String), &&str)| content.contains(&format!("\"{word}\""));
        if written.len() == words.len() && written.iter().zip(words).all(is_it) {
            return written.into_iter().map(|(key, _)| key).collect();
        }
        assert!(
            clock::now().since(begun) < LIMIT,
            "waited in vain for {words:?}: {written:?}"
        );
        settle().await;
    }
}

#[wasm_bindgen_test]
async fn change_too_large_for_disk_is_no_loop() {
    fresh().await;
    let visit = visit_offline().await;
    let refusal = disk_without_room_for("large");
    visit.change_to("large");
    until("it is refused", || refusal.count() == 1).await;
    assert!(visit.client.has_unkept_mutations());
    for (small, tries) in [("one", 2), ("two", 3)] {
        visit.change_to(small);
        until("it is tried again", || refusal.count() == tries).await;
        settle().await;
        assert!(visit.client.has_unkept_mutations(), "the small ones are not all");
    }
    until_written(&["one", "two"]).await;
    assert_eq!(refusal.count(), 3, "once for each that was taken");
    drop(refusal);
    visit.change_to("three");
    until_written(&["large", "one", "two", "three"]).await;
    until("all are kept", || !visit.client.has_unkept_mutations()).await;
    visit.end();
}

#[wasm_bindgen_test]
async fn refused_change_keeps_its_place_among_kept_ones() {
    fresh().await;
    let visit = visit_offline().await;
    let refusal = disk_without_room_for("large");
    for word in ["one", "large", "two"] {
        visit.change_to(word);
    }
    let keys = until_written(&["one", "two"]).await;
    until("the other is refused", || visit.client.has_unkept_mutations()).await;
    assert_eq!(visit.client.clear_but_unsent(), 3);
    drop(refusal);
    visit.client.remember_for("me");
    until("they are taken up", || visit.client.pending() == 3).await;
    let all = until_written(&["one", "large", "two"]).await;
    assert_eq!([&all[0], &all[2]], [&keys[0], &keys[1]]);
    visit.client.set_online(true);
    visit.settles("whatever").await;
    let sent: Vec<String> = visit.server.1.borrow().iter().map(ToString::to_string).collect();
    assert_eq!(sent, all);
    visit.end();
}

#[wasm_bindgen_test]
async fn signing_out_on_purpose_takes_refused_changes_along() {
    fresh().await;
    let visit = visit_offline().await;
    let refusal = disk_without_room_for("large");
    visit.change_to("large");
    until("it is refused", || refusal.count() == 1).await;
    assert_eq!(visit.client.clear_but_unsent(), 1);
    visit.client.remember_for("me");
    // Before the mutation is hydrated.
    visit.client.clear();
    assert!(!visit.client.has_unkept_mutations());
    drop(refusal);
    visit.end();
}

/// Makes a visit whose mutation is sent and answered, on a disk that fails to delete it.
async fn visit_that_could_not_delete(word: &str) -> Visit {
    let visit = Visit::of("me").await;
    visit.change_to(word);
    // Without the record there would be nothing to delete.
    until_written(&[word]).await;
    let refusal = Patched::new(
        "IDBObjectStore",
        "delete",
        "patched.count += 1; throw new DOMException('', 'UnknownError');",
    );
    visit.settles(word).await;
    until("it was to be deleted", || refusal.count() > 0).await;
    until_written(&[word]).await;
    visit
}

#[wasm_bindgen_test]
async fn settled_change_is_deleted_once_the_disk_can() {
    fresh().await;
    let visit = visit_that_could_not_delete("old").await;
    visit.client.set_pushed(false);
    visit.client.set_online(false);
    visit.change_to("new");
    until_written(&["new"]).await;
    visit.end();
}

#[wasm_bindgen_test]
async fn settled_change_is_not_taken_up_after_return() {
    fresh().await;
    let visit = visit_that_could_not_delete("old").await;
    assert_eq!(visit.client.clear_but_unsent(), 0);
    visit.client.remember_for("me");
    until_written(&[]).await;
    assert_eq!((visit.server.1.borrow().len(), visit.client.pending()), (1, 0));
    visit.end();
}

#[wasm_bindgen_test]
async fn settled_change_is_deleted_when_disk_comes_back() {
    fresh().await;
    let visit = visit_offline().await;
    visit.change_to("one");
    until_written(&["one"]).await;
    // The browser removes the database upon the first access.
    let closing = Patched::new(
        "IDBDatabase",
        "transaction",
        "patched.count += 1; this.dispatchEvent(new Event('close')); throw new DOMException('', 'InvalidStateError');",
    );
    visit.change_to("two");
    until("it is closed", || closing.count() > 0).await;
    drop(closing);
    let broken = scripted("throw new DOMException('not here', 'SecurityError');");
    with_factory(&broken, async {
        visit.client.set_online(true);
        visit.settles("two").await;
        settle().await;
    })
    .await;
    until_written(&["one"]).await;
    visit.client.set_online(false);
    visit.change_to("three");
    until_written(&["three"]).await;
    assert_eq!(visit.server.1.borrow().len(), 2);
    visit.end();
}

#[wasm_bindgen_test]
async fn change_of_another_version_is_left_to_it() {
    fresh().await;
    visit_offline_that_wrote("later").await;
    // A version of the app that has registered no mutations.
    for _ in 0..2 {
        storage::remember_user(Some("me"));
        let server = Server::default();
        let client = QueryClient::new(server.clone());
        client.remember_for("me");
        until("it is looked at", || storage::tabs_with_unsent().unwrap().is_empty()).await;
        until_written(&["later"]).await;
        assert_eq!((client.pending(), client.has_unkept_mutations()), (0, false));
        assert!(reads_at_once().await, "nobody waits for it");
        assert_eq!(client.clear_but_unsent(), 0);
    }
    let visit = Visit::of("me").await;
    until("it is sent", || visit.server.1.borrow().len() == 1).await;
    visit.settles("later").await;
    until_written(&[]).await;
    visit.end();
}

/// Makes a visit that ends with an unsent mutation.
async fn visit_offline_that_wrote(word: &str) {
    let visit = visit_offline().await;
    visit.change_to(word);
    until_written(&[word]).await;
    visit.end();
}
