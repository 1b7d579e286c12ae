//! Bursts of events, and repeated mounts: the tab stays responsive, and no listener is left.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;
#[path = "common/live.rs"]
mod live;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use common::{Channel, until};
use freshet::browser::clock;
use freshet::sse::{Delivery, Report, State, use_sse_event, use_sse_reports};
use freshet::time::Instant;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Object, Reflect};
use live::{Page, Pretence, QUICK, address, event, queries};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::{Event, EventKind};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

/// An object with functions, written in JavaScript.
struct Script(Object);

impl Script {
    fn new(text: &str) -> Self {
        let object = Function::new_no_args(text).call0(&JsValue::NULL);
        Self(object.unwrap().unchecked_into())
    }

    fn call(&self, name: &str) -> JsValue {
        let function: Function = Reflect::get(&self.0, &name.into()).unwrap().unchecked_into();
        function.call0(&self.0).unwrap()
    }

    fn number(&self, name: &str) -> u64 {
        self.call(name).try_into().unwrap()
    }
}

/// Counts how often the tab could run another task.
const BREATHS: &str = "
    const channel = new MessageChannel();
    let count = 0, on = true;
    channel.port1.onmessage = () => { count += 1; if (on) channel.port2.postMessage(0); };
    channel.port2.postMessage(0);
    return { count: () => BigInt(count), stop: () => { on = false; channel.port1.close(); } };
";

/// Counts the listeners of the window and the document.
const LISTENERS: &str = "
    const target = EventTarget.prototype, { addEventListener, removeEventListener } = target;
    const isPage = (it) => it === window || it === document || it === undefined;
    let count = 0;
    target.addEventListener = function (...all) { count += isPage(this); return addEventListener.apply(this, all); };
    target.removeEventListener = function (...all) {
        count -= isPage(this);
        return removeEventListener.apply(this, all);
    };
    return { count: () => BigInt(count), stop: () => Object.assign(target, { addEventListener, removeEventListener }) };
";

#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<(u64, Instant, Heard)>>>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Heard {
    Event(u128),
    Unreadable(EventKind),
}

#[derive(Clone, Properties)]
struct ListenerProperties {
    log: Log,
    breaths: Rc<Script>,
}

impl PartialEq for ListenerProperties {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.breaths, &other.breaths)
    }
}

#[component]
fn Listener(props: &ListenerProperties) -> Html {
    let ListenerProperties { log, breaths } = props.clone();
    use_sse_reports(move |report| {
        let Report::Delivery(delivery) = report else { return };
        let heard = match &**delivery {
            Delivery::Event(Event::TopicsChanged { coaching_session_id }) => {
                Heard::Event(coaching_session_id.as_u128())
            }
            Delivery::Event(_) => return,
            Delivery::Unreadable(kind) => Heard::Unreadable(*kind),
        };
        log.0.borrow_mut().push((breaths.number("count"), clock::now(), heard));
    });
    Html::default()
}

/// Sends so many events in one piece to a tab. Returns the tab and the log of its reports.
async fn flooded(many: u128) -> (Channel, Page, Log) {
    let channel = Channel::new().await;
    let (log, breaths) = (Log::default(), Rc::new(Script::new(BREATHS)));
    let listener = html! { <Listener log={log.clone()} breaths={Rc::clone(&breaths)} /> };
    let page = Page::build(address(&channel), QUICK, false, "somebody", listener);
    page.connected().await;
    let burst: String = (1..=many).map(event).collect();
    channel.send(&burst).await;
    // The last event is reported by itself, or together with others only by its kind.
    let last = || log.0.borrow().last().map(|(_, _, heard)| *heard);
    until("all has arrived", || {
        page.heard().contains(&many) || matches!(last(), Some(Heard::Unreadable(_)))
    })
    .await;
    breaths.call("stop");
    (channel, page, log)
}

