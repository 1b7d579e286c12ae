//! Signing in and out.

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{delete, post};
use serde::Deserialize;
use wire::{Credentials, Event, MAX_TITLE, User, UserId};

use super::authorization::administers;
use super::origin;
use super::reply::Reply;
use super::validate;
use crate::auth::{Token, clearing_cookie, session_cookie};
use crate::error::Error;
use crate::extract::{CurrentUser, Form, Json, Path};
use crate::listener::Peer;
use crate::state::AppState;
use crate::store::{Write, now, sign_ins, users};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/login", post(sign_in))
        .route("/delete", delete(sign_out))
        .route("/sessions", delete(sign_out_everywhere))
}

/// What is done to the sign-ins of others.
pub(super) fn administration() -> Router<AppState> {
    Router::new().route("/users/{id}/force_logout", post(force_logout))
}

/// One sentence for an unknown address and a wrong password, so that it does not tell who has an account.
const REFUSED: Error = Error::Unauthorized("The email address or the password is wrong.");

type SetCookie = AppendHeaders<[(HeaderName, HeaderValue); 1]>;

async fn sign_in(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Result<impl IntoResponse, Error> {
    origin::check_cookie(&headers)?;
    let email = credentials.email.trim();
    if !validate::fits_email(email) || credentials.password.len() > validate::URL {
        return Err(REFUSED);
    }
    state.limits.sign_in(state.address_of(peer.address, &headers), email)?;
    let known = users::password_of(&mut *state.db.snapshot().await?, email).await?;
    let (id, stored) = known.unzip();
    let right = state.passwords.verify(credentials.password, stored).await?;
    let Some(id) = id.filter(|_| right) else {
        return Err(REFUSED);
    };

    let (token, now) = (Token::random(), now());
    let lifetime = state.tuning.sign_in_lifetime;
    let mut write = state.db.write().await?;
    // A browser has one sign-in: the one it comes with ends here.
    if let Some(previous) = Token::of(&headers)
        && let Some(person) = sign_ins::end(&mut write, &previous.hash()).await?
    {
        write.nudge(person);
    }
    sign_ins::insert(&mut write, &token.hash(), id, now, now + lifetime).await?;
    let user = users::find(&mut write, id)
        .await?
        .ok_or(Error::Internal("a person without a row"))?;
    write.commit().await?;

    let cookie: SetCookie = AppendHeaders([(SET_COOKIE, session_cookie(&token, &headers, lifetime)?)]);
    Ok((
        cookie,
        Reply::updated(User {
            created_at: None,
            updated_at: None,
            ..user
        }),
    ))
}

/// Ends this sign-in, and its streams with it.
async fn sign_out(State(state): State<AppState>, user: CurrentUser, headers: HeaderMap) -> Result<SetCookie, Error> {
    let mut write = user.write_at_any_rate(&state.db).await?;
    sign_ins::end(&mut write, &user.sign_in).await?;
    write.nudge(user.id);
    write.commit().await?;
    Ok(AppendHeaders([(SET_COOKIE, clearing_cookie(&headers)?)]))
}

/// Ends every sign-in of this person, in every browser.
async fn sign_out_everywhere(
    State(state): State<AppState>,
    user: CurrentUser,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Error> {
    let write = user.write_at_any_rate(&state.db).await?;
    end_everywhere(write, user.id, "You signed out everywhere.".to_owned()).await?;
    let cookie: SetCookie = AppendHeaders([(SET_COOKIE, clearing_cookie(&headers)?)]);
    Ok((cookie, Reply::done()))
}

#[derive(Debug, Deserialize)]
struct ForceLogout {
    reason: String,
}

/// Ends every sign-in of somebody whom this person administers.
async fn force_logout(
    State(state): State<AppState>,
    user: CurrentUser,
    Path(id): Path<UserId>,
    Json(ForceLogout { reason }): Json<ForceLogout>,
) -> Result<Reply<()>, Error> {
    validate::length("reason", Some(&reason), MAX_TITLE)?;
    let mut write = user.write_at_any_rate(&state.db).await?;
    let roles = users::roles(&mut write, user.id).await?;
    let subject = users::roles(&mut write, id).await?;
    // Nobody without a part in it learns whether there is such a person.
    if !administers(&roles, &subject) {
        return Err(Error::Forbidden);
    }
    end_everywhere(write, id, reason).await?;
    Ok(Reply::done())
}

/// The sign-ins and the news of their end go in one transaction: each stream finds both or neither.
async fn end_everywhere(mut write: Write, person: UserId, reason: String) -> Result<(), Error> {
    sign_ins::end_all(&mut write, person).await?;
    if users::find(&mut write, person).await?.is_none() {
        return Err(Error::NotFound);
    }
    write.announce(&Event::ForceLogout { reason }, None, &[person]).await?;
    write.nudge(person);
    write.commit().await?;
    Ok(())
}
