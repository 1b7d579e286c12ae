//! Requests, as bytes.

use std::time::Duration;

use gloo_net::http::{Headers, Method, RequestBuilder};
use web_sys::{AbortSignal, RequestCache, RequestCredentials};

use super::abort::Abort;
use super::timer::within;

/// A request to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Verb,
    /// The address.
    pub url: String,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body and its content type.
    pub body: Option<(&'static str, String)>,
}

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// `Retry-After`, as sent.
    pub retry_after: Option<String>,
    /// The position of the server's event log that this reflects, as sent.
    pub event_cursor: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The server could not be reached, or its answer was withheld by the browser.
    #[error("the server can not be reached")]
    Network,
    /// It took too long.
    #[error("the server took too long to answer")]
    Timeout,
}

/// Sends a request with cookies and reads the whole answer. Dropping the future aborts the request.
///
/// # Errors
///
/// See [`FetchError`]; an answer of any status is no error here.
pub async fn fetch(request: Request, limit: Duration) -> Result<Response, FetchError> {
    // Dropped at the end, whatever the end is.
    let abort = Abort::new();
    match within(limit, send(request, abort.signal())).await {
        Some(Ok(response)) => {
            abort.ended();
            Ok(response)
        }
        Some(Err(error)) => {
            log::info!("a request failed: {error}");
            Err(FetchError::Network)
        }
        None => Err(FetchError::Timeout),
    }
}

async fn send(request: Request, signal: Option<AbortSignal>) -> Result<Response, gloo_net::Error> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value);
    }
    let method = match request.method {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    };
    let mut builder = RequestBuilder::new(&request.url)
        .method(method)
        .credentials(RequestCredentials::Include)
        .cache(RequestCache::NoStore)
        .abort_signal(signal.as_ref());
    if let Some((content_type, _)) = &request.body {
        headers.set("content-type", content_type);
    }
    builder = builder.headers(headers);
    let response = match request.body {
        Some((_, body)) => builder.body(body)?.send().await?,
        None => builder.send().await?,
    };
    Ok(Response {
        status: response.status(),
        retry_after: response.headers().get("retry-after"),
        event_cursor: response.headers().get("x-event-cursor"),
        body: response.binary().await?,
    })
}
