//! The built app: its files, and `index.html` for every route of the app.

use std::io;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use tower_http::services::ServeDir;

use crate::error::Error;

/// The page that loads the app.
pub(crate) const INDEX: &str = "index.html";

/// The cache header of a file with a hash of its content in its name. Such a file never changes.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The cache header of all other files. They are requested again each time, and mostly answered with 304.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The extensions of the files that are served. Other files in the folder are not part of the app.
const KINDS: [&str; 17] = [
    "avif",
    "css",
    "gif",
    "html",
    "ico",
    "jpg",
    "js",
    "json",
    "mjs",
    "mp3",
    "png",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
    "webp",
    "woff2",
];

/// Serves the folder of the built app. Serves a `.br` or `.gz` file instead of the original, if there is one beside it.
pub(crate) fn service(dist: &Path) -> Router {
    let files = ServeDir::new(dist)
        .precompressed_br()
        .precompressed_gzip()
        .append_index_html_on_directories(false);
    Router::new().fallback(move |request| serve(files.clone(), request))
}

async fn serve(mut files: ServeDir, mut request: Request) -> Response {
    if is_app_route(&request) {
        *request.uri_mut() = Uri::from_static("/index.html");
    }
    let lifetime = if is_hashed(request.uri().path()) {
        FOREVER
    } else {
        ASK_AGAIN
    };
    let whole = if_range(&request);
    let mut response = find(&mut files, request).await;
    if let Some((validator, whole)) = whole
        && !is_still(&validator, &response)
    {
        response = find(&mut files, whole).await;
    }
    let known = response.status().is_success() || response.status().is_redirection();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, if known { lifetime } else { ASK_AGAIN });
    if let Some(text) = headers.get(CONTENT_TYPE).and_then(with_charset) {
        headers.insert(CONTENT_TYPE, text);
    }
    response
}

/// Returns the content type of a text with its character set. All texts of the app are in UTF-8.
fn with_charset(kind: &HeaderValue) -> Option<HeaderValue> {
    let kind = kind.to_str().ok()?;
    let is_text = kind.starts_with("text/") && !kind.contains(';');
    is_text.then(|| HeaderValue::try_from(format!("{kind}; charset=utf-8")).ok())?
}

async fn find(files: &mut ServeDir, request: Request) -> Response {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound, PermissionDenied};
    if reads(&request) && !is_of_the_app(request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match files.try_call(request).await {
        Ok(response) => response.map(Body::new),
        // A name that is too long names no file.
        Err(error)
            if matches!(
                error.kind(),
                NotFound | NotADirectory | InvalidFilename | PermissionDenied
            ) =>
        {
            StatusCode::NOT_FOUND.into_response()
        }
        // The limit of open files is reached, of this process (EMFILE) or of the system (ENFILE).
        Err(error) if matches!(error.raw_os_error(), Some(23 | 24)) => Error::Busy.into_response(),
        Err(_) => Error::Internal("a file of the app can not be read").into_response(),
    }
}

/// Returns the validator of a range request (`If-Range`), and the same request for the whole file. The whole file is
/// the answer if the file is no longer the one that the validator names (RFC 9110, 13.1.5).
fn if_range(request: &Request) -> Option<(HeaderValue, Request)> {
    let validator = request.headers().get(IF_RANGE).cloned()?;
    request.headers().get(RANGE)?;
    let mut whole = Request::new(Body::empty());
    whole.method_mut().clone_from(request.method());
    whole.uri_mut().clone_from(request.uri());
    whole.headers_mut().clone_from(request.headers());
    whole.headers_mut().remove(RANGE);
    Some((validator, whole))
}

/// Returns whether the validator names exactly the file of the answer. The validator is a strong tag or a date. A weak
/// tag never matches.
fn is_still(validator: &HeaderValue, response: &Response) -> bool {
    let name = if validator.as_bytes().starts_with(b"\"") {
        ETAG
    } else {
        LAST_MODIFIED
    };
    response.headers().get(name) == Some(validator)
}

/// Returns whether a request opens a route of the app, as opposed to a file that the app fetches.
fn is_app_route(request: &Request) -> bool {
    let path = request.uri().path();
    let accepts_pages = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    reads(request) && (path == "/" || (accepts_pages && !is_file))
}

fn reads(request: &Request) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}

/// Returns whether a path may name a file of the app. Such a file has a known extension and is not hidden, and its name
/// needs no percent-encoding.
fn is_of_the_app(path: &str) -> bool {
    let kind = path.rsplit_once('.').map(|(_, kind)| kind.to_ascii_lowercase());
    kind.is_some_and(|kind| KINDS.contains(&kind.as_str())) && !path.contains('%') && !path.contains("/.")
}

/// Returns whether a part of the file's name looks like a hash: at least eight hexadecimal digits, not all of them
/// letters.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '_', '.']).any(|part| {
        part.len() >= 8
            && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            && part.bytes().any(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::is_hashed;

    #[test]
    fn a_hash_is_known_by_its_look() {
        for hashed in [
            "/freshet-3f2a91c07be41d55.js",
            "/freshet-3f2a91c07be41d55_bg.wasm",
            "/a/style-0badcafe.css",
        ] {
            assert!(is_hashed(hashed), "{hashed}");
        }
        for plain in ["/index.html", "/favicon.svg", "/app-deadbeef.js", "/icon-512.png", "/"] {
            assert!(!is_hashed(plain), "{plain}");
        }
    }
}
