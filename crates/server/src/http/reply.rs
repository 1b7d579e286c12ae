//! Answers that worked, in the envelope.

use axum::Json;
use axum::http::header::ETAG;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use wire::{Cursor, Envelope};

use crate::store::history::Versioned;

/// Which position of the event log a read reflects.
pub(crate) const EVENT_CURSOR: HeaderName = HeaderName::from_static("x-event-cursor");

/// An answer that worked.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    status: StatusCode,
    envelope: Envelope<T>,
    cursor: Option<Cursor>,
    etag: Option<HeaderValue>,
}

/// The entity tag of a row: its version, in quotes.
pub(super) fn etag(version: u64) -> Option<HeaderValue> {
    // Digits and quotes are a header.
    HeaderValue::try_from(format!("\"{version}\"")).ok()
}

impl<T> Reply<T> {
    /// What was asked for, as it stands at this position of the event log.
    pub(crate) const fn read(cursor: Cursor, data: T) -> Self {
        Self {
            status: StatusCode::OK,
            envelope: Envelope { status_code: 200, data },
            cursor: Some(cursor),
            etag: None,
        }
    }

    /// What was changed.
    pub(crate) const fn updated(data: T) -> Self {
        Self {
            status: StatusCode::OK,
            envelope: Envelope { status_code: 200, data },
            cursor: None,
            etag: None,
        }
    }

    /// What was created.
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
    /// With the entity tag of the row that is answered.
    pub(crate) fn tagged(self) -> Self {
        let etag = etag(self.envelope.data.version());
        Self { etag, ..self }
    }
}

impl Reply<()> {
    /// It is done and there is nothing to show. The status says 200, because an answer with a body can not say 204.
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

    /// With the entity tag of a row that is not answered.
    pub(crate) fn for_row(self, row: &impl Versioned) -> Self {
        let etag = etag(row.version());
        Self { etag, ..self }
    }
}

/// An answer that says which position of the event log it reflects.
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
