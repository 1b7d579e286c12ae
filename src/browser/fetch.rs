//! Requests, as bytes.

use std::time::Duration;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestCache, RequestCredentials, RequestInit};

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
            log::info!("a request failed: {error:?}");
            Err(FetchError::Network)
        }
        None => Err(FetchError::Timeout),
    }
}

async fn send(request: Request, signal: Option<AbortSignal>) -> Result<Response, JsValue> {
    let init = RequestInit::new();
    init.set_method(match request.method {
        Verb::Get => "GET",
        Verb::Post => "POST",
        Verb::Put => "PUT",
        Verb::Patch => "PATCH",
        Verb::Delete => "DELETE",
    });
    init.set_credentials(RequestCredentials::Include);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(signal.as_ref());
    let headers = Array::new();
    let set = |name: &str, value: &str| headers.push(&Array::of2(&name.into(), &value.into()));
    for (name, value) in &request.headers {
        set(name, value);
    }
    if let Some((content_type, body)) = &request.body {
        set("content-type", content_type);
        init.set_body(&body.into());
    }
    if headers.length() > 0 {
        init.set_headers(&headers);
    }
    let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
    let response = JsFuture::from(window.fetch_with_str_and_init(&request.url, &init)).await?;
    let response: web_sys::Response = response.dyn_into()?;
    let headers = response.headers();
    let header = |name: &str| headers.get(name).ok().flatten();
    Ok(Response {
        status: response.status(),
        retry_after: header("retry-after"),
        event_cursor: header("x-event-cursor"),
        body: Uint8Array::new(&JsFuture::from(response.array_buffer()?).await?).to_vec(),
    })
}
