//! Request bodies: JSON, and the form that signs in.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::Error;

/// A JSON body. Fields that the type does not have are ignored, so a client may send back what it read.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(media_type(request.headers())) {
            return Err(Error::UnsupportedMediaType("expected a body of type application/json"));
        }
        let bytes = read(request, state).await?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| refusal(&error, &bytes))
    }
}

/// A body of type `application/x-www-form-urlencoded`.
#[derive(Debug)]
pub(crate) struct Form<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if media_type(request.headers()) != Some("application/x-www-form-urlencoded") {
            return Err(Error::UnsupportedMediaType(
                "expected a form of type application/x-www-form-urlencoded",
            ));
        }
        match axum::Form::from_request(request, state).await {
            Ok(axum::Form(form)) => Ok(Self(form)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Error::TooLarge),
            Err(rejection) => Err(Error::invalid(rejection.body_text())),
        }
    }
}

/// 422 for JSON of the wrong shape, 400 for what is no JSON. The error alone does not tell them apart: `null` where a
/// variant is expected counts as a syntax error.
fn refusal(error: &serde_json::Error, bytes: &[u8]) -> Error {
    match serde_json::from_slice::<IgnoredAny>(bytes) {
        Ok(IgnoredAny) => Error::invalid(error.to_string()),
        Err(error) => Error::BadRequest(format!("the body is no JSON: {error}")),
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

/// The media type without its parameters.
fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

fn is_json(media_type: Option<&str>) -> bool {
    media_type.is_some_and(|media_type| {
        media_type.eq_ignore_ascii_case("application/json")
            || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    })
}
