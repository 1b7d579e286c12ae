//! The session and its end, against a server that answers as scripted.

#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and stands in for other tabs"
)]

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use common::{Channel, Place, settle, until};
use freshet::api::{Api, Kind};
use freshet::browser::storage;
use freshet::config::Config;
use freshet::session::{Farewell, Session, SessionHandle, SessionProvider, use_session};
use serde_json::{Value, json};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::{Credentials, UserId};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

#[derive(Clone, Default)]
struct Seen(Rc<RefCell<Option<SessionHandle>>>);

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Clone, PartialEq, Properties)]
struct PageProperties {
    api: Api,
    seen: Seen,
}

#[component]
fn Page(props: &PageProperties) -> Html {
    html! { <SessionProvider api={props.api.clone()}><Inner seen={props.seen.clone()} /></SessionProvider> }
}

#[derive(Clone, PartialEq, Properties)]
struct InnerProperties {
    seen: Seen,
}

#[component]
fn Inner(props: &InnerProperties) -> Html {
    let session = use_session();
    props.seen.0.replace(Some(session));
    Html::default()
}

fn user(id: u128) -> Value {
    json!({"status_code": 200, "data": {"id": UserId::from_u128(id), "email": "coach@example.com", "first_name": "Cora"}})
}

fn no_content() -> Value {
    json!({"status_code": 204, "data": null})
}

struct Fixture {
    channel: Channel,
    api: Api,
    seen: Seen,
    #[expect(dead_code, reason = "the page must stay where it is rendered")]
    place: Place,
}

impl Fixture {
    /// Opens a tab, with a server that has this answer to the request for the signed-in person.
    async fn new(status: u16, current: Value) -> Self {
        storage::remember_user(None);
        storage::set_sign_out_pending(false);
        Self::again(Channel::silent(), status, current).await
    }

    /// Does the same, without resetting the data that the browser has stored.
    async fn again(channel: Channel, status: u16, current: Value) -> Self {
        channel.answer("users/current", status, current).await;
        channel.answer("delete", 200, no_content()).await;
        let config = Config {
            api_base: channel.rest_url(),
            ..Config::parse("{}").unwrap()
        };
        let (api, seen, place) = (Api::new(&config), Seen::default(), Place::new());
        place.render::<Page>(PageProperties {
            api: api.clone(),
            seen: seen.clone(),
        });
        let fixture = Self {
            channel,
            api,
            seen,
            place,
        };
        settle().await;
        until("the server was asked", || {
            *fixture.handle().session() != Session::Restoring
        })
        .await;
        fixture
    }

    fn handle(&self) -> SessionHandle {
        self.seen.0.borrow().clone().unwrap()
    }

    fn farewell(&self) -> Option<Farewell> {
        match self.handle().session() {
            Session::SignedOut(farewell) => farewell.clone(),
            _ => None,
        }
    }

    async fn requests(&self, path: &str) -> u64 {
        self.channel.stats().await["rest"][path].as_u64().unwrap_or_default()
    }
}

#[wasm_bindgen_test]
async fn sign_out_runs_every_cleanup_once() {
    let fixture = Fixture::new(200, user(1)).await;
    let ran = Rc::new(RefCell::new(Vec::new()));
    let register = |name: &'static str, result: Result<(), String>| {
        let ran = Rc::clone(&ran);
        fixture.handle().on_sign_out(name, move |farewell| {
            assert_eq!(*farewell, Farewell::Forced("because".to_owned()), "it is told why");
            ran.borrow_mut().push(name);
            result.clone()
        })
    };
    let kept = (
        register("first", Ok(())),
        register("second", Err("on purpose".to_owned())),
        register("third", Ok(())),
    );
    drop(register("gone", Ok(())));

    let handle = fixture.handle();
    handle.sign_out(Farewell::Forced("because".to_owned()));
    handle.sign_out(Farewell::Asked);
    handle.sign_out(Farewell::Expired);
    settle().await;
    assert_eq!(*ran.borrow(), ["first", "second", "third"]);
    assert_eq!(
        fixture.farewell(),
        Some(Farewell::Forced("because".to_owned())),
        "the first call counts"
    );
    fixture.channel.wait("rest_path=delete&rest_count=1").await;
    settle().await;
    assert_eq!(fixture.requests("delete").await, 1);
    assert_eq!(storage::remembered_user(), None);
    drop(kept);
}

