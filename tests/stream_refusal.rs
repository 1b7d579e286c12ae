//! Browsers report little about a refused stream. The connection finds out the reason. In a real browser, against real
//! answers.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;
#[path = "common/live.rs"]
mod live;

use std::time::Duration;

use common::{Channel, settle, until};
use freshet::browser::clock;
use freshet::sse::{Address, Cause, Failure, Report, Settings, State, use_sse, use_sse_reports};
use live::{Page, QUICK, address, event, gaps, queries};
use serde_json::json;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

/// Settings in which only an answer ends the wait for a session check.
const PATIENT: Settings = Settings {
    refresh_patience: Duration::from_secs(60),
    ..QUICK
};

/// Creates a tab without a shared stream, with the given addresses.
fn page_at(address: Address, settings: Settings) -> Page {
    Page::build(address, settings, false, "somebody", Html::default())
}

#[wasm_bindgen_test]
async fn renewed_session_reconnects() {
    let channel = Channel::new().await;
    channel.refuse(401, 1).await;
    channel.answer("status", 401, json!({})).await;
    let page = Page::alone(&channel, PATIENT);
    page.told(&Report::CheckSession).await;
    settle().await;
    assert_eq!(queries(&channel.stats().await).len(), 1, "the renewal is waited for");

    page.handle().refreshed();
    page.connected().await;
    let stats = channel.stats().await;
    assert_eq!((queries(&stats).len(), &stats["rest"]["status"]), (2, &json!(1)));
    assert_eq!(page.count(&Report::CheckSession), 1);
    assert_eq!(page.count(&Report::SessionEnded), 0);
}

#[wasm_bindgen_test]
async fn refusal_after_renewal_signs_out() {
    let channel = Channel::new().await;
    channel.refuse(401, 2).await;
    channel.answer("status", 401, json!({})).await;
    let page = Page::alone(&channel, PATIENT);
    page.told(&Report::CheckSession).await;
    page.handle().refreshed();
    page.told(&Report::SessionEnded).await;
    page.is(State::Error).await;
    let status = page.status();
    assert_eq!(status.last_error.unwrap().cause, Cause::Final(Failure::Unauthorized));
    assert_eq!(status.retry_at, None, "nothing is waited for");
    assert_eq!(queries(&channel.stats().await).len(), 2);
    assert_eq!(page.count(&Report::SessionEnded), 1);

    // After another sign-in there is a connection again.
    page.handle().refreshed();
    page.connected().await;
}

/// Carries out the request of each report at once, inside the callback.
#[component]
fn Eager() -> Html {
    let handle = use_sse();
    use_sse_reports(move |report| match report {
        Report::CheckSession => handle.refreshed(),
        Report::Current(true) => handle.note_read("e-0".parse().ok()),
        _ => handle.retry(),
    });
    Html::default()
}

#[wasm_bindgen_test]
async fn listener_may_act_in_callback() {
    let channel = Channel::new().await;
    channel.refuse(401, 1).await;
    channel.answer("status", 401, json!({})).await;
    let page = Page::build(address(&channel), PATIENT, false, "somebody", html! { <Eager /> });
    page.connected().await;
    channel.send(&event(1)).await;
    page.hears(1).await;
    let stats = channel.stats().await;
    assert_eq!((queries(&stats).len(), &stats["open"]), (2, &json!(1)));
}

#[wasm_bindgen_test]
async fn fatal_failure_waits_for_manual_retry() {
    for (status, sentence) in [
        (
            403,
            "You are not allowed to receive live updates. Ask whoever runs this server.",
        ),
        (
            404,
            "This server has no live updates. Reload the page to see what has changed.",
        ),
        (
            204,
            "This server has no live updates. Reload the page to see what has changed.",
        ),
    ] {
        let channel = Channel::new().await;
        channel.refuse(status, 1).await;
        channel.answer("status", status, json!(null)).await;
        let page = Page::alone(&channel, QUICK);
        page.is(State::Error).await;
        let shown = page.status();
        assert_eq!(shown.last_error.unwrap().cause.to_string(), sentence, "{status}");
        assert_eq!((shown.retry_at, shown.is_polling), (None, false), "{status}");
        assert_eq!(queries(&channel.stats().await).len(), 1, "{status}");

        page.handle().retry();
        page.connected().await;
        assert_eq!(queries(&channel.stats().await).len(), 2, "{status}");
    }
}

