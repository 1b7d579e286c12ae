//! Tabs of one person share a stream. Locks and channels belong to the whole browser, and one document may request them
//! repeatedly. Several connections in one document therefore behave like several tabs.

#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so, and takes from the browser what some do not have"
)]

mod common;
#[path = "common/live.rs"]
mod live;

use std::time::Duration;

use common::{Channel, eventually, until};
use freshet::browser::locks;
use freshet::sse::{Cause, Failure, Report, Settings, State, use_sse, use_sse_state};
use live::{Page, Pretence, QUICK, RESUMED, address, event, pass, queries, say};
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

/// Tabs of one person. The first one is the leader.
struct Pages {
    channel: Channel,
    person: String,
    pages: Vec<Page>,
}

impl Pages {
    async fn open(count: usize, settings: Settings) -> Self {
        let channel = Channel::new().await;
        let person = channel.stream_url();
        let mut pages = Self {
            channel,
            person,
            pages: Vec::new(),
        };
        for _ in 0..count {
            let page = Page::of(&pages.person, &pages.channel, settings);
            page.connected().await;
            pages.pages.push(page);
        }
        pages
    }

    fn lock(&self) -> String {
        format!("freshet-live-{}", self.person)
    }

    async fn is_led(&self) -> bool {
        locks::held_names().await.unwrap().contains(&self.lock())
    }

    /// Waits until every tab has received the events up to this number, each once and in order.
    async fn all_hear(&self, last: u128) {
        let expected: Vec<u128> = (1..=last).collect();
        for page in &self.pages {
            page.hears(expected.len()).await;
            assert_eq!(page.heard(), expected);
            assert_eq!(page.count(&Report::Gap), 0);
        }
    }
}

#[wasm_bindgen_test]
async fn three_tabs_share_one_ordered_stream() {
    let pages = Pages::open(3, QUICK).await;
    for number in (1..=100).step_by(20) {
        say(&pages.channel, number..number + 20).await;
    }
    pages.all_hear(100).await;
    let stats = pages.channel.stats().await;
    assert_eq!((queries(&stats).len(), &stats["open"]), (1, &json!(1)));
    assert!(pages.is_led().await);
}

#[wasm_bindgen_test]
async fn remaining_tab_takes_over_without_loss() {
    for count in [2, 3] {
        let mut pages = Pages::open(count, QUICK).await;
        say(&pages.channel, 1..=5).await;
        pages.all_hear(5).await;
        // These events happen while no tab has a stream.
        pages.channel.greet(&format!("{RESUMED}{}{}", event(6), event(7))).await;
        let left = freshet::browser::clock::wall();
        pages.pages.remove(0);
        let stats = pages.channel.wait("opened=2&open=1").await;
        assert_eq!(queries(&stats), ["", "last_event_id=e-5"]);
        let opened = stats["requests"][1]["at_ms"].as_u64().unwrap();
        assert!(opened < left.as_millis() + 1_000, "{left:?} {opened}");
        pages.all_hear(7).await;
        say(&pages.channel, 8..=9).await;
        pages.all_hear(9).await;
        for page in &pages.pages {
            assert_eq!(page.status().state, State::Connected);
        }
    }
}

#[wasm_bindgen_test]
async fn signing_out_tab_leaves_stream_to_others() {
    let mut pages = Pages::open(2, QUICK).await;
    say(&pages.channel, 1..=2).await;
    pages.all_hear(2).await;
    pages.channel.greet(RESUMED).await;
    pages.pages[0].sign_in(None);
    pages.channel.wait("opened=2&open=1").await;
    pages.pages[0].is(State::Disconnected).await;
    say(&pages.channel, 3..=3).await;
    pages.pages[1].hears(3).await;
    assert_eq!(pages.pages[0].heard(), [1, 2]);
    assert_eq!(pages.pages[1].heard(), [1, 2, 3]);
}

#[wasm_bindgen_test]
async fn all_signed_out_frees_lock_and_stream() {
    let mut pages = Pages::open(3, QUICK).await;
    assert!(pages.is_led().await);
    for page in &mut pages.pages {
        page.sign_in(None);
    }
    eventually("the lock is free", async || !pages.is_led().await).await;
    let stats = pages.channel.wait("open=0").await;
    assert_eq!(stats["opened"], stats["closed"]);
    for page in &pages.pages {
        page.is(State::Disconnected).await;
    }
}

