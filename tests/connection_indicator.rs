//! The indicator shows the state of the connection in words, and nothing while there is nothing to report.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;
#[path = "common/live.rs"]
mod live;

use std::time::Duration;

use common::{Channel, until};
use freshet::backoff::Backoff;
use freshet::browser::clock;
use freshet::components::ConnectionIndicator;
use freshet::sse::{Settings, State};
use live::{Page, QUICK, address, event, happens, pass, queries};
use serde_json::json;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

/// Settings with a wait that is long enough to see its countdown.
const SLOW: Settings = Settings {
    backoff: Backoff {
        base: Duration::from_secs(30),
        cap: Duration::from_secs(30),
        jitter: 0.0,
    },
    ..QUICK
};

fn open(channel: &Channel, settings: Settings) -> Page {
    Page::build(
        address(channel),
        settings,
        false,
        "somebody",
        html! { <ConnectionIndicator /> },
    )
}

fn indicator(page: &Page) -> Element {
    page.place().find("[data-testid=connection-indicator]").unwrap()
}

fn text(page: &Page) -> String {
    page.place().text()
}

fn is_hidden(page: &Page) -> bool {
    indicator(page).has_attribute("hidden")
}

async fn shows(page: &Page, words: &str) {
    until(words, || text(page).contains(words)).await;
    assert!(!is_hidden(page));
}

fn click(page: &Page) {
    page.place()
        .find("button")
        .unwrap()
        .unchecked_into::<HtmlElement>()
        .click();
}

async fn is_hidden_again(page: &Page) {
    page.connected().await;
    until("it is hidden", || is_hidden(page)).await;
    assert_eq!(text(page), "");
}

#[wasm_bindgen_test]
async fn indicator_hides_short_losses() {
    let channel = Channel::new().await;
    let page = open(&channel, QUICK);
    page.connected().await;
    assert_eq!(indicator(&page).get_attribute("role").as_deref(), Some("status"));
    assert!(is_hidden(&page));
    for opened in 2..=4 {
        channel.drop_streams().await;
        until("it is back", || {
            assert!(is_hidden(&page), "a flash");
            page.statuses()
                .iter()
                .filter(|status| status.state == State::Reconnecting)
                .count()
                > 0
                && page.status().state == State::Connected
        })
        .await;
        channel.wait(&format!("open=1&opened={opened}")).await;
    }
    assert_eq!(text(&page), "");
    assert_eq!(
        indicator(&page).get_attribute("data-state").as_deref(),
        Some("connected")
    );
}

#[wasm_bindgen_test]
async fn indicator_shows_slow_connecting() {
    let channel = Channel::silent();
    let begun = clock::now();
    let page = open(&channel, QUICK);
    shows(&page, "Connecting…").await;
    assert!(clock::now().since(begun) >= Duration::from_secs(2));
    assert!(
        page.place().find("button").is_none(),
        "nothing is waited for that could be hurried"
    );
    channel
        .send("event: hello\ndata: {\"type\":\"hello\",\"data\":{}}\n\n")
        .await;
    is_hidden_again(&page).await;
}

#[wasm_bindgen_test]
async fn indicator_counts_down_and_retries() {
    let channel = Channel::new().await;
    let page = open(&channel, SLOW);
    page.connected().await;
    channel.drop_streams().await;
    shows(&page, "Reconnecting…").await;
    shows(&page, "The server can not be reached.").await;
    let countdown = || page.place().find(".countdown").unwrap();
    assert_eq!(countdown().get_attribute("aria-hidden").as_deref(), Some("true"));
    let seconds = || {
        countdown()
            .text_content()
            .unwrap()
            .trim_end_matches(" s")
            .parse::<u32>()
            .unwrap()
    };
    let first = seconds();
    assert!((1..=30).contains(&first), "{first}");
    until("a second has passed", || seconds() < first).await;
    assert_eq!(
        page.place().find("button").unwrap().text_content().as_deref(),
        Some("Try now")
    );
    click(&page);
    is_hidden_again(&page).await;
    assert_eq!(queries(&channel.stats().await).len(), 2);
}

#[wasm_bindgen_test]
async fn indicator_explains_failure() {
    let channel = Channel::new().await;
    channel.refuse(403, 1).await;
    channel.answer("status", 403, json!({})).await;
    let page = open(&channel, QUICK);
    shows(&page, "Connection lost. Click to retry.").await;
    shows(&page, "You are not allowed to receive live updates.").await;
    assert_eq!(indicator(&page).get_attribute("data-state").as_deref(), Some("error"));
    assert!(page.place().find(".countdown").is_none());
    click(&page);
    is_hidden_again(&page).await;
}

#[wasm_bindgen_test]
async fn indicator_separates_network_from_server() {
    let channel = Channel::new().await;
    let settings = Settings {
        offline_grace: Duration::from_millis(50),
        ..QUICK
    };
    let page = open(&channel, settings);
    page.connected().await;
    happens("offline");
    shows(&page, "No network. Changes of others are shown once it is back.").await;
    assert!(page.place().find(".reason").is_none());
    happens("online");
    is_hidden_again(&page).await;
}

#[wasm_bindgen_test]
async fn indicator_shows_lost_network_at_once() {
    let channel = Channel::new().await;
    let page = open(&channel, QUICK);
    page.connected().await;
    pass(2).await;
    let begun = clock::now();
    happens("offline");
    shows(&page, "No network. Changes of others are shown once it is back.").await;
    let took = clock::now().since(begun);
    assert!(took < Duration::from_millis(1_500), "{took:?}");
    // The stream was kept, so an event proves that there is a network after all.
    channel.send(&event(1)).await;
    is_hidden_again(&page).await;
    assert_eq!(queries(&channel.stats().await).len(), 1);
    happens("online");
}
