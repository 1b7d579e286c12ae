//! Request bodies: JSON, and the sign-in form.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::Error;

/// A JSON body. Unknown fields are ignored, so that a client can send back what it has read.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(media_type(request.headers())) {
            return Err(Error::UnsupportedMediaType("expected a body of type application/json"));
        }
        let bytes = read(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// A JSON Merge Patch (RFC 7396). Unknown fields are refused, because they would request a change that is not possible.
#[derive(Debug)]
pub(crate) struct Patch<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Patch<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let accepted = media_type(request.headers()).is_some_and(|media_type| {
            ["application/merge-patch+json", "application/json"]
                .iter()
                .any(|accepted| media_type.eq_ignore_ascii_case(accepted))
        });
        if !accepted {
            return Err(Error::UnsupportedMediaType(
                "expected a body of type application/merge-patch+json or application/json",
            ));
        }
        let bytes = read(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// A body of type `application/x-www-form-urlencoded`.
#[derive(Debug)]
pub(crate) struct Form<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let is_form = media_type(request.headers())
            .is_some_and(|media_type| media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Error::UnsupportedMediaType(
                "expected a form of type application/x-www-form-urlencoded",
            ));
        }
        // Axum accepts only the lower-case form.
        let mut request = request;
        let plain = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, plain);
        match axum::Form::from_request(request, state).await {
            Ok(axum::Form(form)) => Ok(Self(form)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Error::TooLarge),
            Err(rejection) => Err(Error::invalid(rejection.body_text())),
        }
    }
}

/// Parses a JSON object. Returns 422 with the name of the field for JSON of the wrong shape, and 400 for invalid JSON.
/// The parser's error does not distinguish the two: `null` in place of a variant counts as a syntax error.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes) {
        return Err(Error::BadRequest(format!("the body is no JSON: {error}")));
    }
    // A list would be parsed as the values of the fields in order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Error::invalid("the body must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut json).map_err(|error| Error::invalid(sentence(&error)))
}

/// Returns the message of an error with its field. Omits line and column, because a program wrote the JSON.
fn sentence(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let (path, inner) = (error.path().to_string(), error.inner());
    let message = inner.to_string();
    let place = format!(" at line {} column {}", inner.line(), inner.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    match message.strip_prefix("unknown field ") {
        Some(rest) => {
            let rest = rest.replace(", expected one of", "; these can:");
            format!("{} can not be changed", rest.replace(", expected", "; this can:"))
        }
        // The message for a missing field contains its name.
        None if path == "." => message.to_owned(),
        None => format!("{path}: {message}"),
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Error> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
            _ => Error::BadRequest("the body could not be read".to_owned()),
        })
}

/// Returns the media type without its parameters.
fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

fn is_json(media_type: Option<&str>) -> bool {
    media_type.is_some_and(|media_type| {
        let media_type = media_type.to_ascii_lowercase();
        media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    })
}