#[wasm_bindgen_test]
async fn retry_after_delays_the_stream() {
    let (busy, closed) = (Channel::new().await, Channel::new().await);
    for (channel, status) in [(&busy, 429), (&closed, 503)] {
        channel.refuse(status, 1).await;
        let answer = json!({"status": status, "headers": {"retry-after": "2"}});
        channel.script("status", &answer).await;
    }
    let pages = [Page::alone(&busy, QUICK), Page::alone(&closed, QUICK)];
    for (page, channel) in pages.iter().zip([&busy, &closed]) {
        page.connected().await;
        let stats = channel.stats().await;
        let waited = gaps(&stats);
        assert_eq!(waited.len(), 1);
        assert!(waited[0] >= Duration::from_secs(2), "{waited:?}");
        assert!(page.failures().contains("The server is busy."));
        let states: Vec<_> = page.statuses().iter().map(|status| status.state).collect();
        assert!(!states.contains(&State::Error), "it is no failure: {states:?}");
    }
}

#[wasm_bindgen_test]
async fn foreign_content_type_is_probed() {
    for how in [
        "content_type=text/html",
        "content_type=text/event-stream;charset=iso-8859-1",
        "cors=none",
        "cors=wildcard",
    ] {
        let channel = Channel::new().await;
        channel.dress(how, 2).await;
        channel.answer("status", 200, json!({})).await;
        let page = Page::alone(&channel, QUICK);
        page.connected().await;
        let stats = channel.wait("open=1").await;
        assert_eq!(
            (queries(&stats).len(), &stats["rest"]["status"]),
            (3, &json!(2)),
            "{how}"
        );
        for (gap, least) in gaps(&stats).iter().zip([20, 40]) {
            assert!(*gap >= Duration::from_millis(least), "{how}: {gap:?}");
        }
        assert!(
            page.failures().contains("The server refused the live connection."),
            "{how}"
        );
        let by_browser = stats["requests"][2]["last_event_id"].as_str();
        assert_eq!(by_browser, None, "{how}");
    }
}

#[wasm_bindgen_test]
async fn content_type_with_charset_is_accepted() {
    let channel = Channel::new().await;
    channel.dress("content_type=text/event-stream;charset=utf-8", 1).await;
    let page = Page::alone(&channel, QUICK);
    page.connected().await;
    assert_eq!(queries(&channel.stats().await).len(), 1);
}

#[wasm_bindgen_test]
async fn cors_refusal_is_reported_and_retried() {
    let channel = Channel::new().await;
    channel.dress("cors=none", 1).await;
    channel.script("status", &json!({"cors": "none"})).await;
    let page = Page::alone(&channel, QUICK);
    page.connected().await;
    let sentence = "The server can not be reached, or does not let this page connect.";
    assert!(page.failures().contains(sentence), "{:?}", page.failures());
    assert_eq!(queries(&channel.stats().await).len(), 2);
}

#[wasm_bindgen_test]
async fn redirected_stream_retries_first_address() {
    for status in [301, 302, 307] {
        let (first, second) = (Channel::new().await, Channel::new().await);
        first.redirect(status, &second).await;
        let page = Page::alone(&first, QUICK);
        page.connected().await;
        second.wait("opened=1").await;
        second.send(&event(7)).await;
        page.hears(1).await;

        second.drop_streams().await;
        let stats = first.wait("open=1").await;
        assert_eq!(queries(&stats), ["", "last_event_id=e-7"], "{status}");
        page.connected().await;
        assert_eq!(queries(&second.stats().await).len(), 1, "{status}");
    }
}

