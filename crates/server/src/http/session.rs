//! Sign-in and sign-out.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
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
use crate::audit::{Deed, Entry};
use crate::auth::{self, Token, clearing_cookie, device_cookie, end_of, session_cookie};
use crate::error::Error;
use crate::extract::{Caller, CurrentUser, Form, Json, Path};
use crate::state::AppState;
use crate::store::sign_ins::{NewSignIn, TokenHash};
use crate::store::{Write, devices, email_key, now, sign_ins, users};

pub(super) fn router() -> Router<AppState> {
    Router::new()
        // Before the person is known, a body must not take much memory.
        .route("/login", post(sign_in).layer(DefaultBodyLimit::max(MAX_FORM)))
        .route("/delete", delete(sign_out))
        .route("/sessions", delete(sign_out_everywhere))
}

/// The maximum size of a sign-in request, in bytes: an email address, a password, and some to spare.
const MAX_FORM: usize = 8 << 10;

/// Returns the routes that administer the sign-ins of other people.
pub(super) fn administration() -> Router<AppState> {
    Router::new().route("/users/{id}/force_logout", post(force_logout))
}

/// The message for an unknown email address and for a wrong password. It is the same for both, so that it does not
/// reveal which addresses have an account.
const REFUSED: Error = Error::Unauthorized("The email address or the password is wrong.");

type SetCookie = AppendHeaders<[(HeaderName, HeaderValue); 1]>;

/// The reason for which a sign-in failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// The page may not use the API, or its browser would not store the cookie.
    ForeignOrigin,
    /// The email address or the password is too long.
    Unreadable,
    /// A limit of attempts was reached.
    Limited,
    UnknownEmail,
    WrongPassword,
}

impl Failure {
    const fn label(self) -> &'static str {
        match self {
            Self::ForeignOrigin => "foreign_origin",
            Self::Unreadable => "unreadable",
            Self::Limited => "limited",
            Self::UnknownEmail => "unknown_email",
            Self::WrongPassword => "wrong_password",
        }
    }
}

