//! Polling happens while there is no connection, and only then.

#![cfg(target_arch = "wasm32")]

mod common;
#[path = "common/live.rs"]
mod live;

use std::time::Duration;

use common::Channel;
use freshet::backoff::Backoff;
use freshet::browser::clock;
use freshet::sse::{Report, Settings, State};
use freshet::time::Instant;
use live::{Page, Pretence, QUICK, happens, pass, queries};
use serde_json::json;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const SHORT: Settings = Settings {
    backoff: Backoff {
        base: Duration::from_millis(60),
        cap: Duration::from_millis(60),
        jitter: 0.0,
    },
    max_retries: 1_000,
    poll_after: Duration::from_millis(100),
    poll_every: Duration::from_millis(50),
    poll_slow_after: Duration::from_millis(300),
    poll_slow_every: Duration::from_millis(150),
    ..QUICK
};

/// Creates a channel that refuses so many requests. With the backoff of [`SHORT`] each takes at least sixty
/// milliseconds.
async fn away(times: usize) -> Channel {
    let channel = Channel::new().await;
    channel.refuse(503, times).await;
    channel.answer("status", 500, json!({})).await;
    channel
}

fn polls(page: &Page) -> Vec<Instant> {
    let reports = page.reports().into_iter();
    reports
        .filter(|(_, report)| *report == Report::Poll)
        .map(|(at, _)| at)
        .collect()
}

#[wasm_bindgen_test]
async fn polls_from_loss_until_reconnection() {
    let channel = away(20).await;
    let begun = clock::now();
    let page = Page::alone(&channel, SHORT);
    page.connected().await;
    let polls_before = polls(&page);
    // Measured from before the start to after each poll. A busy machine makes this longer, never shorter.
    for (number, poll) in (0..).zip(&polls_before) {
        let least = SHORT.poll_after + SHORT.poll_every * number;
        assert!(poll.since(begun) >= least, "{begun:?} {polls_before:?}");
    }
    // At most six intervals are short.
    for (number, poll) in (0..).zip(polls_before.iter().skip(6)) {
        let least = SHORT.poll_after + SHORT.poll_every * 6 + SHORT.poll_slow_every * number;
        assert!(poll.since(begun) >= least, "{begun:?} {polls_before:?}");
    }

    // There are no polls once there is a connection, and no status claims both.
    pass(300).await;
    assert_eq!(polls(&page), polls_before);
    let statuses = page.statuses();
    assert!(
        statuses
            .iter()
            .any(|status| status.is_polling && status.state != State::Connected)
    );
    assert!(
        !statuses
            .iter()
            .any(|status| status.is_polling && status.state == State::Connected)
    );
    let reports = page.reports();
    let current = reports.iter().position(|(_, report)| *report == Report::Current(true));
    let last_poll = reports.iter().rposition(|(_, report)| *report == Report::Poll);
    assert!(last_poll < current, "{last_poll:?} {current:?}");
    assert_eq!(queries(&channel.stats().await).len(), 21, "trying went on meanwhile");
}

#[wasm_bindgen_test]
async fn a_short_loss_is_not_worth_reading_again() {
    let channel = Channel::new().await;
    let settings = Settings {
        poll_after: Duration::from_secs(5),
        ..SHORT
    };
    let page = Page::alone(&channel, settings);
    page.connected().await;
    for opened in 2..=4 {
        channel.drop_streams().await;
        channel.wait(&format!("open=1&opened={opened}")).await;
        page.connected().await;
    }
    assert_eq!(polls(&page), []);
    assert!(!page.statuses().iter().any(|status| status.is_polling));
}

#[wasm_bindgen_test]
async fn no_polling_while_connected_or_signed_out() {
    let channel = Channel::new().await;
    let mut page = Page::alone(&channel, SHORT);
    page.connected().await;
    pass(400).await;
    page.sign_in(None);
    page.is(State::Disconnected).await;
    pass(300).await;
    assert_eq!(polls(&page), []);
}

#[wasm_bindgen_test]
async fn disabled_polling_still_connects() {
    let channel = away(10).await;
    let settings = Settings {
        poll_every: Duration::ZERO,
        ..SHORT
    };
    let page = Page::alone(&channel, settings);
    page.connected().await;
    assert_eq!(polls(&page), []);
    assert_eq!(queries(&channel.stats().await).len(), 11);
}

#[wasm_bindgen_test]
async fn hidden_tab_does_not_poll() {
    let channel = away(1_000).await;
    let hidden = Pretence::visibility(false);
    let page = Page::alone(&channel, SHORT);
    pass(400).await;
    assert_eq!(polls(&page), []);
    drop(hidden);
    happens("visibilitychange");
    page.told(&Report::Poll).await;
}
