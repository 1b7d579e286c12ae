//! Everything a request can fail with, and the one place that gives it a status.

use std::sync::Arc;

use axum::Json;
use axum::http::header::{ETAG, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use serde_json::{Value, json};
use wire::{Deletion, ErrorBody};

use crate::store::{DiskError, primary_code};

/// Why a request was not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// 400: path or query can not be read.
    #[error("{0}")]
    BadRequest(String),
    /// 401: no living session, or a wrong email or password.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// 403: signed in, but this is somebody else's.
    #[error("you have no part in this")]
    Forbidden,
    /// 403: a page sent it that may not, or that could not keep its session cookie. The sentence says what to do, for
    /// the person at that page.
    #[error("{0}")]
    ForeignOrigin(String),
    /// 404.
    #[error("there is no such thing")]
    NotFound,
    /// 404: it was deleted. Only for those who could read it before.
    #[error("this was deleted")]
    Deleted(Deletion),
    /// 405.
    #[error("this address does not take that method")]
    MethodNotAllowed,
    /// 408: it took longer than any request should, mostly to arrive.
    #[error("the request took too long")]
    Timeout,
    /// 409: it contradicts what is stored. `error` is a word for programs.
    #[error("{message}")]
    Conflict {
        error: &'static str,
        message: String,
        details: Option<Value>,
    },
    /// 409: a request with the same `Idempotency-Key` was carried out. Replaced by its answer wherever there is one.
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
    /// 422: readable, but not what is allowed here. `error` is a word for programs.
    #[error("{message}")]
    Invalid { error: &'static str, message: String },
    /// 429, with the number of seconds to wait.
    #[error("too many requests; try again in {0} s")]
    TooManyRequests(u64),
    /// 503: every connection to the database is taken. Trying again helps.
    #[error("the server is busy; try again in a moment")]
    Busy,
    /// 503: a read took longer than any should, and was interrupted.
    #[error("this read takes too long; ask for less at once, or try again later")]
    ReadTooLong,
    /// 507 or 503: the disk has no room, or can not be written or read. Nothing was changed. The words of the database,
    /// if it said any, are for the log.
    #[error("{0}{words}", words = .1.as_ref().map(|error| format!(" ({error})")).unwrap_or_default())]
    Disk(DiskError, Option<sqlx::Error>),
    /// 500, blank for the client: the database failed.
    #[error("database: {0}")]
    Store(sqlx::Error),
    /// 500, blank for the client: an invariant of the server itself did not hold.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// What a client that knows an old version of a row is told.
#[derive(Debug)]
pub(crate) struct Stale {
    /// The row as it is.
    pub(crate) row: Value,
    /// Its entity tag.
    pub(crate) etag: HeaderValue,
    /// By field, the last author of what was written since the version that the client knows.
    pub(crate) changed: Value,
}

impl Error {
    /// 422 with the code that most validation problems share.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid {
            error: "validation_error",
            message: message.into(),
        }
    }

    /// 422: one sentence for every address that can not be used, whether it is none or somebody else's, so that it does
    /// not tell who has an account.
    pub(crate) fn unusable_email() -> Self {
        Self::invalid(
            "email: this address can not be used. Check that it is written like name@example.com, without spaces or \
             invisible characters, or use another one.",
        )
    }

    /// 409 with the code that most conflicts share.
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

    /// What the client reads. The database's own words stay here.
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

    /// The body of the answer, for where there is no response to put it into.
    pub(crate) fn json(&self) -> String {
        // Numbers and texts only, so this can not fail.
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

/// Failures of the database that are the client's doing become a clear 4xx, by the name of the constraint.
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

/// Whether another process kept the file to itself for longer than was waited: `SQLITE_BUSY`, `SQLITE_LOCKED`.
fn is_locked(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(5 | 6))
}

/// Whether it was interrupted because its time was over: `SQLITE_INTERRUPT`.
fn is_interrupted(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(9)
}

/// SQLite names the columns of a unique constraint and the name of a check, but never the foreign key: handlers
/// look up what a body refers to, in the same transaction, so that is only the last resort.
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
    /// No side effect: the error rides along in the response's extensions, and the log layer reads it there.
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
