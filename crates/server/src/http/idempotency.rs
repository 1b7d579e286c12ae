//! `Idempotency-Key`: a change that is asked for again is answered again and made once.
//!
//! As the IETF's draft of that header has it. The answer is stored in the transaction of the change, so a client that
//! heard nothing, whatever happened to its connection or to the server, asks again with the same key and learns what
//! became of it. Failures of the server and refusals to even try are not answers: those are tried again.

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

/// By which a client names a change.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// On an answer that is given again.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest key, in bytes.
const LONGEST: usize = 128;

/// Middleware: makes a change with a key at most once.
pub(super) async fn once(State(state): State<AppState>, mut request: Request, next: Next) -> Result<Response, Error> {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let key = if changes { key(request.headers())? } else { None };
    let user = request.extensions().get::<CurrentUser>().cloned();
    // Without somebody signed in nothing is changed, and there is nobody whose key it could be.
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
    // What is stored of a request must not help to guess a password. Such changes may be made twice.
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

/// Stores the answer together with the change, or finds that another request with this key was first.
async fn settle(state: &AppState, keyed: &Keyed, response: Response) -> Result<Response, Error> {
    let change = keyed.take();
    if !is_answer(&response) {
        return Ok(response);
    }
    let mut write = match change {
        Some(change) if response.status().is_success() => change,
        unfinished => {
            // It holds the connection that writes.
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

/// Whether asking again would be answered the same. A request that was not let in or that came too late was not
/// looked at, and one that found its key in use is answered with what is stored.
///
/// Nor is a precondition that failed an answer: it changed nothing, no repetition can succeed (versions only rise), and
/// its purpose is the row as it is now, which a stored answer would not have.
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

/// Gives the stored answer, if it was to the same request.
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

/// Whether a JSON body has a field with a password in it.
fn holds_password(body: &[u8]) -> bool {
    let field = format!("\"{CURRENT_PASSWORD}\"");
    body.windows(field.len()).any(|text| text == field.as_bytes())
}

/// The key of a request. The draft writes it in quotes, most clients without: both are the same key.
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

/// `If-Match` is no part of it: a client that heard no answer, and read the row meanwhile, asks for the same change with
/// another version, and learns that it was made.
fn digest(method: &Method, address: &str, body: &[u8]) -> Digest {
    let mut digest = Sha256::new();
    // Neither a method nor an address holds a line break, so no two requests come to the same text.
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