#[wasm_bindgen_test]
async fn replaced_leader_closes_and_follows() {
    let settings = Settings {
        lead_ping: Duration::from_millis(100),
        lead_lease: Duration::from_millis(600),
        ..QUICK
    };
    let pages = Pages::open(2, settings).await;
    say(&pages.channel, 1..=3).await;
    pages.all_hear(3).await;
    pages.channel.greet(RESUMED).await;
    // A holder of the lock that sends no messages, like a frozen tab.
    let mut silent = locks::steal(&pages.lock()).await.unwrap();
    pages.channel.wait("open=0&closed=1").await;
    for page in &pages.pages {
        // The state may have passed before the test looks.
        let was_not_connected = || page.statuses().iter().any(|status| status.state == State::Reconnecting);
        until("it is not connected", was_not_connected).await;
    }
    silent.lost().await;
    for page in &pages.pages {
        page.connected().await;
    }
    let stats = pages.channel.wait("open=1").await;
    assert!(queries(&stats)[1..].iter().all(|query| *query == "last_event_id=e-3"));
    say(&pages.channel, 4..=6).await;
    pages.all_hear(6).await;
    assert!(pages.is_led().await);
}

#[wasm_bindgen_test]
async fn follower_shows_cause_and_retries() {
    let pages = Pages::open(2, QUICK).await;
    let [leads, follows] = &pages.pages[..] else {
        unreachable!("two were opened")
    };
    pages.channel.refuse(403, 1).await;
    pages.channel.answer("status", 403, json!({})).await;
    pages.channel.drop_streams().await;
    for page in [leads, follows] {
        page.is(State::Error).await;
        let cause = page.status().last_error.unwrap().cause;
        assert_eq!(cause, Cause::Final(Failure::Forbidden));
    }
    let attempts = [follows, leads].map(|page| page.status().last_error.map(|error| error.attempt));
    assert_eq!(attempts[0], attempts[1]);

    follows.handle().retry();
    for page in [leads, follows] {
        page.connected().await;
        assert_eq!(page.status().last_error, None);
    }
    let stats = pages.channel.stats().await;
    assert_eq!((queries(&stats).len(), &stats["open"]), (3, &json!(1)));
}

#[wasm_bindgen_test]
async fn follower_shows_next_attempt() {
    let settings = Settings {
        backoff: freshet::backoff::Backoff {
            base: Duration::from_secs(60),
            cap: Duration::from_secs(60),
            ..QUICK.backoff
        },
        ..QUICK
    };
    let pages = Pages::open(2, settings).await;
    pages.channel.drop_streams().await;
    let [leads, follows] = &pages.pages[..] else {
        unreachable!("two were opened")
    };
    until("both wait", || {
        leads.status().retry_at.is_some() && follows.status().retry_at.is_some()
    })
    .await;
    // Tabs send each other the remaining time, and the message itself takes a moment.
    let [due, told] = [leads, follows].map(|page| page.status().retry_at.unwrap());
    assert!(told.since(due) < Duration::from_millis(500), "{due:?} {told:?}");
    assert!(due.since(told) < Duration::from_millis(500), "{due:?} {told:?}");
    assert_eq!(follows.status().state, State::Reconnecting);
    follows.handle().retry();
    follows.connected().await;
}

#[derive(Clone, PartialEq, Properties)]
struct ReaderProperties {
    read: AttrValue,
}

/// Records a read position while the tab is connecting.
#[component]
fn Reader(props: &ReaderProperties) -> Html {
    let (handle, state, read) = (use_sse(), use_sse_state(), props.read.clone());
    use_effect_with(state, move |state| {
        if *state == State::Connecting {
            handle.note_read(read.parse().ok());
        }
    });
    Html::default()
}

#[wasm_bindgen_test]
async fn late_tab_hears_backlog() {
    let mut pages = Pages::open(1, QUICK).await;
    say(&pages.channel, 1..=5).await;
    pages.all_hear(5).await;
    let reader = html! { <Reader read="e-3" /> };
    let late = Page::build(address(&pages.channel), QUICK, true, &pages.person, reader);
    late.hears(2).await;
    assert_eq!(late.heard(), [4, 5]);
    assert_eq!(late.count(&Report::Gap), 0);
    pages.pages.push(late);
    say(&pages.channel, 6..=6).await;
    pages.pages[1].hears(3).await;
    assert_eq!(pages.pages[1].heard(), [4, 5, 6]);
    assert_eq!(queries(&pages.channel.stats().await).len(), 1);
}

