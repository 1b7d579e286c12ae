//! A server that does what a test tells it to: streams that open, refuse, hang, speak and break on command, and REST
//! answers that are written down beforehand.
//!
//! A browser test can not hand a fake to the browser's own `EventSource`, so it steers this instead. Everything
//! belongs to a channel, and every test uses a channel of its own name: channels know nothing of each other.
//!
//! | request | effect |
//! |---|---|
//! | `GET /stream/{channel}` | a stream of server-sent events, silent until told otherwise |
//! | `POST /control/{channel}/send` | writes the body, as it is, to every open stream |
//! | `POST /control/{channel}/on-open` | writes the body to every stream as it opens, from now on |
//! | `POST /control/{channel}/status?code=503&retry_after=7&times=2` | how the next opens are refused |
//! | `POST /control/{channel}/redirect?code=302&to=other&times=1` | the next opens are sent to the stream of another channel |
//! | `POST /control/{channel}/dress?content_type=text/html&cors=none&times=1` | the next opens are streams that say this of themselves, see [`Cors`] |
//! | `POST /control/{channel}/hang?times=1` | the next opens are never answered |
//! | `POST /control/{channel}/drop` | ends every open stream |
//! | `POST /control/{channel}/reset` | forgets the script; open streams stay |
//! | `GET /control/{channel}/stats` | what has happened, see [`Stats`] |
//! | `GET /control/{channel}/wait?open=1&opened=2` | answers with the stats once they are reached; 504 after 10 s |
//! | `PUT /control/{channel}/rest/{path}` | how the path answers, see [`Scripted`] |
//! | `GET`, `POST`, `PUT`, `PATCH`, `DELETE /rest/{channel}/{path}` | that answer; 404 if there is none |
//!
//! Any page may use it, with cookies. It knows no event and no resource of the product.

mod channel;
mod control;
mod cors;
mod rest;
mod stream;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware;
use axum::routing::{any, get, post, put};
use tokio::net::TcpListener;
use tower_http::cors::CorsLayer;

pub use channel::{RestRequest, Stats, StreamRequest};
pub use cors::Cors;
pub use rest::Scripted;

/// Where it listens if nothing else is said.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:8799";

/// Says where it listens.
pub const ADDRESS_VARIABLE: &str = "FRESHET_SCRIPTED_STREAM_ADDR";

/// Serves until the process ends.
///
/// # Errors
///
/// When the listener breaks.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    axum::serve(listener, router()).await
}

/// The routes, with no channel yet.
fn router() -> Router {
    let control = Router::new()
        .route("/send", post(control::send))
        .route("/on-open", post(control::on_open))
        .route("/status", post(control::status))
        .route("/redirect", post(control::redirect))
        .route("/dress", post(control::dress))
        .route("/hang", post(control::hang))
        .route("/drop", post(control::drop_streams))
        .route("/reset", post(control::reset))
        .route("/stats", get(control::stats))
        .route("/wait", get(control::wait))
        .route("/rest/{*path}", put(rest::script));
    Router::new()
        .route("/stream/{channel}", get(stream::open))
        .nest("/control/{channel}", control)
        .route("/rest/{channel}/{*path}", any(rest::answer))
        .layer(CorsLayer::very_permissive().allow_private_network(true))
        .layer(middleware::map_response(cors::restrict))
        .with_state(channel::Channels::default())
}

/// A header's value, if it is text.
fn text_of(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<String> {
    headers
        .get(name)
        .and_then(|value: &HeaderValue| value.to_str().ok())
        .map(str::to_owned)
}
