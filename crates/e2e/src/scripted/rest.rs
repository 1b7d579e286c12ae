//! Answers of ordinary requests, written down beforehand.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::channel::{Channels, RestRequest};
use super::cors::Cors;

/// How a path answers, whatever the method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scripted {
    /// The HTTP status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Headers beside those that allow every page to read it. The content type is JSON unless this says otherwise.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: text as it is, anything else as JSON. For `{count}` it says how often the path was asked.
    #[serde(default)]
    pub body: Value,
    /// How long the answer takes, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
    /// Which pages may read it.
    #[serde(default)]
    pub cors: Cors,
    /// The answer is held back until the path is scripted anew, without this, and is the new one then.
    #[serde(default)]
    pub hold: bool,
    /// After how many bytes of the body the connection breaks.
    #[serde(default)]
    pub breaks_after: Option<usize>,
}

fn ok() -> u16 {
    200
}

/// `PUT /control/{channel}/rest/{path}`.
pub(super) async fn script(
    State(channels): State<Channels>,
    Path((name, path)): Path<(String, String)>,
    Json(scripted): Json<Scripted>,
) -> Response {
    if let Err(error) = respond(&scripted, 0) {
        return (StatusCode::BAD_REQUEST, error).into_response();
    }
    channels.with(&name, |channel| channel.rest.insert(path, scripted));
    StatusCode::OK.into_response()
}

/// Any method on `/rest/{channel}/{path}`.
pub(super) async fn answer(
    State(channels): State<Channels>,
    Path((name, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    body: Bytes,
) -> Response {
    let request = RestRequest {
        method: method.to_string(),
        path: path.clone(),
        query: query.unwrap_or_default(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let count = channels.with(&name, |channel| channel.rest_request(request));
    let scripted = channels
        .wait_for(&name, |channel| match channel.rest.get(&path) {
            Some(scripted) if scripted.hold => None,
            scripted => Some(scripted.cloned()),
        })
        .await;
    let Some(scripted) = scripted else {
        let body =
            json!({"status_code": 404, "error": "not_scripted", "message": format!("nothing is scripted for {path}")});
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    };
    tokio::time::sleep(Duration::from_millis(scripted.delay_ms)).await;
    respond(&scripted, count).unwrap_or_else(|error| (StatusCode::INTERNAL_SERVER_ERROR, error).into_response())
}

/// The answer, or why what was scripted is none.
fn respond(scripted: &Scripted, count: usize) -> Result<Response, String> {
    let status = StatusCode::from_u16(scripted.status).map_err(|error| error.to_string())?;
    let body = match &scripted.body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let body = body.replace("{count}", &count.to_string());
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in &scripted.headers {
        let name: HeaderName = name
            .parse()
            .map_err(|error| format!("{name:?} names no header: {error}"))?;
        let value: HeaderValue = value
            .parse()
            .map_err(|error| format!("{value:?} is no value of a header: {error}"))?;
        // With cookies `*` exposes nothing, so each is named.
        headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, name.clone().into());
        headers.insert(name, value);
    }
    let body = match scripted.breaks_after {
        None => Body::from(body),
        Some(bytes) => {
            headers.insert(header::CONTENT_LENGTH, body.len().into());
            let sent = Bytes::copy_from_slice(&body.as_bytes()[..bytes.min(body.len())]);
            let broken = io::Error::from(io::ErrorKind::ConnectionAborted);
            // What was sent is to arrive before the connection breaks.
            let breaks = stream::once(async { Err(broken) });
            Body::from_stream(stream::once(async { Ok(sent) }).chain(breaks))
        }
    };
    Ok((status, headers, Extension(scripted.cors), body).into_response())
}
