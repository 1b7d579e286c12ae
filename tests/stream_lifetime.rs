//! There is one stream while a person is signed in, and none otherwise. Against real streams.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use common::{Channel, Place, settle, until};
use freshet::backoff::Backoff;
use freshet::browser::clock;
use freshet::sse::{
    Address, Settings, SseProvider, State, Status, use_sse_event, use_sse_reports, use_sse_state, use_sse_status,
};
use serde_json::json;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::EventKind;
use yew::prelude::*;
use yewdux::YewduxRoot;

wasm_bindgen_test_configure!(run_in_browser);

/// The observations of the tab.
#[derive(Clone, Default)]
struct Seen(Rc<Inside>);

#[derive(Default)]
struct Inside {
    status: RefCell<Status>,
    renders: Cell<usize>,
    state_renders: Cell<usize>,
    events: RefCell<Vec<(usize, String)>>,
    reports: Cell<usize>,
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Seen {
    fn state(&self) -> State {
        self.0.status.borrow().state
    }

    fn events(&self) -> Vec<(usize, String)> {
        self.0.events.borrow().clone()
    }
}

#[derive(Clone, PartialEq, Properties)]
struct PageProperties {
    url: AttrValue,
    signed_in: bool,
    seen: Seen,
    /// A number that changes with every render that the test requests.
    #[prop_or_default]
    version: usize,
}

#[component]
fn Page(props: &PageProperties) -> Html {
    let settings = Settings {
        backoff: Backoff {
            base: Duration::from_millis(20),
            jitter: 0.0,
            ..Backoff::default()
        },
        min_open_gap: Duration::from_millis(10),
        ..Settings::default()
    };
    let address = Address {
        stream: props.url.to_string(),
        ..Address::default()
    };
    // Tabs of the same person share a stream, and all tests run in one document.
    let person = props.signed_in.then(|| props.url.clone());
    html! {
        <YewduxRoot>
            <SseProvider {address} {settings} {person}>
                <Inner seen={props.seen.clone()} version={props.version} />
                <OnlyState seen={props.seen.clone()} />
            </SseProvider>
        </YewduxRoot>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct InnerProperties {
    seen: Seen,
    #[prop_or_default]
    version: usize,
}

#[component]
fn Inner(props: &InnerProperties) -> Html {
    let inside = Rc::clone(&props.seen.0);
    inside.renders.set(inside.renders.get() + 1);
    *inside.status.borrow_mut() = (*use_sse_status()).clone();
    let (version, hears) = (props.version, Rc::clone(&inside));
    use_sse_event(EventKind::TopicsChanged, move |event| {
        let text = serde_json::to_string(event).unwrap_or_default();
        hears.events.borrow_mut().push((version, text));
    });
    use_sse_reports(move |_| inside.reports.set(inside.reports.get() + 1));
    Html::default()
}

#[component]
fn OnlyState(props: &InnerProperties) -> Html {
    let inside = &props.seen.0;
    inside.state_renders.set(inside.state_renders.get() + 1);
    let state = use_sse_state();
    html! { state.name() }
}

struct Fixture {
    channel: Channel,
    seen: Seen,
    #[expect(dead_code, reason = "the page must stay where it is rendered")]
    place: Place,
    app: Option<AppHandle<Page>>,
}

/// Closes the stream: a browser opens at most six connections to a server, so an open stream would starve other tests.
impl Drop for Fixture {
    fn drop(&mut self) {
        self.unmount();
    }
}

impl Fixture {
    async fn new(signed_in: bool) -> Self {
        Self::on(Channel::new().await, signed_in)
    }

    fn on(channel: Channel, signed_in: bool) -> Self {
        let (seen, place) = (Seen::default(), Place::new());
        let props = PageProperties {
            url: channel.stream_url().into(),
            signed_in,
            seen: seen.clone(),
            version: 0,
        };
        let app = Some(place.render::<Page>(props));
        Self {
            channel,
            seen,
            place,
            app,
        }
    }

    fn set(&mut self, signed_in: bool, version: usize) {
        let url = self.channel.stream_url().into();
        self.app.as_mut().unwrap().update(PageProperties {
            url,
            signed_in,
            seen: self.seen.clone(),
            version,
        });
    }

    fn unmount(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
    }

    async fn connected(&self) {
        until("it is connected", || self.seen.state() == State::Connected).await;
    }
}

fn topics(session: u128) -> serde_json::Value {
    json!({"coaching_session_id": wire::CoachingSessionId::from_u128(session)})
}

#[wasm_bindgen_test]
async fn sign_in_opens_one_stream() {
    let channel = Channel::silent();
    let fixture = Fixture::on(channel, true);
    fixture.channel.wait("open=1").await;
    until("it is connecting", || fixture.seen.state() == State::Connecting).await;
    fixture
        .channel
        .send("event: hello\ndata: {\"type\":\"hello\",\"data\":{\"resumed\":false}}\n\n")
        .await;
    fixture.connected().await;
    assert!(fixture.seen.0.status.borrow().last_connected_at.is_some());
    assert_eq!(fixture.channel.stats().await["opened"], 1);
}

#[wasm_bindgen_test]
async fn nobody_signed_in_means_no_stream() {
    let fixture = Fixture::new(false).await;
    settle().await;
    assert_eq!(fixture.seen.state(), State::Disconnected);
    assert_eq!(fixture.channel.stats().await["requests"], json!([]));
}

#[wasm_bindgen_test]
async fn a_hundred_renders_keep_the_stream() {
    let mut fixture = Fixture::new(true).await;
    fixture.connected().await;
    for version in 1..=100 {
        fixture.set(true, version);
        settle().await;
    }
    assert!(fixture.seen.0.renders.get() >= 100);
    let stats = fixture.channel.stats().await;
    assert_eq!((&stats["opened"], &stats["open"]), (&json!(1), &json!(1)));
}

#[wasm_bindgen_test]
async fn second_sign_in_starts_new_stream() {
    let mut fixture = Fixture::new(true).await;
    fixture.connected().await;
    fixture.channel.event("e-7", "topics_changed", &topics(1)).await;
    until("the event has arrived", || fixture.seen.events().len() == 1).await;

    fixture.set(false, 0);
    fixture.channel.wait("open=0&closed=1").await;
    until("it is disconnected", || {
        *fixture.seen.0.status.borrow() == Status::default()
    })
    .await;

    fixture.set(true, 0);
    fixture.connected().await;
    let stats = fixture.channel.wait("open=1&opened=2").await;
    assert_eq!(stats["requests"][1]["query"], "", "nothing of before is asked for");
}

#[wasm_bindgen_test]
async fn five_rapid_sign_ins_leave_nothing_open() {
    let mut fixture = Fixture::new(false).await;
    for _ in 0..5 {
        fixture.set(true, 0);
        settle().await;
        fixture.set(false, 0);
        settle().await;
    }
    // When this connection is established, the earlier requests have arrived as well.
    fixture.set(true, 0);
    fixture.connected().await;
    fixture.set(false, 0);
    let stats = fixture.channel.wait("open=0").await;
    assert_eq!(stats["opened"], stats["closed"]);
    assert_eq!(fixture.seen.state(), State::Disconnected);
}

#[wasm_bindgen_test]
async fn unmounting_closes_the_stream() {
    let mut fixture = Fixture::new(true).await;
    fixture.connected().await;
    fixture.unmount();
    fixture.channel.wait("open=0&closed=1").await;
}

#[wasm_bindgen_test]
async fn dropped_stream_resumes_from_cursor() {
    let fixture = Fixture::new(true).await;
    fixture.connected().await;
    fixture.channel.event("e-9", "topics_changed", &topics(1)).await;
    until("the event has arrived", || fixture.seen.events().len() == 1).await;
    let reconnected = fixture.seen.0.state_renders.get();

    fixture.channel.drop_streams().await;
    let stats = fixture.channel.wait("open=1&opened=2").await;
    assert_eq!(stats["requests"][1]["query"], "last_event_id=e-9");
    assert_eq!(
        stats["requests"][1]["last_event_id"],
        json!(null),
        "it is our retry, not the browser's"
    );
    fixture.connected().await;
    assert!(
        fixture.seen.0.state_renders.get() >= reconnected + 2,
        "it was seen reconnecting and connected"
    );
}

#[wasm_bindgen_test]
async fn refused_stream_retries_on_schedule() {
    let channel = Channel::new().await;
    channel.refuse(503, 2).await;
    let fixture = Fixture::on(channel, true);
    fixture.connected().await;
    let stats = fixture.channel.stats().await;
    assert_eq!(stats["requests"].as_array().unwrap().len(), 3);
    assert_eq!(fixture.seen.0.status.borrow().last_error, None, "success forgives");
}

#[wasm_bindgen_test]
async fn newest_handler_uses_one_listener() {
    let mut fixture = Fixture::new(true).await;
    fixture.connected().await;
    // The document of a headless test never has the focus.
    fixture.channel.event("e-1", "topics_changed", &topics(1)).await;
    until("the first event has arrived", || fixture.seen.events().len() == 1).await;
    for version in 1..=3 {
        fixture.set(true, version);
        settle().await;
    }
    let before = fixture.seen.0.reports.get();
    fixture.channel.event("e-2", "topics_changed", &topics(2)).await;
    until("the second event has arrived", || fixture.seen.events().len() == 2).await;
    let versions: Vec<_> = fixture.seen.events().into_iter().map(|(version, _)| version).collect();
    assert_eq!(versions, [0, 3], "the handler of the newest render, once");
    assert_eq!(fixture.seen.0.reports.get(), before + 1);
}

#[wasm_bindgen_test]
async fn a_replay_that_overlaps_is_delivered_once() {
    let fixture = Fixture::new(true).await;
    fixture.connected().await;
    for id in ["e-1", "e-2", "e-1", "e-2", "e-3"] {
        fixture.channel.event(id, "topics_changed", &topics(1)).await;
    }
    until("the last event has arrived", || fixture.seen.events().len() == 3).await;
    settle().await;
    assert_eq!(fixture.seen.events().len(), 3);
}

#[wasm_bindgen_test]
async fn malformed_messages_break_nothing() {
    let fixture = Fixture::new(true).await;
    fixture.connected().await;
    // Events named like the browser's own, comments, unknown names, invalid JSON, no data at all.
    fixture
        .channel
        .send("event: error\ndata: {}\n\nevent: open\ndata: {}\n\n: a comment\n\n")
        .await;
    fixture
        .channel
        .send("event: new_thing\ndata: {}\n\ndata: nonsense\n\nevent: topics_changed\n\n")
        .await;
    fixture.channel.event("e-5", "topics_changed", &topics(1)).await;
    until("the event after them has arrived", || fixture.seen.events().len() == 1).await;
    assert_eq!(fixture.channel.stats().await["opened"], 1);
}

#[wasm_bindgen_test]
async fn events_do_not_render_state_observers() {
    let fixture = Fixture::new(true).await;
    fixture.connected().await;
    settle().await;
    let (state_renders, renders) = (fixture.seen.0.state_renders.get(), fixture.seen.0.renders.get());
    let begun = clock::now();
    // The events arrive in pieces, so that there are never so many at once that only their kind is reported.
    for piece in 1..=4_usize {
        let mut burst = String::new();
        for number in 1..=250 {
            let data = json!({"type": "topics_changed", "data": topics(1)});
            burst.push_str(&format!(
                "id: e-{piece}{number:03}\nevent: topics_changed\ndata: {data}\n\n"
            ));
        }
        fixture.channel.send(&burst).await;
        until("the last of them has arrived", || {
            fixture.seen.events().len() == piece * 250
        })
        .await;
    }
    settle().await;
    let seconds = usize::try_from(clock::now().since(begun).as_secs()).unwrap();
    assert_eq!(fixture.seen.0.state_renders.get(), state_renders);
    assert!(
        fixture.seen.0.renders.get() <= renders + 2 + seconds,
        "the time of the last event is published once a second"
    );
}
