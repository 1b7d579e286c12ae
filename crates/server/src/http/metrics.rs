//! `GET /metrics`: the metrics of the server, for its operator.
//!
//! The metrics reveal the number of people and their activity, so a request has to show the token of `--metrics-token`.
//! Without that option every request is refused. A request from this machine proves nothing: a proxy runs on the
//! machine as well and forwards requests of any client, possibly without a header that says so. By default nginx
//! forwards neither the address of its client nor the requested host name.

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

/// Returns whether the request shows the token. Compares digests, so that the time of the comparison reveals nothing.
fn shows(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer "));
    shown.is_some_and(|shown| Sha256::digest(shown) == Sha256::digest(token))
}
