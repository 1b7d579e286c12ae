//! Liveness checks, and streams while the tab is frozen or the network is gone. In a real browser, with synthetic
//! events.

#![cfg(target_arch = "wasm32")]

mod common;
#[path = "common/live.rs"]
mod live;

use std::time::Duration;

use common::{Channel, settle, until};
use freshet::browser::clock;
use freshet::browser::locks::{self, Mode};
use freshet::sse::{Cause, Settings, State};
use live::{Page, Pretence, QUICK, event, gaps, happens, pass, queries};
use serde_json::json;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const IMPATIENT: Settings = Settings {
    connect_timeout: Duration::from_millis(400),
    ..QUICK
};

async fn gives_up(page: &Page) {
    until("it is given up", || {
        page.status()
            .last_error
            .is_some_and(|error| error.cause == Cause::Timeout)
    })
    .await;
}

#[wasm_bindgen_test]
async fn stream_without_hello_is_reopened() {
    let channel = Channel::silent();
    let page = Page::alone(&channel, IMPATIENT);
    channel.wait("open=1").await;
    gives_up(&page).await;
    assert_ne!(page.status().state, State::Connected);
    channel.wait("closed=1&opened=2").await;
    channel
        .greet("event: hello\ndata: {\"type\":\"hello\",\"data\":{}}\n\n")
        .await;
    page.connected().await;
    let stats = channel.stats().await;
    assert!(gaps(&stats)[0] >= Duration::from_millis(400), "{:?}", gaps(&stats));
    assert_eq!(stats["open"], 1, "what was given up is closed");
}

#[wasm_bindgen_test]
async fn unanswered_stream_times_out() {
    let channel = Channel::new().await;
    channel.hang().await;
    let page = Page::alone(&channel, IMPATIENT);
    gives_up(&page).await;
    let sentence = "The server did not answer in time. If many tabs of it are open, closing some may help.";
    assert!(page.failures().contains(sentence));
    page.connected().await;
    let stats = channel.stats().await;
    assert_eq!((queries(&stats).len(), &stats["opened"]), (2, &json!(1)));
    assert!(gaps(&stats)[0] >= Duration::from_millis(400), "{:?}", gaps(&stats));
}

#[wasm_bindgen_test]
async fn only_heartbeats_keep_stream_alive() {
    // The shortest heartbeat interval that the app accepts is five seconds. A stream counts as dead after twenty
    // seconds of silence.
    let hello = r#"{"type":"hello","data":{"resumed":false,"cursor":"e-0","heartbeat_ms":1}}"#;
    let (comments, beats) = (Channel::silent(), Channel::silent());
    for channel in [&comments, &beats] {
        channel.greet(&format!("event: hello\ndata: {hello}\n\n")).await;
    }
    let pages = [Page::alone(&comments, QUICK), Page::alone(&beats, QUICK)];
    for (page, channel) in pages.iter().zip([&comments, &beats]) {
        page.connected().await;
        channel.send(&event(3)).await;
        page.hears(1).await;
    }
    let begun = clock::now();
    let mut stats = comments.stats().await;
    while queries(&stats).len() == 1 {
        assert!(
            clock::now().since(begun) < Duration::from_secs(40),
            "comments count as life"
        );
        pass(2_000).await;
        comments.send(": still here\n\n").await;
        beats
            .send("event: heartbeat\ndata: {\"type\":\"heartbeat\",\"data\":{}}\n\n")
            .await;
        stats = comments.stats().await;
    }
    assert_eq!(queries(&stats), ["", "last_event_id=e-3"]);
    assert!(gaps(&stats)[0] >= Duration::from_secs(20), "{:?}", gaps(&stats));
    assert!(pages[0].failures().contains("The live connection fell silent."));
    pages[0].connected().await;
    let stats = beats.stats().await;
    assert_eq!((&stats["opened"], &stats["open"]), (&json!(1), &json!(1)));
    assert_eq!(pages[1].status().state, State::Connected);
}

const BRIEF_GRACE: Settings = Settings {
    offline_grace: Duration::from_millis(200),
    ..QUICK
};

#[wasm_bindgen_test]
async fn offline_silent_stream_is_reopened_online() {
    let channel = Channel::new().await;
    let page = Page::alone(&channel, BRIEF_GRACE);
    page.connected().await;
    channel.send(&event(1)).await;
    page.hears(1).await;
    // A message that arrived before the network was lost does not prove that the stream lives.
    pass(2).await;

    happens("offline");
    until("it knows that there is no network", || page.status().is_offline).await;
    assert_eq!(page.status().state, State::Reconnecting);
    let stats = channel.wait("open=0").await;
    assert_eq!(queries(&stats).len(), 1, "nothing is tried");

    happens("online");
    page.connected().await;
    assert_eq!(queries(&channel.stats().await), ["", "last_event_id=e-1"]);
    assert!(
        page.failures().is_empty(),
        "it is not the server's fault: {:?}",
        page.failures()
    );
}

