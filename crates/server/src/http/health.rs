//! `GET /healthz`: whether the server can answer at all. `GET /readyz`: whether it can do all that it is there for.

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

/// `healthy`, if the database can be read. If not, a restart may help.
async fn healthz(State(state): State<AppState>) -> Result<&'static str, Error> {
    state.db.snapshot().await?;
    Ok("healthy")
}

/// `ready`, if the database can be read and written. If not, a restart does not help: the disk has no room or fails.
async fn readyz(State(state): State<AppState>) -> Result<&'static str, Error> {
    state.db.snapshot().await?;
    state.db.check_writable().await?;
    Ok("ready")
}