#[wasm_bindgen_test]
async fn expiry_keeps_data_and_sign_out_clears() {
    let fixture = Fixture::new(200, user(1)).await;
    let handle = fixture.handle();
    let guard = handle.on_sign_out("the changes", {
        let handle = handle.clone();
        move |farewell| {
            if *farewell == Farewell::Expired {
                handle.note_kept(3);
            }
            Ok(())
        }
    });
    handle.sign_out(Farewell::Expired);
    assert_eq!(handle.kept_changes(), 3);
    until("they are gone", || fixture.handle().user().is_none()).await;
    handle.restore();
    until("they are back", || fixture.handle().user().is_some()).await;
    handle.sign_out(Farewell::Asked);
    assert_eq!(handle.kept_changes(), 0);
    drop(guard);
}

#[wasm_bindgen_test]
async fn any_401_ends_the_session() {
    let fixture = Fixture::new(200, user(1)).await;
    let path = format!("users/{}/coaching-relationships", UserId::from_u128(1));
    fixture.channel.answer(&path, 401, json!("Unauthorized")).await;
    let error = fixture.api.relationships(UserId::from_u128(1)).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::Unauthorized);
    settle().await;
    assert_eq!(fixture.farewell(), Some(Farewell::Expired));
    assert_eq!(fixture.requests("delete").await, 0, "the server knows");
}

#[wasm_bindgen_test]
async fn an_answer_to_somebody_else_signs_nobody_out() {
    let fixture = Fixture::new(200, user(1)).await;
    let path = format!("users/{}/coaching-relationships", UserId::from_u128(1));
    fixture.channel.hold(&path).await;
    let api = fixture.api.clone();
    freshet::browser::spawn(async move { drop(api.relationships(UserId::from_u128(1)).await) });
    let wanted = format!("rest_path={path}&rest_count=1");
    fixture.channel.wait(&wanted).await;

    fixture.handle().sign_out(Farewell::Asked);
    settle().await;
    fixture.channel.answer("login", 200, user(2)).await;
    let credentials = Credentials {
        email: "b".to_owned(),
        password: "p".to_owned(),
    };
    fixture.handle().sign_in(&credentials).await.unwrap();
    fixture.channel.answer(&path, 401, json!("Unauthorized")).await;
    // A later request has been answered, so the held answer has arrived as well.
    drop(fixture.api.current_user().await);
    settle().await;
    let id = fixture.handle().user().map(|user| user.id);
    assert_eq!(id, Some(UserId::from_u128(2)));
}

#[wasm_bindgen_test]
async fn somebody_else_behind_the_cookie_ends_the_session() {
    let fixture = Fixture::new(200, user(1)).await;
    fixture.handle().check(|| {});
    fixture.channel.wait("rest_path=users/current&rest_count=2").await;
    settle().await;
    assert!(fixture.handle().user().is_some());
    // Another tab signs in another person. The server knows this before the storage event arrives.
    fixture.channel.answer("users/current", 200, user(2)).await;
    fixture.handle().check(|| {});
    until("it was noticed", || fixture.farewell() == Some(Farewell::Expired)).await;
    assert_eq!(
        fixture.requests("delete").await,
        0,
        "the session on the server is somebody else's"
    );
    storage::remember_user(None);
}

#[wasm_bindgen_test]
async fn other_tabs_sign_out_ends_session() {
    let fixture = Fixture::new(200, user(1)).await;
    let other = UserId::from_u128(2).to_string();
    storage::remember_user(Some(&other));
    fixture.handle().check(|| {});
    settle().await;
    assert_eq!(fixture.farewell(), Some(Farewell::Expired));
    assert_eq!(fixture.requests("users/current").await, 1, "the one at the start");
    assert_eq!(
        storage::remembered_user(),
        Some(other),
        "the other tab's person is not forgotten"
    );
    storage::remember_user(None);
}

#[wasm_bindgen_test]
async fn unrelated_storage_events_are_ignored() {
    let fixture = Fixture::new(200, user(1)).await;
    let tell = || {
        let event = Event::new("storage").unwrap();
        web_sys::window().unwrap().dispatch_event(&event).unwrap();
    };
    storage::set_has_unsent("another", true);
    tell();
    storage::set_has_unsent("another", false);
    tell();
    settle().await;
    assert_eq!(fixture.requests("users/current").await, 1, "the one at the start");
    storage::remember_user(None);
    tell();
    settle().await;
    assert_eq!(fixture.farewell(), Some(Farewell::Expired));
}

