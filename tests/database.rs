//! Records on disk are found again. Every failure of a disk is reported instead of awaited.

#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and stands in for other pages"
)]

mod common;
#[path = "common/indexed_db.rs"]
mod indexed_db;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use common::until;
use freshet::browser::database::{Database, DatabaseError, Record, Schema};
use indexed_db::{scripted, with_factory};
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{EventTarget, IdbDatabase, IdbTransactionMode};

wasm_bindgen_test_configure!(run_in_browser);

/// A limit, not an expectation.
const LIMIT: Duration = Duration::from_secs(20);
/// The time in which a browser surely reports that another connection blocks a request.
const PATIENCE: Duration = Duration::from_secs(3);
/// The time limit for an answer that surely does not come.
const SOON: Duration = Duration::from_millis(50);

const fn schema(name: &'static str, version: u32, stores: &'static [&'static str]) -> Schema {
    Schema { name, version, stores }
}

/// Opens a database without any content.
async fn fresh(name: &'static str) -> Database {
    Database::delete_database(name, LIMIT).await.unwrap();
    Database::open(&schema(name, 1, &["a", "b"]), LIMIT).await.unwrap()
}

fn record(note: &str, bytes: &[u8]) -> Record {
    Record {
        note: note.to_owned(),
        bytes: bytes.to_vec(),
    }
}

/// Opens a database like a tab that does not close it on request.
async fn stubborn(name: &str) -> IdbDatabase {
    let request = web_sys::window()
        .unwrap()
        .indexed_db()
        .unwrap()
        .unwrap()
        .open(name)
        .unwrap();
    until("the other page has opened it", || request.result().is_ok()).await;
    request.result().unwrap().unchecked_into()
}

#[wasm_bindgen_test]
async fn stored_record_outlives_page() {
    let database = fresh("found-again").await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let large = vec![7; 1 << 20];
    database
        .put("a", "k/é🎯", &record("\"note\"", &every_byte))
        .await
        .unwrap();
    database.put("a", "empty", &Record::default()).await.unwrap();
    database.put("b", "k/é🎯", &record("other", &large)).await.unwrap();
    drop(database);

    let database = Database::open(&schema("found-again", 1, &["a", "b"]), LIMIT)
        .await
        .unwrap();
    let found = database.get("a", "k/é🎯").await.unwrap();
    assert_eq!(found, Some(record("\"note\"", &every_byte)));
    assert_eq!(database.get("a", "empty").await.unwrap(), Some(Record::default()));
    assert_eq!(
        database.get("b", "k/é🎯").await.unwrap().unwrap().bytes.len(),
        large.len()
    );
    assert_eq!(database.get("a", "nothing").await.unwrap(), None);
}

#[wasm_bindgen_test]
async fn records_support_all_operations() {
    let database = fresh("listed").await;
    for (key, note) in [("2", "two"), ("10", "ten"), ("1", "one"), ("2", "second")] {
        database.put("a", key, &record(note, b"x")).await.unwrap();
    }
    let list = async |store| {
        let all = database.get_all(store).await.unwrap().into_iter();
        all.map(|(key, record)| format!("{key} {}", record.note))
            .collect::<Vec<_>>()
    };
    assert_eq!(list("a").await, ["1 one", "10 ten", "2 second"]);
    assert_eq!(list("b").await, [""; 0]);
    database.delete("a", "10").await.unwrap();
    database.delete("a", "nothing").await.unwrap();
    assert_eq!(list("a").await, ["1 one", "2 second"]);
    database.put("b", "1", &Record::default()).await.unwrap();
    database.clear("a").await.unwrap();
    assert_eq!(list("a").await, [""; 0]);
    assert_eq!(list("b").await, ["1 "]);
}

#[wasm_bindgen_test]
async fn upgrade_keeps_named_stores() {
    let database = fresh("upgraded").await;
    database.put("a", "k", &record("kept", b"")).await.unwrap();
    database.put("b", "k", &record("gone", b"")).await.unwrap();
    let database = Database::open(&schema("upgraded", 2, &["c", "a"]), LIMIT)
        .await
        .unwrap();
    assert_eq!(database.get("a", "k").await.unwrap(), Some(record("kept", b"")));
    assert_eq!(database.get_all("c").await.unwrap(), []);
    let gone = database.get("b", "k").await.unwrap_err();
    assert_eq!(gone, DatabaseError::Failed("NotFoundError".to_owned()));

    let older = Database::open(&schema("upgraded", 1, &["a"]), LIMIT).await.unwrap_err();
    assert_eq!(older, DatabaseError::Newer);
    assert!(database.is_open());
}

#[wasm_bindgen_test]
async fn upgraded_database_closes() {
    let old = fresh("let-go").await;
    old.put("a", "k", &Record::default()).await.unwrap();
    let new = Database::open(&schema("let-go", 2, &["a"]), LIMIT).await.unwrap();
    assert!(!old.is_open() && new.is_open());
    for error in [
        old.put("a", "k", &Record::default()).await.unwrap_err(),
        old.get("a", "k").await.unwrap_err(),
        old.get_all("a").await.unwrap_err(),
        old.delete("a", "k").await.unwrap_err(),
        old.clear("a").await.unwrap_err(),
    ] {
        assert_eq!(error, DatabaseError::Closed);
    }
    Database::delete_database("let-go", LIMIT).await.unwrap();
    assert!(!new.is_open());
}

#[wasm_bindgen_test]
async fn blocked_open_does_not_wait() {
    drop(fresh("held").await);
    let other = stubborn("held").await;
    let newer = schema("held", 2, &["a"]);
    let upgrade = Database::open(&newer, PATIENCE).await.unwrap_err();
    assert_eq!(upgrade, DatabaseError::Blocked);
    // The browser still has the request. It carries it out once the other tab closes its connection, and leaves no
    // connection open.
    other.close();
    drop(Database::open(&newer, LIMIT).await.unwrap());

    let other = stubborn("held").await;
    let deletion = Database::delete_database("held", PATIENCE).await.unwrap_err();
    assert_eq!(deletion, DatabaseError::Blocked);
    other.close();
    let database = Database::open(&newer, LIMIT).await.unwrap();
    assert_eq!(database.get_all("a").await.unwrap(), []);
}

#[wasm_bindgen_test]
async fn a_database_that_is_dropped_is_closed() {
    drop(fresh("dropped").await);
    // No handler is left that would close the database on request. An open connection would block the deletion.
    Database::delete_database("dropped", PATIENCE).await.unwrap();
}

#[wasm_bindgen_test]
async fn late_opened_database_is_closed() {
    let factory = scripted(
        "const result = fake(IDBDatabase, { close: () => { request.isClosed = true; } });
         globalThis.request = fake(IDBOpenDBRequest, { result, error: null });
         return request;",
    );
    let schema = schema("given-up", 1, &["a"]);
    with_factory(&factory, async {
        let mut opening = pin!(Database::open(&schema, LIMIT));
        let begun = poll_fn(|cx| Poll::Ready(opening.as_mut().poll(cx).is_pending())).await;
        assert!(begun);
    })
    .await;
    let global = |script: &str| js_sys::Function::new_no_args(script).call0(&JsValue::NULL).unwrap();
    global("request.dispatchEvent(new Event('success'))");
    until("it is closed", || global("return request.isClosed").is_truthy()).await;
}

#[wasm_bindgen_test]
async fn a_browser_without_a_database_says_so() {
    let schema = schema("missing", 1, &["a"]);
    for missing in [JsValue::UNDEFINED, JsValue::NULL] {
        let error = with_factory(&missing, Database::open(&schema, LIMIT))
            .await
            .unwrap_err();
        assert_eq!(error, DatabaseError::Missing);
        let error = with_factory(&missing, Database::delete_database("missing", LIMIT))
            .await
            .unwrap_err();
        assert_eq!(error, DatabaseError::Missing);
    }
}

#[wasm_bindgen_test]
async fn a_database_that_never_answers_is_given_up() {
    // An event target that never receives an event.
    let factory = scripted("return fake(IDBOpenDBRequest, {})");
    let schema = schema("silent", 1, &["a"]);
    let error = with_factory(&factory, Database::open(&schema, SOON)).await.unwrap_err();
    assert_eq!(error, DatabaseError::TimedOut);
}

#[wasm_bindgen_test]
async fn failed_database_explains_itself() {
    // A browser without permission, or with a damaged disk, answers the request with an error.
    for (name, expected) in [
        ("UnknownError", DatabaseError::Failed("UnknownError".to_owned())),
        ("QuotaExceededError", DatabaseError::Full),
    ] {
        let factory = scripted(&format!(
            "const request = fake(IDBOpenDBRequest, {{ error: new DOMException('', '{name}') }});
             queueMicrotask(() => request.dispatchEvent(new Event('error')));
             return request;"
        ));
        let schema = schema("broken", 1, &["a"]);
        let error = with_factory(&factory, Database::open(&schema, LIMIT))
            .await
            .unwrap_err();
        assert_eq!(error, expected);
    }
}

#[wasm_bindgen_test]
async fn quota_failure_at_commit_is_an_error() {
    let database = fresh("full").await;
    // The request for the write succeeds, and the transaction fails afterwards.
    let script = "const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (value, key) {
            IDBObjectStore.prototype.put = put;
            const request = this.put(value, key), transaction = this.transaction;
            request.addEventListener('success', () => {
                Object.defineProperty(transaction, 'error', { value: new DOMException('', 'QuotaExceededError') });
                transaction.abort();
            });
            return request;
        };";
    js_sys::Function::new_no_args(script).call0(&JsValue::NULL).unwrap();
    let error = database.put("a", "k", &record("", b"x")).await.unwrap_err();
    assert_eq!(error, DatabaseError::Full);
    assert_eq!(database.get("a", "k").await.unwrap(), None);
    database.put("a", "k", &record("", b"x")).await.unwrap();
}

