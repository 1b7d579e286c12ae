//! A tab with a live connection, and the observations that a test makes of it.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and does to the browser what it does by itself"
)]
#![allow(dead_code, clippy::allow_attributes, reason = "not every test file uses all of it")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use freshet::backoff::Backoff;
use freshet::browser::clock;
use freshet::sse::{
    Address, Delivery, Report, Settings, SseHandle, SseProvider, State, Status, use_sse, use_sse_reports,
    use_sse_status,
};
use freshet::time::Instant;
use serde_json::{Value, json};
use wasm_bindgen::{JsCast, JsValue};
use wire::{CoachingSessionId, Event};
use yew::prelude::*;
use yewdux::YewduxRoot;

use super::common::{Channel, Place, until};

/// Settings with waits so short that no test takes long, and without randomness.
pub(crate) const QUICK: Settings = Settings {
    backoff: Backoff {
        base: Duration::from_millis(20),
        cap: Duration::from_secs(30),
        jitter: 0.0,
    },
    min_open_gap: Duration::from_millis(10),
    opportunity_delay: Duration::from_millis(10),
    spread: Duration::ZERO,
    gap_delay: Duration::from_millis(10),
    gap_spread: Duration::ZERO,
    ..Settings::DEFAULT
};

/// The observations of a tab.
#[derive(Clone, Default)]
pub(crate) struct Seen(Rc<Inside>);

#[derive(Default)]
struct Inside {
    handle: RefCell<Option<SseHandle>>,
    /// Every rendered status.
    statuses: RefCell<Vec<Status>>,
    reports: RefCell<Vec<(Instant, Report)>>,
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Clone, PartialEq, Properties)]
pub(crate) struct LiveProperties {
    address: Address,
    settings: Settings,
    person: Option<AttrValue>,
    shares: bool,
    seen: Seen,
    children: Html,
}

