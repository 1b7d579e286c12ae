//! `Idempotency-Key`: a repeated request is answered again, and its change is made once.
//!
//! The module follows the IETF draft of that header. The response is stored in the transaction of the change. A client
//! that received no response, because its connection or the server failed, repeats the request with the same key and
//! receives the outcome. Server errors are not stored, and neither are refusals before the change was tried: such a
//! request can be tried again.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest as _, Sha256};

use super::password::CURRENT_PASSWORD;
use super::reply::EVENT_CURSOR;
use crate::error::Error;
use crate::extract::CurrentUser;
use crate::state::AppState;
use crate::store::idempotency::{Answer, Digest, Keyed};
use crate::store::now;

/// The header by which a client names a change.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header of a response that is repeated.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The maximum length of a key, in bytes.
const LONGEST: usize = 128;

/// Middleware: makes a change with a key at most once.
pub(super) async fn once(State(state): State<AppState>, mut request: Request, next: Next) -> Result<Response, Error> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let key = if changes { key(request.headers())? } else { None };
    let user = request.extensions().get::<CurrentUser>().cloned();
    // Without a session nothing is changed, and the key has no owner.
    let (Some(key), Some(user)) = (key, user) else {
        return Ok(next.run(request).await);
    };

    let (parts, body) = request.into_parts();
    let head = Request::from_parts(parts.clone(), body);
    let body = Bytes::from_request(head, &state)
        .await
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
            _ => Error::BadRequest("the body could not be read".to_owned()),
        })?;
    // The stored digest of a request must not help to guess a password. Such changes may be made twice.
    if holds_password(&body) {
        return Ok(next.run(Request::from_parts(parts, Body::from(body))).await);
    }
    let digest = digest(&parts.method, &parts.uri.to_string(), &body);
    request = Request::from_parts(parts, Body::from(body));

    let since = now() - state.tuning.answers_kept;
    let keyed = Arc::new(Keyed::new(user.id, key, digest, since));
    if let Some(answer) = keyed.find(&mut *state.db.reader().await?).await? {
        return replay(&keyed, answer);
    }
    request.extensions_mut().insert(CurrentUser {
        keyed: Some(Arc::clone(&keyed)),
        ..user
    });
    let response = next.run(request).await;
    settle(&state, &keyed, response).await
}

/// Stores the response together with the change, or returns the response to an earlier request with this key.
async fn settle(state: &AppState, keyed: &Keyed, response: Response) -> Result<Response, Error> {
    let change = keyed.take();
    if !is_answer(&response) {
        return Ok(response);
    }
    let mut write = match change {
        Some(change) if response.status().is_success() => change,
        unfinished => {
            // An unfinished change holds the write connection.
            drop(unfinished);
            state.db.write().await?
        }
    };
    if let Some(first) = keyed.find(&mut write).await? {
        return replay(keyed, first);
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .or(Err(Error::Internal("an answer can not be read")))?;
    let text = |name| {
        head.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let answer = Answer {
        digest: keyed.digest,
        status: head.status.as_u16(),
        content_type: text(CONTENT_TYPE),
        event_cursor: text(EVENT_CURSOR),
        etag: text(ETAG),
        body: body.to_vec(),
    };
    keyed
        .store(&mut write, &answer, now(), state.tuning.answers_per_person)
        .await?;
    write.commit().await?;
    Ok(Response::from_parts(head, Body::from(body)))
}

/// Returns whether a repetition would receive the same response. A request that was refused or timed out was not
/// processed. For a request whose key is in use, [`settle`] returns the stored response instead.
///
/// A failed precondition is not stored either. It changes nothing, and no repetition can succeed, because versions only
/// rise. Its purpose is to return the current row, and a stored response would contain an older one.
fn is_answer(response: &Response) -> bool {
    let status = response.status();
    !status.is_server_error()
        && !matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::PRECONDITION_FAILED
                | StatusCode::TOO_MANY_REQUESTS
        )
}

/// Returns the stored response, if it belongs to the same request.
fn replay(keyed: &Keyed, answer: Answer) -> Result<Response, Error> {
    if answer.digest != keyed.digest {
        return Err(Error::Invalid {
            error: "idempotency_key_reused",
            message: "This Idempotency-Key was used for another request.".to_owned(),
        });
    }
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).or(Err(Error::Internal("a stored answer has no status")))?;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, answer.content_type),
        (EVENT_CURSOR, answer.event_cursor),
        (ETAG, answer.etag),
    ] {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// Returns whether a JSON body has a field with a password.
fn holds_password(body: &[u8]) -> bool {
    let field = format!("\"{CURRENT_PASSWORD}\"");
    body.windows(field.len()).any(|text| text == field.as_bytes())
}

/// Returns the key of a request. The draft writes the key in quotes, and most clients write it without. Both forms are
/// the same key.
fn key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let refusal = || {
        let message = format!("Idempotency-Key is one text of 1 to {LONGEST} visible ASCII characters");
        Err(Error::BadRequest(message))
    };
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let (Ok(text), None) = (value.to_str(), values.next()) else {
        return refusal();
    };
    let unquoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let key = unquoted.unwrap_or(text);
    if (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Some(key.to_owned()))
    } else {
        refusal()
    }
}

/// Returns the digest that identifies a request. `If-Match` is not part of it: a client that received no response, and
/// read the row meanwhile, sends the same change with another version, and learns that the change was made.
fn digest(method: &Method, address: &str, body: &[u8]) -> Digest {
    let mut digest = Sha256::new();
    // Neither a method nor a URI contains a line break, so two different requests have different texts.
    digest.update(method.as_str());
    digest.update(b"\n");
    digest.update(address);
    digest.update(b"\n");
    digest.update(body);
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, Method};

    use super::{IDEMPOTENCY_KEY, digest, key};

    fn headers(values: &[&str]) -> HeaderMap {
        let value = |value: &&str| (IDEMPOTENCY_KEY, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in values.iter().map(value) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn idempotency_key_is_short_visible_and_single() {
        let longest = "k".repeat(128);
        for (value, expected) in [
            ("abc", "abc"),
            ("\"abc\"", "abc"),
            ("\"", "\""),
            (
                "8e03978e-40d5-43dd-bc93-6894a57f9324",
                "8e03978e-40d5-43dd-bc93-6894a57f9324",
            ),
            (&longest, &longest),
        ] {
            assert_eq!(key(&headers(&[value])).unwrap().as_deref(), Some(expected));
        }
        assert_eq!(key(&headers(&[])).unwrap(), None);
        let long = "k".repeat(129);
        for bad in [&[""][..], &["\"\""], &["a b"], &["ü"], &["a\tb"], &[&long], &["a", "a"]] {
            assert!(key(&headers(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn another_method_address_or_body_is_another_request() {
        let one = digest(&Method::POST, "/a", b"x");
        assert_eq!(one, digest(&Method::POST, "/a", b"x"));
        for (method, address, body) in [
            (Method::PUT, "/a", &b"x"[..]),
            (Method::POST, "/a?b", b"x"),
            (Method::POST, "/a", b"y"),
            (Method::POST, "/", b"a\nx"),
        ] {
            assert_ne!(one, digest(&method, address, body), "{method} {address}");
        }
    }
}
