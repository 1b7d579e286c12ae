//! A request ends with an answer, with an error, or with the drop of its future.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;

use std::time::Duration;

use common::Channel;
use freshet::browser::fetch::{FetchError, Request, Verb, fetch};
use serde_json::json;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn get(url: String) -> Request {
    Request {
        method: Verb::Get,
        url,
        headers: Vec::new(),
        body: None,
    }
}

#[wasm_bindgen_test]
async fn an_answer_is_an_answer_whatever_its_status() {
    let channel = Channel::silent();
    channel.answer("thing", 404, json!({"gone": true})).await;
    let response = fetch(get(format!("{}/thing", channel.rest_url())), Duration::from_secs(30))
        .await
        .unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (404, br#"{"gone":true}"#.as_slice())
    );
}

#[wasm_bindgen_test]
async fn timeout_differs_from_unreachable() {
    let channel = Channel::silent();
    channel.hold("slow").await;
    let slow = get(format!("{}/slow", channel.rest_url()));
    assert_eq!(fetch(slow, Duration::from_millis(50)).await, Err(FetchError::Timeout));
    // No server listens at port 1, and browsers block that port.
    let nobody = get("http://127.0.0.1:1/".to_owned());
    assert_eq!(fetch(nobody, Duration::from_secs(30)).await, Err(FetchError::Network));
}

#[wasm_bindgen_test]
async fn a_body_is_whole_or_there_is_none() {
    let channel = Channel::silent();
    // Large enough that a browser delivers it in many pieces.
    let text = "0123456789abcdef".repeat(1 << 16);
    channel.answer("long", 200, json!(text)).await;
    let long = get(format!("{}/long", channel.rest_url()));
    let response = fetch(long.clone(), Duration::from_secs(30)).await.unwrap();
    assert_eq!(response.body.len(), text.len());
    assert!(response.body == text.as_bytes());

    channel
        .script("long", &json!({"body": text, "breaks_after": text.len() / 2}))
        .await;
    assert_eq!(fetch(long, Duration::from_secs(30)).await, Err(FetchError::Network));

    channel.answer("nothing", 204, json!(null)).await;
    let nothing = get(format!("{}/nothing", channel.rest_url()));
    let response = fetch(nothing, Duration::from_secs(30)).await.unwrap();
    assert_eq!((response.status, response.body), (204, Vec::new()));
}
