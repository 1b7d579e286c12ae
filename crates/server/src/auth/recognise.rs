//! The middleware that reads the session cookie once per request and renews the sign-in.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::middleware::Next;
use axum::response::Response;
use wire::Timestamp;

use super::{Token, session_cookie};
use crate::error::Error;
use crate::extract::CurrentUser;
use crate::state::{AppState, Tuning};
use crate::store::sign_ins::TokenHash;
use crate::store::{now, sign_ins};

/// The divisor of the idle time that gives the minimum time between two renewals. A renewal at every request would make
/// every read a write.
const RENEWED_AFTER: u32 = 24;

/// Finds the sign-in of the request for [`CurrentUser`], and renews it together with its cookie when a renewal is due.
pub(crate) async fn recognise(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let Some(token) = Token::of(request.headers()) else {
        return Ok(next.run(request).await);
    };
    let (hash, now) = (token.hash(), now());
    let found = sign_ins::find(&mut *state.db.reader().await?, &hash, now).await?;
    let Some(sign_in) = found else {
        return Ok(next.run(request).await);
    };
    request.extensions_mut().insert(CurrentUser {
        id: sign_in.user,
        sign_in: hash,
        keyed: None,
    });

    let end = end_of(&state.tuning, sign_in.created_at, now);
    let is_due = sign_in.expires_at + state.tuning.sign_in_idle / RENEWED_AFTER <= end;
    let renewal = if is_due {
        match renew(&state, &hash, now, end).await {
            Ok(()) => Some(session_cookie(&token, request.headers(), until(now, end))?),
            // The sign-in stays valid as it is, and the next request tries again.
            Err(error) => {
                tracing::warn!(%error, "a sign-in was not renewed");
                None
            }
        }
    } else {
        None
    };

    let mut response = next.run(request).await;
    // A sign-in or sign-out sets its own cookie, which takes precedence.
    if let Some(cookie) = renewal
        && !response.headers().contains_key(SET_COOKIE)
    {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Returns the end of a sign-in that began and was last used at these times: after its idle time, or after its maximum
/// lifetime if that is earlier.
pub(crate) fn end_of(tuning: &Tuning, began: Timestamp, used: Timestamp) -> Timestamp {
    (used + tuning.sign_in_idle).min(began + tuning.sign_in_lifetime)
}

fn until(now: Timestamp, end: Timestamp) -> Duration {
    (end - now).to_std().unwrap_or_default()
}

async fn renew(
    state: &AppState,
    hash: &TokenHash,
    used_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut write = state.db.write().await?;
    sign_ins::extend(&mut write, hash, used_at, expires_at).await?;
    write.commit().await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::end_of;
    use crate::state::Tuning;
    use crate::store::now;

    #[test]
    fn use_does_not_put_off_the_longest_life() {
        let hour = Duration::from_secs(3_600);
        let tuning = Tuning {
            sign_in_idle: hour * 2,
            sign_in_lifetime: hour * 5,
            ..Tuning::default()
        };
        let began = now();
        for (used, end) in [(0, 2), (1, 3), (3, 5), (4, 5), (5, 5)] {
            assert_eq!(end_of(&tuning, began, began + hour * used), began + hour * end);
        }
    }
}