#[wasm_bindgen_test]
async fn foreign_record_is_unreadable() {
    drop(fresh("foreign").await);
    let other = stubborn("foreign").await;
    let transaction = other
        .transaction_with_str_and_mode("a", IdbTransactionMode::Readwrite)
        .unwrap();
    let request = transaction
        .object_store("a")
        .unwrap()
        .put_with_key(&"text".into(), &"k".into())
        .unwrap();
    until("the other page has written", || request.result().is_ok()).await;
    other.close();
    let database = Database::open(&schema("foreign", 1, &["a", "b"]), LIMIT).await.unwrap();
    assert_eq!(database.get("a", "k").await.unwrap_err(), DatabaseError::Corrupt);
    assert_eq!(database.get_all("a").await.unwrap_err(), DatabaseError::Corrupt);
    // The unreadable record can be deleted.
    database.clear("a").await.unwrap();
    assert_eq!(database.get_all("a").await.unwrap(), []);
}

#[wasm_bindgen_test]
async fn removed_database_is_closed() {
    // Browsers do this when a person deletes the data of a site. A test can not trigger it, so it is simulated.
    let factory = scripted(
        "globalThis.takenAway = fake(IDBDatabase, { close: () => {} });
         const request = fake(IDBOpenDBRequest, { result: takenAway, error: null });
         queueMicrotask(() => request.dispatchEvent(new Event('success')));
         return request;",
    );
    let schema = schema("taken-away", 1, &["a"]);
    let database = with_factory(&factory, Database::open(&schema, LIMIT)).await.unwrap();
    let target: EventTarget = Reflect::get(&js_sys::global(), &"takenAway".into())
        .unwrap()
        .unchecked_into();
    assert!(database.is_open());
    target.dispatch_event(&web_sys::Event::new("close").unwrap()).unwrap();
    assert!(!database.is_open());
    assert_eq!(database.clear("a").await.unwrap_err(), DatabaseError::Closed);
}
