//! The confirmation of a change by password, and the change of a password.

use std::fmt;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::put;
use serde::Deserialize;
use wire::UserId;

use super::reply::Reply;
use super::validate;
use crate::audit::{Deed, Entry};
use crate::auth::{Address, Token, Weakness, device_cookie};
use crate::error::Error;
use crate::extract::{Caller, CurrentUser, Json, Path};
use crate::state::AppState;
use crate::store::{devices, now, sign_ins, users};

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/users/{id}/password", put(change))
}

/// The name of the field with the password that confirms a change.
pub(super) const CURRENT_PASSWORD: &str = "current_password";

/// A password. Its `Debug` shows nothing, so that no log can contain it.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Confirms a change by password, so that another person at an unlocked screen can not make it (OWASP ASVS 4.0.3,
/// 3.7.1). Returns the hash of the password.
///
/// A wrong password is a 422 and not a 401: the session is still valid, and a client takes a 401 for its end.
pub(super) async fn confirm(
    state: &AppState,
    user: &CurrentUser,
    from: Address,
    password: Option<Secret>,
) -> Result<String, Error> {
    let Some(Secret(password)) = password else {
        return Err(Error::invalid(format!(
            "{CURRENT_PASSWORD} is missing: this change is confirmed by your password"
        )));
    };
    let wrong = Error::Invalid {
        error: "wrong_password",
        message: format!("{CURRENT_PASSWORD} is not your password"),
    };
    let attempt = state.limits.confirm(user.id)?;
    let stored = users::password_hash(&mut *state.db.reader().await?, user.id).await?;
    // No password is that long, and hashing it would take a while.
    let is_possible = password.len() <= validate::URL;
    let password = if is_possible { password } else { String::new() };
    let right = state.passwords.verify(password, stored.clone()).await?;
    let Some(stored) = stored.filter(|_| right && is_possible) else {
        let entry = Entry::new(Deed::ConfirmationFailed, from, Some(user.id));
        state.audit.record(&entry);
        return Err(wrong);
    };
    state.limits.succeeded(attempt);
    Ok(stored)
}

#[derive(Debug, Deserialize)]
struct PasswordChange {
    current_password: Option<Secret>,
    /// The name of this field is `new_password` in the coaching backend.
    #[serde(alias = "new_password")]
    password: Secret,
}

/// Changes the person's own password. The current sign-in stays. All other sign-ins of the person end, and all other
/// devices are forgotten.
async fn change(
    State(state): State<AppState>,
    user: CurrentUser,
    Caller(from): Caller,
    headers: HeaderMap,
    Path(id): Path<UserId>,
    Json(body): Json<PasswordChange>,
) -> Result<impl IntoResponse, Error> {
    user.must_be(id)?;
    let Secret(password) = body.password;
    validate::password(&password)?;
    let old_hash = confirm(&state, &user, from, body.current_password).await?;
    let about = words_about(&state, id).await?;
    let new_hash = match state.passwords.choose(password, about).await? {
        Ok(hash) => hash,
        Err(Weakness(why)) => {
            let why = why.map(|why| format!(" {why}")).unwrap_or_default();
            return Err(Error::Invalid {
                error: "weak_password",
                message: format!(
                    "password is too easy to guess.{why} Choose one that is longer, such as four words that have \
                     nothing to do with each other."
                ),
            });
        }
    };
    let (device, now) = (Token::random(), now());
    let mut write = user.write(&state.db).await?;
    if !users::replace_password(&mut write, id, &old_hash, &new_hash, now).await? {
        return Err(Error::conflict("Your password was changed meanwhile."));
    }
    let ended = sign_ins::end_others(&mut write, id, &user.sign_in).await?;
    devices::forget_all(&mut write, id).await?;
    devices::insert(&mut write, &device.hash(), id, None, now).await?;
    write.nudge(id);
    write.commit().await?;
    state.audit.record(&Entry::new(Deed::PasswordChanged, from, Some(id)));
    if ended > 0 {
        state.audit.record(&Entry::new(Deed::OtherSignInsEnded, from, Some(id)));
    }
    let cookie = device_cookie(&device, id, &headers, state.tuning.device_lifetime)?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Reply::done()))
}

/// Returns the names and the email address of a person. Guesses of a password try these words first.
async fn words_about(state: &AppState, id: UserId) -> Result<Vec<String>, Error> {
    let user = users::find(&mut *state.db.snapshot().await?, id)
        .await?
        .ok_or(Error::NotFound)?;
    let mut words: Vec<_> = user.email.split(['@', '.']).map(str::to_owned).collect();
    words.extend([user.email, user.first_name, user.last_name]);
    words.extend(user.display_name);
    Ok(words)
}
