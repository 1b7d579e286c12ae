//! Reads the session cookie once per request, and keeps the sign-in alive.

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::middleware::Next;
use axum::response::Response;
use wire::Timestamp;

use super::{Token, session_cookie};
use crate::error::Error;
use crate::extract::CurrentUser;
use crate::state::AppState;
use crate::store::sign_ins::TokenHash;
use crate::store::{now, sign_ins};

/// A sign-in is renewed once this part of its lifetime has passed, not at every request: that would make every
/// read a write.
const RENEWED_AFTER: u32 = 24;

/// Middleware: finds out who is asking, for [`CurrentUser`], and renews their cookie now and then.
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

    let lifetime = state.tuning.sign_in_lifetime;
    let left = (sign_in.expires_at - now).to_std().unwrap_or_default();
    let renewal = if left + lifetime / RENEWED_AFTER <= lifetime {
        match renew(&state, &hash, now + lifetime).await {
            Ok(()) => Some(session_cookie(&token, request.headers(), lifetime)?),
            // The sign-in lives on as it is, and the next request tries again.
            Err(error) => {
                tracing::warn!(%error, "a sign-in was not renewed");
                None
            }
        }
    } else {
        None
    };

    let mut response = next.run(request).await;
    // Signing in or out sets a cookie of its own, which is the last word.
    if let Some(cookie) = renewal
        && !response.headers().contains_key(SET_COOKIE)
    {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn renew(state: &AppState, hash: &TokenHash, expires_at: Timestamp) -> Result<(), sqlx::Error> {
    let mut write = state.db.write().await?;
    sign_ins::extend(&mut write, hash, expires_at).await?;
    write.commit().await
}
