//! Requests, as bytes.

use std::time::Duration;

use gloo_net::http::{Headers, Method, RequestBuilder};
use web_sys::{AbortController, RequestCache, RequestCredentials};

use super::Timeout;

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
    let controller = Abort(AbortController::new().ok());
    let deadline = controller
        .0
        .clone()
        .map(|controller| Timeout::new(limit, move || controller.abort()));
    let outcome = send(request, &controller).await;
    let expired = controller
        .0
        .as_ref()
        .is_some_and(|controller| controller.signal().aborted());
    drop(deadline);
    outcome.map_err(|error| {
        tracing::info!("a request failed: {error}");
        if expired {
            FetchError::Timeout
        } else {
            FetchError::Network
        }
    })
}

/// Aborts whatever listens to its signal. Aborting what has ended does nothing.
struct Abort(Option<AbortController>);

impl Drop for Abort {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

async fn send(request: Request, controller: &Abort) -> Result<Response, gloo_net::Error> {
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
    let signal = controller.0.as_ref().map(AbortController::signal);
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