#[wasm_bindgen_test]
async fn cleared_records_sign_nobody_out() {
    let fixture = Fixture::new(200, user(1)).await;
    let clear = || {
        let window = web_sys::window().unwrap();
        window.local_storage().unwrap().unwrap().clear().unwrap();
        window.dispatch_event(&Event::new("storage").unwrap()).unwrap();
    };
    clear();
    fixture.channel.wait("rest_path=users/current&rest_count=2").await;
    let id = UserId::from_u128(1).to_string();
    until("it is remembered again", || {
        storage::remembered_user() == Some(id.clone())
    })
    .await;
    assert!(fixture.handle().user().is_some());

    // The cookie may be gone as well.
    fixture
        .channel
        .answer("users/current", 401, json!("Unauthorized"))
        .await;
    clear();
    until("it was noticed", || fixture.farewell() == Some(Farewell::Expired)).await;
    assert!(!storage::was_cleared(), "other tabs are told that nobody is signed in");
}

#[wasm_bindgen_test]
async fn wrong_credentials_are_an_answer_and_no_farewell() {
    let fixture = Fixture::new(401, json!("Unauthorized")).await;
    fixture.channel.answer("login", 401, json!("UNAUTHORIZED")).await;
    let credentials = Credentials {
        email: "a&b=c@example.com".to_owned(),
        password: "p+ä".to_owned(),
    };
    let error = fixture.handle().sign_in(&credentials).await.unwrap_err();
    assert_eq!(error.kind(), &Kind::WrongCredentials);
    assert_eq!(*fixture.handle().session(), Session::SignedOut(None));
    let stats = fixture.channel.stats().await;
    let login = stats["rest_requests"]
        .as_array()
        .unwrap()
        .iter()
        .find(|request| request["path"] == "login")
        .unwrap();
    assert_eq!(login["body"], "email=a%26b%3Dc%40example.com&password=p%2B%C3%A4");
}

#[wasm_bindgen_test]
async fn restore_falls_back_to_remembered_person() {
    storage::set_sign_out_pending(false);
    storage::remember_user(Some(&UserId::from_u128(7).to_string()));
    let channel = Channel::silent();
    channel
        .answer(&format!("users/{}", UserId::from_u128(7)), 200, user(7))
        .await;
    let fixture = Fixture::again(channel, 400, json!("Invalid URL: UUID parsing failed")).await;
    assert_eq!(fixture.handle().user().map(|user| user.id), Some(UserId::from_u128(7)));
}

#[wasm_bindgen_test]
async fn unreachable_server_keeps_session() {
    let fixture = Fixture::new(500, json!("INTERNAL SERVER ERROR")).await;
    assert!(matches!(fixture.handle().session(), Session::Unknown(_)));
    fixture.channel.answer("users/current", 200, user(1)).await;
    fixture.handle().restore();
    until("it was asked again", || fixture.handle().user().is_some()).await;
}

#[wasm_bindgen_test]
async fn session_check_retries_after_outage() {
    let fixture = Fixture::new(503, json!("SERVICE UNAVAILABLE")).await;
    assert!(matches!(fixture.handle().session(), Session::Unknown(_)));
    fixture.channel.wait("rest_path=users/current&rest_count=3").await;
    fixture.channel.answer("users/current", 200, user(1)).await;
    until("it was asked again", || fixture.handle().user().is_some()).await;
}

#[wasm_bindgen_test]
async fn offline_sign_out_stays_signed_out() {
    let fixture = Fixture::new(200, user(1)).await;
    fixture
        .channel
        .answer("delete", 503, json!("SERVICE UNAVAILABLE"))
        .await;
    fixture.handle().sign_out(Farewell::Asked);
    fixture.channel.wait("rest_path=delete&rest_count=1").await;
    settle().await;
    assert!(storage::is_sign_out_pending());

    // The app is loaded again, and the cookie is still valid.
    let again = Fixture::again(Channel::silent(), 200, user(1)).await;
    until("the server was told", || !storage::is_sign_out_pending()).await;
    assert_eq!(
        again.requests("delete").await,
        1,
        "the session is ended before anything is asked"
    );
    drop(fixture);
}
