//! The errors of all requests, and their statuses.

use std::sync::Arc;

use axum::Json;
use axum::http::header::{ETAG, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use serde_json::{Value, json};
use wire::{Deletion, ErrorBody};

use crate::store::{DiskError, primary_code};

/// The error of a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// 400: the path or the query can not be parsed.
    #[error("{0}")]
    BadRequest(String),
    /// 401: no valid session, or a wrong email address or password.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// 403: the person is signed in, and takes no part in the row.
    #[error("you have no part in this")]
    Forbidden,
    /// 403: the page that sent the request may not use the API, or could not keep its session cookie. The sentence
    /// tells the person at that page how to fix it.
    #[error("{0}")]
    ForeignOrigin(String),
    /// 404.
    #[error("there is no such thing")]
    NotFound,
    /// 404: the row was deleted. Only people who could read it before receive this error.
    #[error("this was deleted")]
    Deleted(Deletion),
    /// 405.
    #[error("this address does not take that method")]
    MethodNotAllowed,
    /// 408: the request took longer than the time limit. Mostly its body arrived too slowly.
    #[error("the request took too long")]
    Timeout,
    /// 409: the request contradicts the stored data. `error` is a code for programs.
    #[error("{message}")]
    Conflict {
        error: &'static str,
        message: String,
        details: Option<Value>,
    },
    /// 409: a request with the same `Idempotency-Key` was carried out. The stored response replaces this error, if
    /// there is one.
    #[error("a request with this Idempotency-Key is being carried out")]
    Repeated,
    /// 412: the row has another version than the request names.
    #[error("this has changed meanwhile; `data` has it as it is now")]
    PreconditionFailed(Box<Stale>),
    /// 413.
    #[error("the body is too large")]
    TooLarge,
    /// 415.
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    /// 422: the request can be parsed, and has a value that is not allowed. `error` is a code for programs.
    #[error("{message}")]
    Invalid { error: &'static str, message: String },
    /// 429, with the number of seconds to wait.
    #[error("too many requests; try again in {0} s")]
    TooManyRequests(u64),
    /// 503: all connections to the database are in use. A retry helps.
    #[error("the server is busy; try again in a moment")]
    Busy,
    /// 503: a read exceeded its time limit and was interrupted.
    #[error("this read takes too long; ask for less at once, or try again later")]
    ReadTooLong,
    /// 507: the disk is full. 503: the disk can not be written or read. Nothing was changed. The message of the
    /// database, if there is one, is only for the log.
    #[error("{0}{words}", words = .1.as_ref().map(|error| format!(" ({error})")).unwrap_or_default())]
    Disk(DiskError, Option<sqlx::Error>),
    /// 500, without details for the client: the database failed.
    #[error("database: {0}")]
    Store(sqlx::Error),
    /// 500, without details for the client: an invariant of the server did not hold.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// The content of a 412 for a client that knows an old version of a row.
#[derive(Debug)]
pub(crate) struct Stale {
    /// The current row.
    pub(crate) row: Value,
    /// The entity tag of the current row.
    pub(crate) etag: HeaderValue,
    /// For each field that was written since the version of the client, the last author.
    pub(crate) changed: Value,
}

impl Error {
    /// Returns a 422 with the code that most validation errors share.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid {
            error: "validation_error",
            message: message.into(),
        }
    }

    /// Returns a 422 for an email address that can not be used. The message is the same for an invalid address and for
    /// an address of another account, so that it does not reveal which addresses have an account.
    pub(crate) fn unusable_email() -> Self {
        Self::invalid(
            "email: this address can not be used. Check that it is written like name@example.com, without spaces or \
             invisible characters, or use another one.",
        )
    }

    /// Returns a 409 with the code that most conflicts share.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict {
            error: "conflict",
            message: message.into(),
            details: None,
        }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ForeignOrigin(_) => StatusCode::FORBIDDEN,
            Self::NotFound | Self::Deleted(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict { .. } | Self::Repeated => StatusCode::CONFLICT,
            Self::PreconditionFailed(_) => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::ReadTooLong | Self::Disk(DiskError::Failed, _) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Disk(DiskError::Full, _) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::Unauthorized(_) => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::ForeignOrigin(_) => "foreign_origin",
            Self::NotFound | Self::Deleted(_) => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict { error, .. } | Self::Invalid { error, .. } => error,
            Self::Repeated => "idempotency_key_in_use",
            Self::Timeout => "timeout",
            Self::PreconditionFailed(_) => "precondition_failed",
            Self::TooLarge => "body_too_large",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::TooManyRequests(_) => "rate_limited",
            Self::Busy => "busy",
            Self::ReadTooLong => "read_too_long",
            Self::Disk(DiskError::Full, _) => "disk_full",
            Self::Disk(DiskError::Failed, _) => "disk_failed",
            Self::Store(_) | Self::Internal(_) => "internal_error",
        }
    }

    /// Returns the body for the client. It does not contain messages of the database.
    fn body(&self) -> ErrorBody {
        let message = match self {
            Self::Store(_) | Self::Internal(_) => "something went wrong on the server".to_owned(),
            Self::Disk(disk, _) => disk.to_string(),
            _ => self.to_string(),
        };
        let (details, data) = match self {
            Self::Conflict { details, .. } => (details.clone(), None),
            Self::Deleted(deletion) => (serde_json::to_value(deletion).ok(), None),
            Self::PreconditionFailed(stale) => {
                let details = json!({ "changed": stale.changed });
                (Some(details), Some(stale.row.clone()))
            }
            _ => (None, None),
        };
        ErrorBody {
            status_code: self.status().as_u16(),
            error: self.code().to_owned(),
            message,
            details,
            data,
        }
    }

    /// Returns the body as JSON, for places without a response.
    pub(crate) fn json(&self) -> String {
        // The body has numbers and texts only, so this can not fail.
        serde_json::to_string(&self.body()).unwrap_or_default()
    }

    const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests(seconds) => Some(*seconds),
            Self::Busy => Some(1),
            Self::ReadTooLong | Self::Disk(DiskError::Failed, _) => Some(5),
            Self::Disk(DiskError::Full, _) => Some(30),
            _ => None,
        }
    }
}