async fn sign_in(
    State(state): State<AppState>,
    Caller(from): Caller,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Result<impl IntoResponse, Error> {
    let failed = |person: Option<UserId>, why: Failure| {
        state.metrics.signed_in(why.label());
        // A separate layer records reached limits for all requests.
        if why != Failure::Limited {
            let entry = Entry::new(Deed::SignInFailed, from, person);
            state.audit.record(&entry.because(why.label()));
        }
    };
    origin::check_cookie(&headers).inspect_err(|_| failed(None, Failure::ForeignOrigin))?;
    let email = credentials.email.trim();
    if !validate::fits_email(email) || credentials.password.len() > validate::URL {
        failed(None, Failure::Unreadable);
        return Err(REFUSED);
    }
    let email = email_key(email);
    let device = known_device(&state, &headers, &email).await?;
    let attempt = state.limits.sign_in(from, &email, device);
    let attempt = attempt.inspect_err(|_| failed(None, Failure::Limited))?;
    let known = users::password_of(&mut *state.db.snapshot().await?, &email).await?;
    let (id, stored) = known.unzip();
    let right = state.passwords.verify(credentials.password, stored.clone()).await?;
    let Some(id) = id.filter(|_| right) else {
        let why = id.map_or(Failure::UnknownEmail, |_| Failure::WrongPassword);
        failed(id, why);
        return Err(REFUSED);
    };
    state.limits.succeeded(attempt);

    let (token, device_token, now) = (Token::random(), Token::random(), now());
    let end = end_of(&state.tuning, now, now);
    let mut write = state.db.write().await?;
    // The password may have changed since it was verified.
    if users::password_hash(&mut write, id).await? != stored {
        failed(Some(id), Failure::WrongPassword);
        return Err(REFUSED);
    }
    // A browser has one sign-in. The one in the cookie of this request ends here.
    if let Some(previous) = Token::of(&headers)
        && let Some(person) = sign_ins::end(&mut write, &previous.hash()).await?
    {
        write.nudge(person);
    }
    let device_name = auth::device(&headers);
    let new = NewSignIn {
        hash: &token.hash(),
        user: id,
        created_at: now,
        expires_at: end,
        device: device_name.as_deref(),
    };
    sign_ins::insert(&mut write, &new).await?;
    devices::insert(&mut write, &device_token.hash(), id, device.as_ref(), now).await?;
    let user = users::find(&mut write, id)
        .await?
        .ok_or(Error::Internal("a person without a row"))?;
    write.commit().await?;
    state.metrics.signed_in("succeeded");
    state.audit.record(&Entry::new(Deed::SignedIn, from, Some(id)));

    let lifetime = (end - now).to_std().unwrap_or_default();
    let cookies = AppendHeaders([
        (SET_COOKIE, session_cookie(&token, &headers, lifetime)?),
        (
            SET_COOKIE,
            device_cookie(&device_token, id, &headers, state.tuning.device_lifetime)?,
        ),
    ]);
    Ok((
        cookies,
        Reply::updated(User {
            created_at: None,
            updated_at: None,
            ..user
        }),
    ))
}

/// Returns the device of the request, if the owner of this email address has signed in on it before.
async fn known_device(state: &AppState, headers: &HeaderMap, email: &str) -> Result<Option<TokenHash>, Error> {
    let shown = auth::devices(headers);
    if shown.is_empty() {
        return Ok(None);
    }
    let since = now() - state.tuning.device_lifetime;
    Ok(devices::known(&mut *state.db.reader().await?, email, &shown, since).await?)
}

/// Ends the current sign-in and its streams. The browser stays known, so that guesses by others do not lock the person
/// out after a sign-out.
async fn sign_out(
    State(state): State<AppState>,
    user: CurrentUser,
    Caller(from): Caller,
    headers: HeaderMap,
) -> Result<SetCookie, Error> {
    let mut write = user.write_at_any_rate(&state.db).await?;
    sign_ins::end(&mut write, &user.sign_in).await?;
    write.nudge(user.id);
    write.commit().await?;
    state.audit.record(&Entry::new(Deed::SignedOut, from, Some(user.id)));
    Ok(AppendHeaders([(SET_COOKIE, clearing_cookie(&headers)?)]))
}

/// Ends all sign-ins of this person, in all browsers.
async fn sign_out_everywhere(
    State(state): State<AppState>,
    user: CurrentUser,
    Caller(from): Caller,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Error> {
    let write = user.write_at_any_rate(&state.db).await?;
    end_everywhere(write, user.id, "You signed out everywhere.".to_owned()).await?;
    let entry = Entry::new(Deed::SignedOutEverywhere, from, Some(user.id));
    state.audit.record(&entry);
    let cookie: SetCookie = AppendHeaders([(SET_COOKIE, clearing_cookie(&headers)?)]);
    Ok((cookie, Reply::done()))
}

#[derive(Debug, Deserialize)]
struct ForceLogout {
    reason: String,
}

/// Ends all sign-ins of a person. The caller must be an administrator of that person.
async fn force_logout(
    State(state): State<AppState>,
    user: CurrentUser,
    Caller(from): Caller,
    Path(id): Path<UserId>,
    Json(ForceLogout { reason }): Json<ForceLogout>,
) -> Result<Reply<()>, Error> {
    validate::length("reason", Some(&reason), MAX_TITLE)?;
    let mut write = user.write_at_any_rate(&state.db).await?;
    let roles = users::roles(&mut write, user.id).await?;
    let subject = users::roles(&mut write, id).await?;
    // A caller without authority does not learn whether the person exists.
    if !administers(&roles, &subject) {
        return Err(Error::Forbidden);
    }
    end_everywhere(write, id, reason).await?;
    state
        .audit
        .record(&Entry::new(Deed::ForcedOut, from, Some(user.id)).to(id));
    Ok(Reply::done())
}

/// Ends all sign-ins of a person. The event is in the same transaction, so that each stream sees both or neither.
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
