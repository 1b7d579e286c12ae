//! The status of the connection, for the rest of the app.

use crate::time::Instant;

/// The status of the connection, for the rest of the app: a snapshot that the driver publishes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// The state of the connection.
    pub state: State,
    /// The last failure. It stays during retries, and ends with success.
    pub last_error: Option<ConnectionError>,
    /// The time at which the connection was last established.
    pub last_connected_at: Option<Instant>,
    /// The time at which the last event arrived. Published at most once a second.
    pub last_event_at: Option<Instant>,
    /// The time at which the next attempt is due.
    pub retry_at: Option<Instant>,
    /// Whether the browser reports no network, and no arriving message contradicts it.
    pub is_offline: bool,
    /// Whether the data on the screen is polled, because there is no stream.
    pub is_polling: bool,
}

/// The state of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// There is no connection, as intended: no person is signed in, or the tab is hidden or frozen.
    #[default]
    Disconnected,
    /// The first connection of this sign-in is being made.
    Connecting,
    /// Changes arrive as they happen.
    Connected,
    /// The connection was lost and is being made again.
    Reconnecting,
    /// Attempts have ended, or have become rare. [`Status::last_error`] contains the reason.
    Error,
}

impl State {
    /// Returns the name of the state in the document, for tests and styles.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Error => "error",
        }
    }
}

/// A failure of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionError {
    /// The cause of the failure.
    pub cause: Cause,
    /// The time of the failure.
    pub at: Instant,
    /// The number of failures in a row, this one included.
    pub attempt: u32,
}

/// The cause of a failure of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The stream broke, or the server could not be reached.
    #[error("The server can not be reached.")]
    Network,
    /// The server answered with something other than a stream.
    #[error("The server refused the live connection.")]
    Refused,
    /// The question for the reason of a refusal, or for a ticket, got no answer that can be read.
    #[error("The server can not be reached, or does not let this page connect.")]
    Unreadable,
    /// The server asks the app to come back later.
    #[error("The server is busy.")]
    Busy,
    /// No answer arrived in time. Browsers also wait silently when too many tabs are connected over HTTP/1.1.
    #[error("The server did not answer in time. If many tabs of it are open, closing some may help.")]
    Timeout,
    /// The stream was silent for longer than the server ever is.
    #[error("The live connection fell silent.")]
    Silence,
    /// The connection will not work by trying again.
    #[error("{0}")]
    Final(Failure),
}

/// The reason why trying again is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server repeats, after an attempt to renew the session, that no person is signed in.
    #[error("You are no longer signed in.")]
    Unauthorized,
    /// This person may not receive changes.
    #[error("You are not allowed to receive live updates. Ask whoever runs this server.")]
    Forbidden,
    /// There is no stream at this address.
    #[error("This server has no live updates. Reload the page to see what has changed.")]
    Missing,
}
