//! The built app: files as they are, and its first page at every address that is a route of the app.

use std::path::Path;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL};
use axum::http::{HeaderValue, Method, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tower_http::services::ServeDir;

/// The page that loads the app.
pub(crate) const INDEX: &str = "index.html";

/// A file with a hash of its content in its name never changes.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Anything else is asked for again, and mostly answered with 304.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Serves the folder of the built app, compressed where a `.br` or `.gz` lies beside a file.
pub(crate) fn service(dist: &Path) -> Router {
    let files = ServeDir::new(dist)
        .precompressed_br()
        .precompressed_gzip()
        .append_index_html_on_directories(false);
    Router::new().fallback_service(files).layer(from_fn(serve))
}

async fn serve(mut request: Request, next: Next) -> Response {
    if is_app_route(&request) {
        *request.uri_mut() = Uri::from_static("/index.html");
    }
    let lifetime = if is_hashed(request.uri().path()) {
        FOREVER
    } else {
        ASK_AGAIN
    };
    let mut response = next.run(request).await;
    let known = response.status().is_success() || response.status().is_redirection();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, if known { lifetime } else { ASK_AGAIN });
    response
}

/// Whether a person follows a link into the app, as opposed to the app fetching a file.
fn is_app_route(request: &Request) -> bool {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let accepts_pages = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    reads && (path == "/" || (accepts_pages && !is_file))
}

/// Whether a part of the file's name looks like a hash: at least eight hexadecimal digits, not all of them letters.
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