#[wasm_bindgen_test]
async fn resync_is_gap_in_every_tab() {
    let pages = Pages::open(2, QUICK).await;
    pages
        .channel
        .send("id: e-9\nevent: resync\ndata: {\"type\":\"resync\",\"data\":{}}\n\n")
        .await;
    for page in &pages.pages {
        page.told(&Report::Gap).await;
        assert_eq!(page.count(&Report::Gap), 1);
    }
}

#[wasm_bindgen_test]
async fn different_persons_share_nothing() {
    let channel = Channel::new().await;
    let url = channel.stream_url();
    let people = [format!("{url} Ann"), format!("{url} Bob")];
    let mut pages = people.map(|person| Page::of(&person, &channel, QUICK));
    for page in &pages {
        page.connected().await;
    }
    channel.wait("open=2").await;
    pages[0].sign_in(None);
    channel.wait("open=1").await;
    say(&channel, 1..=1).await;
    pages[1].hears(1).await;
    assert_eq!(pages[0].heard(), [0; 0]);
    assert_eq!(pages[1].status().state, State::Connected);
}

#[wasm_bindgen_test]
async fn person_switch_leaves_earlier_tabs() {
    let mut pages = Pages::open(2, QUICK).await;
    let other = format!("{} Bob", pages.person);
    pages.pages[0].sign_in(Some(&other));
    pages.channel.wait("opened=3&open=2").await;
    for page in &pages.pages {
        page.connected().await;
    }
    let names = locks::held_names().await.unwrap();
    assert!(names.contains(&pages.lock()) && names.contains(&format!("freshet-live-{other}")));
    assert_eq!(
        queries(&pages.channel.stats().await)[1..]
            .iter()
            .filter(|query| query.is_empty())
            .count(),
        1
    );
}

#[wasm_bindgen_test]
async fn unshared_tabs_have_own_streams() {
    let channel = Channel::new().await;
    let pages = [Page::alone(&channel, QUICK), Page::alone(&channel, QUICK)];
    for page in &pages {
        page.connected().await;
    }
    channel.wait("open=2").await;
    say(&channel, 1..=3).await;
    for page in &pages {
        page.hears(3).await;
        assert_eq!(page.heard(), [1, 2, 3]);
    }
}

/// Asserts that two tabs of one person have separate streams.
async fn each_has_its_own_stream() {
    let pages = Pages::open(2, QUICK).await;
    pages.channel.wait("open=2").await;
    say(&pages.channel, 1..=2).await;
    pages.all_hear(2).await;
}

#[wasm_bindgen_test]
async fn browser_without_locks_opens_own_streams() {
    let navigator = web_sys::window().unwrap().navigator();
    let _pretence = Pretence::new(navigator, "locks", &JsValue::UNDEFINED);
    each_has_its_own_stream().await;
}

#[wasm_bindgen_test]
async fn browser_without_channels_opens_own_streams() {
    let _pretence = Pretence::new(web_sys::window().unwrap(), "BroadcastChannel", &JsValue::UNDEFINED);
    each_has_its_own_stream().await;
}

#[wasm_bindgen_test]
async fn foreign_channel_messages_are_ignored() {
    let pages = Pages::open(2, QUICK).await;
    let stranger = web_sys::BroadcastChannel::new(&pages.lock()).unwrap();
    for text in [
        "",
        "nonsense",
        "freshet-0\n9\nx\n\nlead\n0\n0\n\n\n\n",
        "freshet-1\nnone",
    ] {
        stranger.post_message(&text.into()).unwrap();
    }
    stranger.post_message(&JsValue::NULL).unwrap();
    stranger.close();
    say(&pages.channel, 1..=2).await;
    pages.all_hear(2).await;
    pass(50).await;
    assert_eq!(pages.channel.stats().await["open"], 1);
    assert_eq!(pages.pages[1].status().state, State::Connected);
}
