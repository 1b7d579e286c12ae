//! The errors of requests to the server.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::browser::fetch::FetchError;

/// The error of a request. Cheap to clone; [`fmt::Display`] is a sentence for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError(Rc<Kind>);

/// The kinds of failure that are handled or worded differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The server could not be reached.
    Unreachable,
    /// The server did not answer in time.
    TimedOut,
    /// No person is signed in, or the session has ended.
    Unauthorized,
    /// Email address or password are wrong.
    WrongCredentials,
    /// The person does not have the permission.
    Forbidden,
    /// The resource does not exist, or does not exist any more.
    NotFound,
    /// The request conflicts with the state of the server, which gives the reason.
    Conflict(String),
    /// The server does not accept the request. It may give the reason.
    Invalid(Option<String>),
    /// The request is longer than the server accepts.
    TooLarge,
    /// The request was tried too often. The time, if any, is the wait that the server asks for.
    TooManyRequests(Option<Duration>),
    /// The server can not carry the request out now. The time, if any, is the wait that the server asks for.
    Unavailable(Option<Duration>),
    /// The server expects another version of the app.
    VersionMismatch,
    /// The server failed, with this status.
    Server(u16),
    /// Something between the browser and the server answered in place of the server, such as the sign-in page of a
    /// network or a maintenance page.
    Intercepted,
    /// The answer is not of the expected form.
    Unreadable,
}

impl ApiError {
    /// Whether the server could not be reached, so that it may not have carried the request out. A mutation waits then.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self.kind() {
            Kind::Unreachable | Kind::TimedOut | Kind::Unavailable(_) | Kind::Intercepted => true,
            Kind::Server(status) => matches!(status, 502..=504),
            _ => false,
        }
    }

    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.0
    }
}

impl From<Kind> for ApiError {
    fn from(kind: Kind) -> Self {
        Self(Rc::new(kind))
    }
}

impl From<FetchError> for ApiError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Network => Kind::Unreachable,
            FetchError::Timeout => Kind::TimedOut,
        }
        .into()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &*self.0 {
            Kind::Unreachable => "The server can not be reached. Please check your connection.",
            Kind::TimedOut => "The server did not answer in time. Please try again.",
            Kind::Unauthorized => "Your session has ended. Please sign in again.",
            Kind::WrongCredentials => "The email address or the password is wrong.",
            Kind::Forbidden => "You do not have access to this.",
            Kind::NotFound => "This does not exist any more.",
            Kind::Conflict(message) | Kind::Invalid(Some(message)) => message,
            Kind::Invalid(None) => "The server did not accept this.",
            Kind::TooLarge => "This is longer than it may be.",
            Kind::TooManyRequests(Some(wait)) => {
                return write!(
                    f,
                    "Too many attempts. Please try again in {} seconds.",
                    wait.as_secs().max(1)
                );
            }
            Kind::TooManyRequests(None) => "Too many attempts. Please wait a moment.",
            Kind::Unavailable(_) => "The server can not do this right now. Please try again.",
            Kind::VersionMismatch => "This version of the app does not fit the server. Please reload the page.",
            Kind::Server(_) => "Something went wrong on the server. Please try again.",
            Kind::Intercepted => {
                "Something between you and the server answered in its place. Please check your connection."
            }
            Kind::Unreadable => "The server's answer could not be understood. Please reload the page.",
        };
        f.write_str(text)
    }
}

impl std::error::Error for ApiError {}