#[component]
fn Live(props: &LiveProperties) -> Html {
    let LiveProperties {
        address,
        settings,
        person,
        shares,
        seen,
        children,
    } = props.clone();
    html! {
        <YewduxRoot>
            <SseProvider {address} {settings} {person} {shares}>
                <Inner {seen} />
                { children }
            </SseProvider>
        </YewduxRoot>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct InnerProperties {
    seen: Seen,
}

#[component]
fn Inner(props: &InnerProperties) -> Html {
    let inside = Rc::clone(&props.seen.0);
    *inside.handle.borrow_mut() = Some(use_sse());
    inside.statuses.borrow_mut().push((*use_sse_status()).clone());
    use_sse_reports(move |report| inside.reports.borrow_mut().push((clock::now(), report.clone())));
    Html::default()
}

/// A tab with a live connection. It is closed on drop: a browser opens at most six connections to a server, so an open
/// tab would starve the following tests.
pub(crate) struct Page {
    props: LiveProperties,
    place: Place,
    app: Option<AppHandle<Live>>,
}

impl Drop for Page {
    fn drop(&mut self) {
        self.close();
    }
}

impl Page {
    /// Creates a tab of a signed-in person that shares no stream.
    pub(crate) fn alone(channel: &Channel, settings: Settings) -> Self {
        Self::build(address(channel), settings, false, "somebody", Html::default())
    }

    /// Creates one of several tabs of this person, which share a stream.
    pub(crate) fn of(person: &str, channel: &Channel, settings: Settings) -> Self {
        Self::build(address(channel), settings, true, person, Html::default())
    }

    pub(crate) fn build(address: Address, settings: Settings, shares: bool, person: &str, children: Html) -> Self {
        let props = LiveProperties {
            address,
            settings,
            person: Some(person.to_owned().into()),
            shares,
            seen: Seen::default(),
            children,
        };
        let place = Place::new();
        let app = Some(place.render::<Live>(props.clone()));
        Self { props, place, app }
    }

    /// Signs in another person, or none.
    pub(crate) fn sign_in(&mut self, person: Option<&str>) {
        self.props.person = person.map(|person| person.to_owned().into());
        self.update();
    }

    /// Replaces the components below the connection.
    pub(crate) fn show(&mut self, children: Html) {
        self.props.children = children;
        self.update();
    }

    fn update(&mut self) {
        if let Some(app) = &mut self.app {
            app.update(self.props.clone());
        }
    }

    pub(crate) fn close(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn handle(&self) -> SseHandle {
        self.props.seen.0.handle.borrow().clone().unwrap()
    }

    pub(crate) fn status(&self) -> Status {
        self.statuses().pop().unwrap_or_default()
    }

    pub(crate) fn statuses(&self) -> Vec<Status> {
        self.props.seen.0.statuses.borrow().clone()
    }

    /// Returns the texts of all failures that were shown.
    pub(crate) fn failures(&self) -> BTreeSet<String> {
        let errors = self.statuses().into_iter().filter_map(|status| status.last_error);
        errors.map(|error| error.cause.to_string()).collect()
    }

    pub(crate) fn reports(&self) -> Vec<(Instant, Report)> {
        self.props.seen.0.reports.borrow().clone()
    }

    /// Counts the reports that are equal to this one.
    pub(crate) fn count(&self, report: &Report) -> usize {
        self.reports().iter().filter(|(_, reported)| reported == report).count()
    }

    /// Returns the numbers of the received events, in their order; see [`say`].
    pub(crate) fn heard(&self) -> Vec<u128> {
        let reports = self.reports().into_iter();
        let numbers = reports.filter_map(|(_, report)| match report {
            Report::Delivery(delivery) => match &*delivery {
                Delivery::Event(Event::TopicsChanged { coaching_session_id }) => Some(coaching_session_id.as_u128()),
                _ => None,
            },
            _ => None,
        });
        numbers.collect()
    }

    pub(crate) async fn connected(&self) {
        self.is(State::Connected).await;
    }

    pub(crate) async fn is(&self, state: State) {
        until(state.name(), || self.status().state == state).await;
    }

    /// Waits for this report.
    pub(crate) async fn told(&self, report: &Report) {
        until("it is reported", || self.count(report) > 0).await;
    }

    /// Waits until so many events were received.
    pub(crate) async fn hears(&self, count: usize) {
        until("all events have arrived", || self.heard().len() >= count).await;
    }
}

/// Returns the stream address of a channel, with its status address.
pub(crate) fn address(channel: &Channel) -> Address {
    Address {
        stream: channel.stream_url(),
        status: Some(format!("{}/status", channel.rest_url())),
        ..Address::default()
    }
}

/// Formats the event with this number as it is written on a stream.
pub(crate) fn event(number: u128) -> String {
    let id = CoachingSessionId::from_u128(number);
    let data = json!({"type": "topics_changed", "data": {"coaching_session_id": id}});
    format!("id: e-{number}\nevent: topics_changed\ndata: {data}\n\n")
}

/// The hello of a stream that resumes.
pub(crate) const RESUMED: &str = "event: hello\ndata: {\"type\":\"hello\",\"data\":{\"resumed\":true}}\n\n";

/// Sends the events with these numbers.
pub(crate) async fn say(channel: &Channel, numbers: impl Iterator<Item = u128>) {
    channel.send(&numbers.map(event).collect::<String>()).await;
}

/// Returns the queries of all requests for a stream so far.
pub(crate) fn queries(stats: &Value) -> Vec<&str> {
    let requests = stats["requests"].as_array().unwrap().iter();
    requests.map(|request| request["query"].as_str().unwrap()).collect()
}

/// Returns the times between the requests for a stream so far, as the server measured them.
pub(crate) fn gaps(stats: &Value) -> Vec<Duration> {
    let requests = stats["requests"].as_array().unwrap();
    let times: Vec<u64> = requests
        .iter()
        .map(|request| request["at_ms"].as_u64().unwrap())
        .collect();
    let gaps = times.windows(2).map(|pair| Duration::from_millis(pair[1] - pair[0]));
    gaps.collect()
}

/// Waits this long, for tests that something does not happen.
pub(crate) async fn pass(millis: u64) {
    let end = clock::now() + Duration::from_millis(millis);
    until("time has passed", || clock::now() >= end).await;
}

/// Dispatches an event on the document or the window, as the browser does.
pub(crate) fn happens(name: &str) {
    let window = web_sys::window().unwrap();
    let event = web_sys::Event::new(name).unwrap();
    let happened = match name {
        "freeze" | "resume" | "visibilitychange" => window.document().unwrap().dispatch_event(&event),
        _ => window.dispatch_event(&event),
    };
    assert!(happened.unwrap());
}

/// A replacement of a property of the browser, until it is dropped.
pub(crate) struct Pretence {
    of: js_sys::Object,
    name: JsValue,
    before: JsValue,
}

impl Pretence {
    pub(crate) fn new(of: impl Into<js_sys::Object>, name: &str, value: &JsValue) -> Self {
        let (of, name) = (of.into(), JsValue::from(name));
        let before = js_sys::Object::get_own_property_descriptor(&of, &name);
        let property = js_sys::Object::new();
        for (field, value) in [("configurable", &JsValue::TRUE), ("value", value)] {
            assert!(js_sys::Reflect::set(&property, &field.into(), value).unwrap());
        }
        js_sys::Object::define_property(&of, &name, &property);
        Self { of, name, before }
    }

    /// Makes the tab visible or hidden.
    pub(crate) fn visibility(visible: bool) -> Self {
        let document = web_sys::window().unwrap().document().unwrap();
        let state = if visible { "visible" } else { "hidden" };
        Self::new(document, "visibilityState", &state.into())
    }
}

impl Drop for Pretence {
    fn drop(&mut self) {
        js_sys::Reflect::delete_property(&self.of, &self.name).unwrap();
        if self.before.is_object() {
            js_sys::Object::define_property(&self.of, &self.name, self.before.unchecked_ref());
        }
    }
}
