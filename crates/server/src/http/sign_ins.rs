//! The person's own sign-ins: their list and their end.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{delete, get};
use serde::Serialize;
use uuid::Uuid;
use wire::Timestamp;

use super::reply::Reply;
use crate::audit::{Deed, Entry};
use crate::auth::clearing_cookie;
use crate::error::Error;
use crate::extract::{Caller, CurrentUser, Path};
use crate::state::AppState;
use crate::store::{now, sign_ins};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/sign_ins", get(list).delete(end_others))
        .route("/sign_ins/{id}", delete(end))
}

/// One sign-in, as its person sees it.
#[derive(Debug, Serialize)]
struct SignIn {
    id: Uuid,
    created_at: Timestamp,
    /// The time of the last use. The actual one may be later by a twenty-fourth of the idle time.
    last_used_at: Timestamp,
    /// The time at which the sign-in ends without further use.
    expires_at: Timestamp,
    /// The browser and system, as the browser names them.
    device: Option<String>,
    /// Whether the request belongs to this sign-in.
    is_current: bool,
}

/// Lists the sign-ins of this person, newest first.
async fn list(State(state): State<AppState>, user: CurrentUser) -> Result<Reply<Vec<SignIn>>, Error> {
    let mut snapshot = state.db.snapshot().await?;
    let list = sign_ins::of_user(&mut snapshot, user.id, now()).await?;
    let list = list.into_iter().map(|sign_in| SignIn {
        id: sign_in.id,
        created_at: sign_in.created_at,
        last_used_at: sign_in.last_used_at,
        expires_at: sign_in.expires_at,
        device: sign_in.device,
        is_current: sign_in.hash == user.sign_in,
    });
    Ok(Reply::read(snapshot.cursor(), list.collect()))
}

/// Ends one sign-in and its streams.
async fn end(
    State(state): State<AppState>,
    user: CurrentUser,
    Caller(from): Caller,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
) -> Result<impl IntoResponse, Error> {
    let mut write = user.write(&state.db).await?;
    let (person, hash) = sign_ins::owner(&mut write, id).await?.ok_or(Error::NotFound)?;
    user.must_be(person)?;
    sign_ins::end(&mut write, &hash).await?;
    write.nudge(person);
    write.commit().await?;
    let is_current = hash == user.sign_in;
    let deed = if is_current { Deed::SignedOut } else { Deed::SignInEnded };
    state.audit.record(&Entry::new(deed, from, Some(person)));
    let cookie = is_current.then(|| clearing_cookie(&headers)).transpose()?;
    let cookie = cookie.map(|cookie| AppendHeaders([(SET_COOKIE, cookie)]));
    Ok((cookie, Reply::done()))
}

/// Ends all sign-ins of this person except the current one.
async fn end_others(
    State(state): State<AppState>,
    user: CurrentUser,
    Caller(from): Caller,
) -> Result<Reply<()>, Error> {
    let mut write = user.write(&state.db).await?;
    sign_ins::end_others(&mut write, user.id, &user.sign_in).await?;
    write.nudge(user.id);
    write.commit().await?;
    let entry = Entry::new(Deed::OtherSignInsEnded, from, Some(user.id));
    state.audit.record(&entry);
    Ok(Reply::done())
}