#[wasm_bindgen_test]
async fn speaking_stream_survives_offline() {
    let channel = Channel::new().await;
    let page = Page::alone(&channel, BRIEF_GRACE);
    page.connected().await;
    happens("offline");
    pass(2).await;
    channel.send(&event(1)).await;
    page.hears(1).await;
    pass(400).await;
    happens("online");
    settle().await;
    let stats = channel.stats().await;
    assert_eq!((&stats["opened"], &stats["open"]), (&json!(1), &json!(1)));
}

#[wasm_bindgen_test]
async fn flapping_network_opens_one_stream() {
    let channel = Channel::new().await;
    channel.refuse(503, 1).await;
    channel.answer("status", 500, json!({})).await;
    let page = Page::alone(&channel, QUICK);
    channel.wait("requests=1").await;
    for _ in 0..20 {
        happens("offline");
        happens("online");
    }
    page.connected().await;
    settle().await;
    let stats = channel.stats().await;
    assert_eq!(stats["open"], 1);
    assert!(queries(&stats).len() <= 4, "{:?}", queries(&stats));
}

/// The events of tabs that freeze, and the events of their return.
const ABSENCES: [(&[&str], &[&str]); 4] = [
    (&["freeze"], &["resume"]),
    (&["pagehide"], &["pageshow"]),
    (
        &["visibilitychange", "pagehide", "freeze"],
        &["resume", "pageshow", "visibilitychange"],
    ),
    (&["freeze", "freeze"], &["pageshow", "resume", "resume", "online"]),
];

async fn is_put_away_and_comes_back(channel: &Channel, page: &Page) {
    page.connected().await;
    let mut said = 0;
    for (leaving, returning) in ABSENCES {
        said += 1;
        channel.send(&event(said)).await;
        page.hears(usize::try_from(said).unwrap_or_default()).await;
        leaving.iter().copied().for_each(happens);
        channel.wait("open=0").await;
        page.is(State::Disconnected).await;
        returning.iter().copied().for_each(happens);
        page.connected().await;
        settle().await;
        let stats = channel.wait("open=1").await;
        let asked = queries(&stats);
        assert_eq!(asked.len() as u128, said + 1, "{leaving:?} {returning:?}");
        assert_eq!(asked.last().copied(), Some(&*format!("last_event_id=e-{said}")));
    }
}

#[wasm_bindgen_test]
async fn frozen_tab_has_no_stream() {
    let channel = Channel::new().await;
    let page = Page::alone(&channel, QUICK);
    is_put_away_and_comes_back(&channel, &page).await;
}

#[wasm_bindgen_test]
async fn frozen_leader_releases_and_retakes_lock() {
    let channel = Channel::new().await;
    let person = channel.stream_url();
    let page = Page::of(&person, &channel, QUICK);
    is_put_away_and_comes_back(&channel, &page).await;
    // The tab also leaves the queue for the lock, so that a follower does not become the leader while it is frozen.
    let waits = Page::of(&person, &channel, QUICK);
    waits.connected().await;
    happens("pagehide");
    channel.wait("open=0").await;
    drop(locks::request(&format!("freshet-live-{person}"), Mode::Exclusive).await);
    assert_eq!(channel.stats().await["open"], 0);
    happens("pageshow");
    for page in [&page, &waits] {
        page.connected().await;
    }
    assert_eq!(channel.stats().await["open"], 1);
}

#[wasm_bindgen_test]
async fn frozen_sign_out_opens_nothing_later() {
    let channel = Channel::new().await;
    let mut page = Page::alone(&channel, QUICK);
    page.connected().await;
    happens("freeze");
    channel.wait("open=0").await;
    page.sign_in(None);
    settle().await;
    happens("resume");
    page.is(State::Disconnected).await;
    pass(100).await;
    assert_eq!(queries(&channel.stats().await).len(), 1);
}

#[wasm_bindgen_test]
async fn long_hidden_tab_releases_stream() {
    let channel = Channel::new().await;
    let settings = Settings {
        release_after: Duration::from_millis(300),
        ..QUICK
    };
    let page = Page::alone(&channel, settings);
    page.connected().await;
    channel.send(&event(5)).await;
    page.hears(1).await;
    for _ in 0..20 {
        for visible in [false, true] {
            let _pretence = Pretence::visibility(visible);
            happens("visibilitychange");
        }
    }
    pass(400).await;
    assert_eq!(queries(&channel.stats().await).len(), 1);

    let hidden = Pretence::visibility(false);
    happens("visibilitychange");
    channel.wait("open=0").await;
    page.is(State::Disconnected).await;
    drop(hidden);
    happens("visibilitychange");
    page.connected().await;
    assert_eq!(queries(&channel.stats().await), ["", "last_event_id=e-5"]);
}

#[wasm_bindgen_test]
async fn shared_stream_survives_hidden_tab() {
    let channel = Channel::new().await;
    let settings = Settings {
        release_after: Duration::from_millis(100),
        ..QUICK
    };
    let page = Page::of(&channel.stream_url(), &channel, settings);
    page.connected().await;
    let hidden = Pretence::visibility(false);
    happens("visibilitychange");
    pass(300).await;
    drop(hidden);
    happens("visibilitychange");
    let stats = channel.stats().await;
    assert_eq!((&stats["opened"], &stats["open"]), (&json!(1), &json!(1)));
}