#[wasm_bindgen_test]
async fn flood_keeps_the_tab_responsive() {
    const MANY: u128 = 5_000;
    let (channel, page, log) = flooded(MANY).await;
    // The first and the last report of each slice, between which no other task ran.
    let mut slices = BTreeMap::<u64, (Instant, Instant)>::new();
    for (breath, at, _) in &*log.0.borrow() {
        slices.entry(*breath).or_insert((*at, *at)).1 = *at;
    }
    let lengths = slices.values().map(|(begun, ended)| ended.since(*begun));
    let longest = lengths.max().unwrap();
    // The target is six milliseconds. A busy machine may exceed it.
    assert!(
        longest < Duration::from_millis(50),
        "{longest:?} in {} slices",
        slices.len()
    );

    let numbers = page.heard();
    assert!(numbers.is_sorted_by(|one, next| one < next), "in order and each once");
    let unreadable = Heard::Unreadable(EventKind::TopicsChanged);
    let folded = log.0.borrow().iter().filter(|(.., heard)| *heard == unreadable).count();
    assert!(numbers.len() as u128 == MANY || folded > 0, "nothing is lost silently");
    assert_eq!(page.count(&Report::Gap), 0);
    assert_eq!(page.status().state, State::Connected);

    // The remaining events are reported before the stream is lost.
    channel.send(&event(MANY + 1)).await;
    channel.drop_streams().await;
    let stats = channel.wait("open=1&opened=2").await;
    assert_eq!(queries(&stats)[1], format!("last_event_id=e-{}", MANY + 1));
}

#[wasm_bindgen_test]
async fn flood_moves_the_cursor() {
    let (channel, _page, _) = flooded(5_000).await;
    channel.drop_streams().await;
    let stats = channel.wait("open=1&opened=2").await;
    assert_eq!(queries(&stats)[1], "last_event_id=e-5000");
}

#[wasm_bindgen_test]
async fn hidden_tab_drains_without_pause() {
    let _hidden = Pretence::visibility(false);
    let (_, page, log) = flooded(2_000).await;
    let expected: Vec<u128> = (1..=2_000).collect();
    assert_eq!(page.heard(), expected);
    assert_eq!(log.0.borrow().len(), 2_000);
}

#[derive(Clone, Properties)]
struct HandlerProperties {
    alive: Rc<Cell<usize>>,
}

impl PartialEq for HandlerProperties {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.alive, &other.alive)
    }
}

#[component]
fn Handler(props: &HandlerProperties) -> Html {
    let alive = Rc::clone(&props.alive);
    use_sse_event(EventKind::TopicsChanged, move |_| alive.set(alive.get() + 1));
    Html::default()
}

#[wasm_bindgen_test]
async fn dropped_listeners_are_removed() {
    let channel = Channel::new().await;
    let mut page = Page::alone(&channel, QUICK);
    page.connected().await;
    let alive = Rc::<Cell<usize>>::default();
    for number in 1..=200 {
        page.show(html! { <Handler alive={Rc::clone(&alive)} /> });
        until("it is mounted", || Rc::strong_count(&alive) > 1).await;
        if number % 50 == 0 {
            TimeoutFuture::new(0).await;
            channel.send(&event(number)).await;
            page.hears(usize::try_from(number / 50).unwrap()).await;
            assert_eq!(
                alive.get() as u128,
                number / 50,
                "only the one that is there has heard it"
            );
        }
        page.show(Html::default());
        until("it is gone", || Rc::strong_count(&alive) == 1).await;
    }
    channel.send(&event(1_000)).await;
    page.hears(5).await;
    assert_eq!(alive.get(), 4);
    assert_eq!(channel.stats().await["opened"], 1);
}

#[wasm_bindgen_test]
async fn of_fifty_pages_no_listener_is_left() {
    let channel = Channel::new().await;
    let listeners = Script::new(LISTENERS);
    for _ in 0..50 {
        let mut page = Page::alone(&channel, QUICK);
        page.connected().await;
        assert!(listeners.number("count") > 0);
        page.close();
        TimeoutFuture::new(0).await;
        assert_eq!(listeners.number("count"), 0);
    }
    listeners.call("stop");
    let stats = channel.wait("open=0").await;
    assert_eq!((&stats["opened"], &stats["closed"]), (&50.into(), &50.into()));
}
