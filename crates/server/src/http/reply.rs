//! Answers that worked, in the envelope.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use wire::{Cursor, Envelope};

/// Which position of the event log a read reflects.
pub(crate) const EVENT_CURSOR: HeaderName = HeaderName::from_static("x-event-cursor");

/// An answer that worked.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    status: StatusCode,
    envelope: Envelope<T>,
    cursor: Option<Cursor>,
}

impl<T> Reply<T> {
    /// What was asked for, as it stands at this position of the event log.
    pub(crate) const fn read(cursor: Cursor, data: T) -> Self {
        Self {
            status: StatusCode::OK,
            envelope: Envelope { status_code: 200, data },
            cursor: Some(cursor),
        }
    }

    /// What was changed.
    pub(crate) const fn updated(data: T) -> Self {
        Self {
            status: StatusCode::OK,
            envelope: Envelope { status_code: 200, data },
            cursor: None,
        }
    }

    /// What was created.
    pub(crate) const fn created(data: T) -> Self {
        Self {
            status: StatusCode::CREATED,
            envelope: Envelope { status_code: 201, data },
            cursor: None,
        }
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
        }
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.envelope)).into_response();
        let cursor = self.cursor.map(|cursor| HeaderValue::try_from(cursor.to_string()));
        if let Some(Ok(cursor)) = cursor {
            response.headers_mut().insert(EVENT_CURSOR, cursor);
        }
        response
    }
}
