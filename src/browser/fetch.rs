//! HTTP requests with responses as bytes.

use std::time::Duration;

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, ReadableStream, ReadableStreamDefaultReader, ReadableStreamReadResult, RequestCache,
    RequestCredentials, RequestInit, ResponseType,
};

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

impl Verb {
    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// The response to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// `Retry-After`, as sent.
    pub retry_after: Option<String>,
    /// The position of the server's event log that the response reflects, as sent.
    pub event_cursor: Option<String>,
    /// The `Link` header, with the address of the next part of a list, as sent (RFC 8288).
    pub link: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Returns whether a body comes from a proxy. Such a body is an HTML page, or the text that Go's servers (such as
/// Traefik) and the ingress of Kubernetes send for an unknown address. No server of this app sends any of these with an
/// error.
#[must_use]
pub fn is_from_proxy(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    body.starts_with(b"<") || body == b"404 page not found" || body == b"default backend - 404"
}

/// The reason why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The server could not be reached, or the browser withheld its answer.
    #[error("the server can not be reached")]
    Network,
    /// The answer took longer than the limit.
    #[error("the server took too long to answer")]
    Timeout,
}

/// Sends a request with cookies and reads the whole answer. Dropping the future aborts the request.
///
/// # Errors
///
/// See [`FetchError`]; an answer of any status is no error here.
pub async fn fetch(request: Request, limit: Duration) -> Result<Response, FetchError> {
    // Aborts the request if this function ends before the response is complete.
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
    let init = RequestInit::new();
    init.set_method(request.method.name());
    init.set_credentials(RequestCredentials::Include);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(signal.as_ref());
    if let Some((_, body)) = &request.body {
        init.set_body(&body.into());
    }
    // Created here and not by gloo's builder, which creates two requests and an address. This takes 0.1 ms, as long as
    // it takes to read a list of 200 entries.
    let sent = web_sys::Request::new_with_str_and_init(&request.url, &init).map_err(|error| failed(&error))?;
    let headers = sent.headers();
    for (name, value) in &request.headers {
        headers.set(name, value).map_err(|error| failed(&error))?;
    }
    if let Some((content_type, _)) = request.body {
        headers
            .set("content-type", content_type)
            .map_err(|error| failed(&error))?;
    }
    let response = gloo_net::http::Request::from(sent).send().await?;
    let body = read(response.body(), length_of(&response));
    Ok(Response {
        status: response.status(),
        retry_after: response.headers().get("retry-after"),
        event_cursor: response.headers().get("x-event-cursor"),
        link: response.headers().get("link"),
        body: body.await.map_err(|error| failed(&error))?,
    })
}

/// Reads a body as it arrives, until it ends or has this length. A browser that is asked for the whole body at once
/// starts when all of it has arrived: half a millisecond later for 100 kB, and a whole one for 500 kB. The end of the
/// body is reported later still.
async fn read(body: Option<ReadableStream>, length: Option<usize>) -> Result<Vec<u8>, JsValue> {
    let mut bytes = Vec::new();
    let Some(body) = body else { return Ok(bytes) };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let read: ReadableStreamReadResult = JsFuture::from(reader.read()).await?.unchecked_into();
        if read.get_done() != Some(false) {
            return Ok(bytes);
        }
        let chunk: Uint8Array = read.get_value().unchecked_into();
        let before = bytes.len();
        bytes.resize(before + chunk.length() as usize, 0);
        chunk.copy_to(&mut bytes[before..]);
        if Some(bytes.len()) == length {
            return Ok(bytes);
        }
    }
}

fn length_of(response: &gloo_net::http::Response) -> Option<usize> {
    let headers = response.headers();
    let is_ours = response.type_() == ResponseType::Basic;
    let length = headers.get("content-length").filter(|_| is_ours)?;
    length_of_body(&length, headers.get("content-encoding").as_deref())
}

/// Returns the length of a body, if it is known. A compressed body is longer than the header says. The length of a body
/// from another origin is not known, since browsers do not tell whether it was compressed.
fn length_of_body(length: &str, encoding: Option<&str>) -> Option<usize> {
    match encoding {
        None | Some("identity") => length.parse().ok(),
        Some(_) => None,
    }
}

fn failed(error: &JsValue) -> gloo_net::Error {
    gloo_net::Error::GlooError(format!("{error:?}"))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::length_of_body;

    #[test]
    fn body_length_is_unknown_when_compressed() {
        for (length, encoding, expected) in [
            ("12", None, Some(12)),
            ("12", Some("identity"), Some(12)),
            ("12", Some("gzip"), None),
            ("12", Some("br"), None),
            ("", None, None),
            ("-1", None, None),
            ("99999999999999999999", None, None),
        ] {
            assert_eq!(length_of_body(length, encoding), expected, "{length:?}, {encoding:?}");
        }
    }
}
