//! `GET /metrics`: what the server counts, for whoever looks after it.
//!
//! It tells how many people are there and what they do, so it is not for everybody: with `--metrics-token` for whoever
//! shows that, otherwise for programs on this machine. A proxy runs on this machine as well and speaks for anybody, so
//! what was forwarded does not count.

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, FORWARDED};
use axum::http::{HeaderMap, HeaderName};
use axum::response::IntoResponse;
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::listener::Peer;
use crate::state::AppState;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Error> {
    let allowed = match state.metrics_token.as_deref() {
        Some(token) => shows(&headers, token),
        None => {
            let forwarded = headers.contains_key(FORWARDED) || headers.contains_key(FORWARDED_FOR);
            peer.address.ip().to_canonical().is_loopback() && !forwarded
        }
    };
    if !allowed {
        return Err(Error::Forbidden);
    }
    let head = [
        (
            CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((head, state.metrics.text()?))
}

/// Whether the request shows the token. Digests are compared, so that the time it takes tells nothing.
fn shows(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer "));
    shown.is_some_and(|shown| Sha256::digest(shown) == Sha256::digest(token))
}
