//! How a test steers a channel and learns what happened on it.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode};
use serde::Deserialize;

use super::channel::{Answer, Channel, Channels, Dress, Stats};
use super::cors::Cors;

/// How long `wait` is patient.
const PATIENCE: Duration = Duration::from_secs(10);

/// `POST /control/{channel}/send`.
pub(super) async fn send(State(channels): State<Channels>, Path(name): Path<String>, bytes: Bytes) {
    channels.with(&name, |channel| channel.send(&bytes));
}

/// `POST /control/{channel}/on-open`; an empty body takes it back.
pub(super) async fn on_open(State(channels): State<Channels>, Path(name): Path<String>, bytes: Bytes) {
    channels.with(&name, |channel| channel.greeting = bytes);
}

#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    code: u16,
    retry_after: Option<u64>,
    #[serde(default = "once")]
    times: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct Redirect {
    code: u16,
    to: String,
    #[serde(default = "once")]
    times: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dressed {
    content_type: Option<String>,
    #[serde(default)]
    cors: Cors,
    #[serde(default = "once")]
    times: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hang {
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

/// `POST /control/{channel}/status`.
pub(super) async fn status(
    State(channels): State<Channels>,
    Path(name): Path<String>,
    Query(refusal): Query<Refusal>,
) -> StatusCode {
    if StatusCode::from_u16(refusal.code).is_err() || refusal.code < 200 {
        return StatusCode::BAD_REQUEST;
    }
    let answer = Answer::Status {
        code: refusal.code,
        retry_after: refusal.retry_after,
    };
    answer_next(&channels, &name, answer, refusal.times);
    StatusCode::OK
}

/// `POST /control/{channel}/redirect`.
pub(super) async fn redirect(
    State(channels): State<Channels>,
    Path(name): Path<String>,
    Query(Redirect { code, to, times }): Query<Redirect>,
) -> StatusCode {
    let is_header = HeaderValue::from_str(&to).is_ok();
    if !is_header || !StatusCode::from_u16(code).is_ok_and(|code| code.is_redirection()) {
        return StatusCode::BAD_REQUEST;
    }
    answer_next(&channels, &name, Answer::Redirect { code, to }, times);
    StatusCode::OK
}

/// `POST /control/{channel}/dress`.
pub(super) async fn dress(
    State(channels): State<Channels>,
    Path(name): Path<String>,
    Query(dressed): Query<Dressed>,
) -> StatusCode {
    let mut dress = Dress {
        cors: dressed.cors,
        ..Dress::default()
    };
    if let Some(content_type) = dressed.content_type {
        let Ok(content_type) = HeaderValue::from_str(&content_type) else {
            return StatusCode::BAD_REQUEST;
        };
        dress.content_type = content_type;
    }
    answer_next(&channels, &name, Answer::Stream(dress), dressed.times);
    StatusCode::OK
}

/// `POST /control/{channel}/hang`.
pub(super) async fn hang(State(channels): State<Channels>, Path(name): Path<String>, Query(hang): Query<Hang>) {
    answer_next(&channels, &name, Answer::Never, hang.times);
}

fn answer_next(channels: &Channels, name: &str, answer: Answer, times: usize) {
    channels.with(name, |channel| {
        channel.answers.extend(std::iter::repeat_n(answer, times));
    });
}

/// `POST /control/{channel}/drop`.
pub(super) async fn drop_streams(State(channels): State<Channels>, Path(name): Path<String>) {
    channels.with(&name, |channel| channel.streams.clear());
}

/// `POST /control/{channel}/reset`.
pub(super) async fn reset(State(channels): State<Channels>, Path(name): Path<String>) {
    channels.with(&name, |channel| {
        channel.greeting = Bytes::new();
        channel.answers.clear();
        channel.rest.clear();
    });
}

/// `GET /control/{channel}/stats`.
pub(super) async fn stats(State(channels): State<Channels>, Path(name): Path<String>) -> Json<Stats> {
    Json(channels.with(&name, |channel| channel.stats()))
}

/// What to wait for: everything that is given.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// Exactly so many streams are open.
    open: Option<u64>,
    /// At least so many were opened.
    opened: Option<u64>,
    /// At least so many have ended.
    closed: Option<u64>,
    /// At least so many were asked for.
    requests: Option<usize>,
    /// This scripted path was asked …
    rest_path: Option<String>,
    /// … at least so often.
    rest_count: Option<u64>,
}

impl Wanted {
    fn is_met(&self, stats: &Stats) -> bool {
        let rest_count = match &self.rest_path {
            Some(path) => stats.rest.get(path).copied().unwrap_or_default(),
            None => stats.rest.values().sum(),
        };
        self.open.is_none_or(|open| stats.open == open)
            && self.opened.is_none_or(|opened| stats.opened >= opened)
            && self.closed.is_none_or(|closed| stats.closed >= closed)
            && self.requests.is_none_or(|requests| stats.requests.len() >= requests)
            && self.rest_count.is_none_or(|count| rest_count >= count)
    }
}

/// `GET /control/{channel}/wait`.
pub(super) async fn wait(
    State(channels): State<Channels>,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> (StatusCode, Json<Stats>) {
    let reached = |channel: &mut Channel| Some(channel.stats()).filter(|stats| wanted.is_met(stats));
    match tokio::time::timeout(PATIENCE, channels.wait_for(&name, reached)).await {
        Ok(stats) => (StatusCode::OK, Json(stats)),
        Err(_) => (
            StatusCode::GATEWAY_TIMEOUT,
            Json(channels.with(&name, |channel| channel.stats())),
        ),
    }
}