#[wasm_bindgen_test]
async fn invalid_address_is_not_retried() {
    let channel = Channel::new().await;
    channel.answer("status", 200, json!({})).await;
    for status in [address(&channel).status, None] {
        let address = Address {
            stream: "http://".to_owned(),
            status,
            ..Address::default()
        };
        let page = page_at(address, QUICK);
        page.is(State::Error).await;
        let shown = page.status();
        assert_eq!(shown.last_error.unwrap().cause, Cause::Final(Failure::Missing));
        assert_eq!(shown.retry_at, None);
        page.handle().retry();
        page.is(State::Error).await;
    }
}

#[wasm_bindgen_test]
async fn the_browser_does_not_try_again_by_itself() {
    // The browser itself would reconnect after three seconds.
    let channel = Channel::new().await;
    let settings = Settings {
        backoff: freshet::backoff::Backoff {
            base: Duration::from_millis(3_600),
            ..QUICK.backoff
        },
        ..QUICK
    };
    let page = Page::alone(&channel, settings);
    page.connected().await;
    channel.send("retry: 0\n\n").await;
    channel.send(&event(1)).await;
    page.hears(1).await;
    channel.drop_streams().await;
    let stats = channel.wait("open=1&opened=2").await;
    assert_eq!(queries(&stats), ["", "last_event_id=e-1"]);
    assert_eq!(stats["requests"][1]["last_event_id"], json!(null));
    assert!(gaps(&stats)[0] >= Duration::from_millis(3_600), "{:?}", gaps(&stats));
}

/// Returns the addresses of a channel whose streams need tickets, with matching settings.
fn with_tickets(channel: &Channel) -> (Address, Settings) {
    let address = Address {
        ticket: Some(format!("{}/ticket", channel.rest_url())),
        ..address(channel)
    };
    let settings = Settings {
        needs_ticket: true,
        ..QUICK
    };
    (address, settings)
}

#[wasm_bindgen_test]
async fn every_attempt_uses_new_ticket() {
    let channel = Channel::new().await;
    channel
        .answer("ticket", 200, json!({"data": {"ticket": "{count} &=é"}}))
        .await;
    channel.answer("status", 500, json!({})).await;
    let (address, settings) = with_tickets(&channel);
    let page = page_at(address, settings);
    page.connected().await;
    channel.send(&event(1)).await;
    page.hears(1).await;
    channel.refuse(503, 2).await;
    channel.drop_streams().await;
    let stats = channel.wait("open=1&requests=4").await;
    let ticket = |count: usize| format!("ticket={count}%20%26%3D%C3%A9");
    let again = |count| format!("last_event_id=e-1&{}", ticket(count));
    assert_eq!(queries(&stats), [ticket(1), again(2), again(3), again(4)]);
    let asked = stats["rest_requests"].as_array().unwrap().iter();
    let methods: Vec<_> = asked
        .filter(|asked| asked["path"] == "ticket")
        .map(|asked| &asked["method"])
        .collect();
    assert_eq!(methods, ["POST"; 4]);
}

#[wasm_bindgen_test]
async fn ticket_failures_count_as_stream_failures() {
    let channel = Channel::new().await;
    let (address, settings) = with_tickets(&channel);
    channel.hold("ticket").await;
    let settings = Settings {
        connect_timeout: Duration::from_millis(500),
        ..settings
    };
    let page = page_at(address, settings);
    let begun = clock::now();
    until("it is not waited for", || {
        page.status()
            .last_error
            .is_some_and(|error| error.cause == Cause::Timeout)
    })
    .await;
    assert!(clock::now().since(begun) >= Duration::from_millis(400));

    channel.answer("ticket", 403, json!({})).await;
    page.is(State::Error).await;
    assert_eq!(
        page.status().last_error.unwrap().cause,
        Cause::Final(Failure::Forbidden)
    );
    assert_eq!(queries(&channel.stats().await), [""; 0], "no stream was asked for");
}
