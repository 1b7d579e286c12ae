//! `GET /healthz`: whether the server can answer at all. `GET /readyz`: whether it can also make changes.

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use crate::error::Error;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
}

/// Answers `healthy` if the database can be read. If it can not, a restart may help.
async fn healthz(State(state): State<AppState>) -> Result<&'static str, Error> {
    state.db.snapshot().await?;
    Ok("healthy")
}

/// Answers `ready` if the database can be read and written. If it can not, a restart does not help: the disk is full or
/// fails.
async fn readyz(State(state): State<AppState>) -> Result<&'static str, Error> {
    state.db.snapshot().await?;
    state.db.check_writable().await?;
    Ok("ready")
}
