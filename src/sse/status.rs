//! What the rest of the app may know of the connection.

use crate::time::Instant;

/// What the rest of the app may know of the connection: a snapshot, published by the driver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Where the connection stands.
    pub state: State,
    /// The last failure. Stays while trying again, ends with success.
    pub last_error: Option<ConnectionError>,
    /// When the connection was last established.
    pub last_connected_at: Option<Instant>,
    /// When the last event arrived. Published at most once a second.
    pub last_event_at: Option<Instant>,
    /// When the next attempt is due.
    pub retry_at: Option<Instant>,
    /// Whether the browser says that there is no network, and nothing that arrives says otherwise.
    pub is_offline: bool,
    /// Whether what is on the screen is read again now and then, because nothing tells of changes.
    pub is_polling: bool,
}

/// Where the connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing is connected, and that is as it should be: nobody is signed in, or nobody looks.
    #[default]
    Disconnected,
    /// The first connection of this sign-in is being made.
    Connecting,
    /// Changes arrive as they happen.
    Connected,
    /// The connection was lost and is being made again.
    Reconnecting,
    /// Trying has ended, or has become rare: see [`Status::last_error`] for why.
    Error,
}

impl State {
    /// The word for it in the document, for tests and styles.
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
    /// What went wrong.
    pub cause: Cause,
    /// When.
    pub at: Instant,
    /// How many times in a row it has gone wrong, this one included.
    pub attempt: u32,
}

/// What went wrong with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// It broke, or could not be reached.
    #[error("The server can not be reached.")]
    Network,
    /// The server answered with something other than a stream.
    #[error("The server refused the live connection.")]
    Refused,
    /// The server answered, and this page is not allowed to read what.
    #[error("The server can not be reached, or does not let this page connect.")]
    Unreadable,
    /// The server asks to come back later.
    #[error("The server is busy.")]
    Busy,
    /// Nothing came back in time. Browsers also wait silently when too many tabs are connected over HTTP/1.1.
    #[error("The server did not answer in time. If many tabs of it are open, closing some may help.")]
    Timeout,
    /// It went silent for longer than the server ever is.
    #[error("The live connection fell silent.")]
    Silence,
    /// It will not work by trying again.
    #[error("{0}")]
    Final(Failure),
}

/// Why trying again is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody is signed in, the server says, and says again.
    #[error("You are no longer signed in.")]
    Unauthorized,
    /// This person may not be told of changes.
    #[error("You are not allowed to receive live updates. Ask whoever runs this server.")]
    Forbidden,
    /// There is no stream at this address.
    #[error("This server has no live updates. Reload the page to see what has changed.")]
    Missing,
}
