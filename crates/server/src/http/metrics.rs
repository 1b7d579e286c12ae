//! `GET /metrics`: what the server counts, for its operator.
//!
//! It tells how many people are there and what they do, so a request has to show the token of `--metrics-token`; without
//! that option every request is refused. That a request comes from this machine says nothing: a proxy runs there as well, speaks for
//! anybody, and need not say so. By default nginx passes on neither the address of its client nor the name that was
//! asked for.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(state): State<AppState>, headers: HeaderMap) -> Result<impl IntoResponse, Error> {
    let Some(token) = state.metrics_token.as_deref() else {
        let missing = "The metrics ask for a token, and the server was started without --metrics-token.";
        return Err(Error::Unauthorized(missing));
    };
    if !shows(&headers, token) {
        let refused = "The metrics ask for the token of --metrics-token, as a bearer token.";
        return Err(Error::Unauthorized(refused));
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
