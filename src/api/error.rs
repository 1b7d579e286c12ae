//! What can go wrong when the server is asked for something.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::browser::fetch::FetchError;

/// What went wrong. Cheap to clone; [`fmt::Display`] is a sentence for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError(Rc<Kind>);

/// The kinds of failure that are handled differently, or told differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The server could not be reached.
    Unreachable,
    /// The server did not answer in time.
    TimedOut,
    /// Nobody is signed in, or no longer.
    Unauthorized,
    /// Email address or password are wrong.
    WrongCredentials,
    /// This person may not.
    Forbidden,
    /// There is no such thing, or no longer.
    NotFound,
    /// It does not fit what there is; the server says why.
    Conflict(String),
    /// The server does not accept it; it may say why.
    Invalid(Option<String>),
    /// It is longer than the server takes.
    TooLarge,
    /// It was tried too often.
    TooManyRequests(Option<Duration>),
    /// The server can not do it now.
    Unavailable(Option<Duration>),
    /// The server expects another version of the app.
    VersionMismatch,
    /// The server failed, with this status.
    Server(u16),
    /// Something on the way answered in place of the server: a sign-in page of the network, a maintenance page.
    Intercepted,
    /// What came back is not what was asked for.
    Unreadable,
}

impl ApiError {
    /// Whether the request may not have been dealt with because the server could not be reached: a change waits then.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self.kind() {
            Kind::Unreachable | Kind::TimedOut | Kind::Unavailable(_) | Kind::Intercepted => true,
            Kind::Server(status) => matches!(status, 502..=504),
            _ => false,
        }
    }

    /// What kind of failure it is.
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
