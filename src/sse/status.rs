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
}

/// Where the connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody is signed in, so there is nothing to connect for.
    #[default]
    Disconnected,
    /// The first connection of this sign-in is being made.
    Connecting,
    /// Changes arrive as they happen.
    Connected,
    /// The connection was lost and is being made again.
    Reconnecting,
    /// Trying has ended; only the person, the network or a return to the page starts it again.
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
    /// Nothing came back in time. Browsers also wait silently when too many tabs are connected over HTTP/1.1.
    #[error("The server did not answer in time.")]
    Timeout,
    /// It went silent for longer than the server ever is.
    #[error("The live connection fell silent.")]
    Silence,
}
