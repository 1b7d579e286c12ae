//! The shared parts of the browser tests: a scripted server, places to render into, and waits.
//!
//! The server is `scripted-stream` of `crates/e2e`; `cargo xtask test browser` starts it. Each test has a channel of
//! its own, so that tests do not affect each other.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that can not go on must say so"
)]
#![allow(dead_code, clippy::allow_attributes, reason = "not every test file uses all of it")]

use std::time::Duration;

use freshet::browser::clock;
use freshet::browser::fetch::{Request, Verb, fetch};
use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use serde_json::Value;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::RequestInit;
use yew::prelude::*;

/// The address of the scripted server. `FRESHET_TEST_SERVER`, read at compile time, names another one, so that two
/// checkouts can test at once.
const SERVER: &str = match option_env!("FRESHET_TEST_SERVER") {
    Some(server) => server,
    None => "http://127.0.0.1:8799",
};
const HELLO: &str = r#"{"type":"hello","data":{"epoch":"e","resumed":false,"cursor":"e-0","heartbeat_ms":15000}}"#;

/// A channel of the scripted server.
pub(crate) struct Channel(String);

impl Channel {
    /// Creates a new channel whose streams begin with a hello.
    pub(crate) async fn new() -> Self {
        let channel = Self::silent();
        channel.greet(&format!("event: hello\ndata: {HELLO}\n\n")).await;
        channel
    }

    /// Creates a new channel whose streams send nothing.
    pub(crate) fn silent() -> Self {
        Self(format!("c{:x}", clock::seed()))
    }

    pub(crate) fn stream_url(&self) -> String {
        format!("{SERVER}/stream/{}", self.0)
    }

    pub(crate) fn rest_url(&self) -> String {
        format!("{SERVER}/rest/{}", self.0)
    }

    /// Sends these bytes on every stream as it opens.
    pub(crate) async fn greet(&self, bytes: &str) {
        self.post("on-open", bytes).await;
    }

    /// Sends these bytes on every open stream.
    pub(crate) async fn send(&self, bytes: &str) {
        self.post("send", bytes).await;
    }

    /// Sends an event with its envelope.
    pub(crate) async fn event(&self, id: &str, name: &str, data: &Value) {
        let envelope = serde_json::json!({"type": name, "data": data});
        self.send(&format!("id: {id}\nevent: {name}\ndata: {envelope}\n\n"))
            .await;
    }

    /// Ends all open streams.
    pub(crate) async fn drop_streams(&self) {
        self.post("drop", "").await;
    }

    /// Answers the next requests for a stream with this status.
    pub(crate) async fn refuse(&self, status: u16, times: usize) {
        self.post(&format!("status?code={status}&times={times}"), "").await;
    }

    /// Redirects the next request for a stream to the stream of another channel.
    pub(crate) async fn redirect(&self, status: u16, to: &Self) {
        self.post(&format!("redirect?code={status}&to={}", to.0), "").await;
    }

    /// Answers the next requests with streams that have other headers. For example `content_type=text/html` or
    /// `cors=none`.
    pub(crate) async fn dress(&self, how: &str, times: usize) {
        self.post(&format!("dress?{how}&times={times}"), "").await;
    }

    /// Leaves the next request for a stream without an answer.
    pub(crate) async fn hang(&self) {
        self.post("hang", "").await;
    }

    /// Sends these bytes, which need not be text, on every open stream.
    pub(crate) async fn send_bytes(&self, bytes: &[u8]) {
        let url = format!("{SERVER}/control/{}/send", self.0);
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&Uint8Array::from(bytes));
        let response = web_sys::window().unwrap().fetch_with_str_and_init(&url, &request);
        let response: web_sys::Response = JsFuture::from(response).await.unwrap().unchecked_into();
        assert!(response.ok());
    }

    /// Scripts the answer of a path.
    pub(crate) async fn answer(&self, path: &str, status: u16, body: Value) {
        self.script(path, &serde_json::json!({"status": status, "body": body}))
            .await;
    }

    /// Holds the answer of a path back until it is scripted again.
    pub(crate) async fn hold(&self, path: &str) {
        self.script(path, &serde_json::json!({"hold": true})).await;
    }

    /// Scripts every property of a path's answer.
    pub(crate) async fn script(&self, path: &str, script: &Value) {
        let url = format!("{SERVER}/control/{}/rest/{path}", self.0);
        call(Verb::Put, url, Some(("application/json", script.to_string()))).await;
    }

    /// Waits until these numbers are reached, and returns all numbers. For example `open=0&opened=2`.
    pub(crate) async fn wait(&self, numbers: &str) -> Value {
        let body = call(Verb::Get, format!("{SERVER}/control/{}/wait?{numbers}", self.0), None).await;
        serde_json::from_slice(&body).unwrap()
    }

    /// Returns the numbers and requests so far.
    pub(crate) async fn stats(&self) -> Value {
        let body = call(Verb::Get, format!("{SERVER}/control/{}/stats", self.0), None).await;
        serde_json::from_slice(&body).unwrap()
    }

    async fn post(&self, command: &str, body: &str) {
        let url = format!("{SERVER}/control/{}/{command}", self.0);
        call(Verb::Post, url, Some(("text/plain", body.to_owned()))).await;
    }
}

async fn call(method: Verb, url: String, body: Option<(&'static str, String)>) -> Vec<u8> {
    let request = Request {
        method,
        url: url.clone(),
        headers: Vec::new(),
        body,
    };
    match fetch(request, Duration::from_secs(30)).await {
        Ok(response) if response.status == 200 => response.body,
        Ok(response) => panic!("{url}: {} {}", response.status, String::from_utf8_lossy(&response.body)),
        Err(error) => panic!("{url}: {error}; is scripted-stream running? `cargo xtask test browser` starts it"),
    }
}

/// Waits until the condition holds. The ten seconds are a limit, not an expectation.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = clock::now();
    while !condition() {
        assert!(
            clock::now().since(begun) < Duration::from_secs(10),
            "waited in vain until {what}"
        );
        TimeoutFuture::new(1).await;
    }
}

/// Waits until an asynchronous condition holds, for example a question to the browser. The ten seconds are a limit, not
/// an expectation.
pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let begun = clock::now();
    while !condition().await {
        assert!(
            clock::now().since(begun) < Duration::from_secs(10),
            "waited in vain until {what}"
        );
    }
}

/// Waits until everything that is due has happened: microtasks, renders, and their effects.
pub(crate) async fn settle() {
    for _ in 0..5 {
        TimeoutFuture::new(0).await;
    }
}

/// An element of the document to render into.
pub(crate) struct Place(web_sys::Element);

impl Place {
    pub(crate) fn new() -> Self {
        let document = web_sys::window().unwrap().document().unwrap();
        let element = document.create_element("div").unwrap();
        document.body().unwrap().append_child(&element).unwrap();
        Self(element)
    }

    /// Renders a component into the element.
    pub(crate) fn render<C: BaseComponent>(&self, props: C::Properties) -> AppHandle<C> {
        yew::Renderer::<C>::with_root_and_props(self.0.clone(), props).render()
    }

    pub(crate) fn text(&self) -> String {
        self.0.text_content().unwrap_or_default()
    }

    /// Finds the first element that matches.
    pub(crate) fn find(&self, selector: &str) -> Option<web_sys::Element> {
        self.0.query_selector(selector).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.remove();
    }
}
