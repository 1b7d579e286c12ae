//! `GET /healthz`: whether the server can answer at all.

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use crate::error::Error;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(healthz))
}

/// `healthy`, if the database can be read.
async fn healthz(State(state): State<AppState>) -> Result<&'static str, Error> {
    state.db.snapshot().await?;
    Ok("healthy")
}