/// Database errors that the client caused become a specific 4xx error, according to the name of the constraint.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) || is_locked(&error) {
            return Self::Busy;
        }
        if is_interrupted(&error) {
            return Self::ReadTooLong;
        }
        if let Some(disk) = DiskError::of(&error) {
            return Self::Disk(disk, Some(error));
        }
        let violated = error.as_database_error().and_then(|error| constraint(error.message()));
        violated.unwrap_or(Self::Store(error))
    }
}

impl From<DiskError> for Error {
    fn from(error: DiskError) -> Self {
        Self::Disk(error, None)
    }
}

/// Returns whether another process held the lock of the file for longer than the busy timeout: `SQLITE_BUSY`,
/// `SQLITE_LOCKED`.
fn is_locked(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(5 | 6))
}

/// Returns whether a read was interrupted because its time limit had passed: `SQLITE_INTERRUPT`.
fn is_interrupted(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(9)
}

/// Returns the error of a violated constraint. SQLite names the columns of a unique constraint and the name of a check,
/// but not the foreign key. Handlers therefore look up the rows that a body refers to in the same transaction, and the
/// error of a foreign key is only a fallback.
fn constraint(message: &str) -> Option<Error> {
    if message.contains("session_goals.coaching_session_id, session_goals.goal_id") {
        Some(Error::Conflict {
            error: "goal_already_linked_to_session",
            message: "This goal is already linked to the coaching session.".to_owned(),
            details: None,
        })
    } else if message.contains("users.email") {
        Some(Error::unusable_email())
    } else if message.contains("UNIQUE constraint failed") {
        Some(Error::conflict("This exists already."))
    } else if message.contains("_duration_range") {
        Some(Error::invalid("a duration is 1 to 480 minutes"))
    } else if message.contains("_title_length") {
        Some(Error::invalid("a title has at most 500 characters"))
    } else if message.contains("CHECK constraint failed") {
        Some(Error::invalid("a value is outside of its range"))
    } else if message.contains("FOREIGN KEY constraint failed") {
        Some(Error::conflict(
            "It refers to something that is gone, or something still refers to it.",
        ))
    } else {
        None
    }
}

impl IntoResponse for Error {
    /// Has no side effect: the log layer reads the error from the extensions of the response.
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Self::PreconditionFailed(stale) = &self {
            response.headers_mut().insert(ETAG, stale.etag.clone());
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions as _, Executor as _};

    use super::{DiskError, Error, constraint};

    #[test]
    fn a_constraint_is_the_clients_doing() {
        let status = |message: &str| constraint(message).map(|error| error.status().as_u16());
        assert_eq!(status("UNIQUE constraint failed: users.email_key"), Some(422));
        assert_eq!(status("CHECK constraint failed: goals_title_length"), Some(422));
        assert_eq!(status("FOREIGN KEY constraint failed"), Some(409));
        assert_eq!(status("disk I/O error"), None);
    }

    #[tokio::test]
    async fn locked_database_is_busy() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("test.db"))
            .create_if_missing(true)
            .busy_timeout(std::time::Duration::ZERO);
        let (mut one, mut other) = (options.connect().await.unwrap(), options.connect().await.unwrap());
        one.execute("BEGIN IMMEDIATE").await.unwrap();
        let error = Error::from(other.execute("BEGIN IMMEDIATE").await.unwrap_err());
        assert!(matches!(error, Error::Busy), "{error:?}");
        assert!(error.into_response().headers().contains_key("retry-after"));
    }

    #[test]
    fn the_databases_words_do_not_reach_the_client() {
        let words = || sqlx::Error::Protocol("secret detail".to_owned());
        let body = Error::Store(words()).body();
        assert_eq!(body.status_code, 500);
        assert!(!body.message.contains("secret"));
        let error = Error::Disk(DiskError::Full, Some(words()));
        assert_eq!(error.body().status_code, 507);
        assert!(!error.body().message.contains("secret") && error.to_string().contains("secret"));
    }
}
