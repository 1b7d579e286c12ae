//! Successful responses in their envelope.

use axum::Json;
use axum::http::header::ETAG;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use wire::{Cursor, Envelope};

use crate::store::history::Versioned;

/// The header with the position of the event log that a read reflects.
pub(crate) const EVENT_CURSOR: HeaderName = HeaderName::from_static("x-event-cursor");

/// A successful response.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    status: StatusCode,
    envelope: Envelope<T>,
    cursor: Option<Cursor>,
    etag: Option<HeaderValue>,
}

/// Returns the entity tag of a row: its version in quotes.
pub(super) fn etag(version: u64) -> Option<HeaderValue> {
    // Digits and quotes are always a valid header.
    HeaderValue::try_from(format!("\"{version}\"")).ok()
}

impl<T> Reply<T> {
    /// Answers a read with the data as of this position of the event log.
    pub(crate) const fn read(cursor: Cursor, data: T) -> Self {
        Self {
            status: StatusCode::OK,
            envelope: Envelope { status_code: 200, data },
            cursor: Some(cursor),
            etag: None,
        }
    }

    /// Answers a change with the changed data.
    pub(crate) const fn updated(data: T) -> Self {
        Self {
            status: StatusCode::OK,
            envelope: Envelope { status_code: 200, data },
            cursor: None,
            etag: None,
        }
    }

    /// Answers a creation with the created data.
    pub(crate) const fn created(data: T) -> Self {
        Self {
            status: StatusCode::CREATED,
            envelope: Envelope { status_code: 201, data },
            cursor: None,
            etag: None,
        }
    }
}

impl<T: Versioned> Reply<T> {
    /// Adds the entity tag of the row in the response.
    pub(crate) fn tagged(self) -> Self {
        let etag = etag(self.envelope.data.version());
        Self { etag, ..self }
    }
}

impl Reply<()> {
    /// Answers a change without data. The HTTP status is 200 and not 204, because a response with status 204 has no
    /// body.
    pub(crate) const fn done() -> Self {
        Self {
            status: StatusCode::OK,
            envelope: Envelope {
                status_code: 204,
                data: (),
            },
            cursor: None,
            etag: None,
        }
    }

    /// Adds the entity tag of a row that the response does not contain.
    pub(crate) fn for_row(self, row: &impl Versioned) -> Self {
        let etag = etag(row.version());
        Self { etag, ..self }
    }
}

/// Adds the header with the position of the event log that a response reflects.
pub(super) fn with_cursor(mut response: Response, cursor: Option<Cursor>) -> Response {
    let cursor = cursor.map(|cursor| HeaderValue::try_from(cursor.to_string()));
    if let Some(Ok(cursor)) = cursor {
        response.headers_mut().insert(EVENT_CURSOR, cursor);
    }
    response
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut response = with_cursor((self.status, Json(self.envelope)).into_response(), self.cursor);
        if let Some(etag) = self.etag {
            response.headers_mut().insert(ETAG, etag);
        }
        response
    }
}
