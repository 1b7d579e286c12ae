//! The REST interface. Each resource is one file with its `router()` and its handlers, without SQL.
//!
//! A handler has the steps of the rule that it enforces: open a snapshot or a write, admit the person, check the input,
//! store, announce, commit, answer.

mod actions;
mod agreements;
mod announcements;
mod authorization;
mod coaching_sessions;
mod content_security;
mod goals;
mod health;
mod history;
mod idempotency;
mod layers;
mod list;
mod metrics;
mod organizations;
mod origin;
mod password;
mod reply;
mod restore;
mod rows;
mod session;
mod session_goals;
mod sign_ins;
mod users;
mod validate;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};

use crate::error::Error;
use crate::state::AppState;
use crate::{assets, auth, sse};

/// The largest request body, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Returns the whole application: the API under `/api`, the health checks and metrics, and the built app at all other
/// paths.
pub(crate) fn app(state: AppState, dist: &std::path::Path) -> Router {
    let api = Router::new()
        .merge(session::administration())
        .merge(users::router())
        .merge(organizations::router())
        .merge(coaching_sessions::router())
        .merge(session_goals::router())
        .merge(actions::router())
        .merge(agreements::router())
        .merge(announcements::router())
        .merge(goals::router())
        .merge(history::router())
        .merge(restore::router())
        .layer(from_fn_with_state(state.clone(), idempotency::once))
        // Does not apply to the sign-out, which is never limited.
        .layer(from_fn_with_state(state.clone(), layers::limit_changes))
        // Outside of `idempotency::once`: its stored responses contain no cookie.
        .merge(session::router())
        .merge(sign_ins::router())
        .merge(password::router())
        // A request runs to its end even if its client closes the connection. Otherwise other requests would wait for
        // the write connection behind a change that is neither committed nor dropped.
        .layer(from_fn(layers::run_to_the_end))
        // Outside of that task: a read in the queue leaves its place when its client closes the connection.
        .layer(from_fn_with_state(state.clone(), layers::share_reads))
        .route("/sse", get(sse::open))
        .route("/sse/status", get(sse::status))
        .route("/sse/ticket", post(sse::issue_ticket))
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .layer(from_fn_with_state(state.clone(), layers::note_refusals))
        .layer(from_fn_with_state(state.clone(), auth::recognise))
        .layer(from_fn_with_state(state.clone(), origin::check))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(layers::no_store));

    // A nested router leaves this one path under the API to the outer fallback.
    let api_root = Router::new()
        .route("/api/", any(async || Error::NotFound))
        .layer(from_fn(layers::no_store));
    let app = Router::new()
        .nest("/api", api)
        .merge(api_root)
        .merge(health::router())
        .merge(metrics::router())
        .fallback_service(assets::service(dist))
        .layer(from_fn(layers::check_host))
        .layer(from_fn(layers::keep_reserve))
        .layer(from_fn_with_state(content_security::policy(dist), layers::secure))
        .layer(from_fn_with_state(state.clone(), layers::log));
    match layers::cors(&state.allowed_origins) {
        Some(cors) => app.layer(cors),
        None => app,
    }
    .with_state(state)
}
