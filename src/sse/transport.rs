//! The interface between the connection and the object that carries the bytes.

use std::time::Duration;

use wire::Cursor;

/// The number of a stream object.
///
/// Every stream that the connection opens has a number of its own. A signal of any number other than the newest comes
/// late from a closed stream, and has no effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

/// A signal of a stream object.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal<E> {
    /// The response has begun: its status and headers are right.
    Opened,
    /// A message has arrived.
    Message(Message<E>),
    /// The stream broke, or the server could not be reached.
    Lost,
    /// The server answered with something that is no event stream. The browser does not report what it was.
    Refused,
    /// No request was made, because the address is invalid.
    Nowhere,
}

/// A message of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<E> {
    /// Its position in the server's log, if it has one.
    pub cursor: Option<Cursor>,
    /// Its content.
    pub frame: Frame<E>,
}

/// The content of a message, as far as the connection is concerned.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame<E> {
    /// The first message of a stream.
    Hello(Hello),
    /// A message without content that proves liveness.
    Heartbeat,
    /// The server may have left out events.
    Resync,
    /// The server is about to close the stream, and asks the app to wait this many milliseconds.
    Shutdown {
        /// Milliseconds.
        retry_ms: u64,
    },
    /// The session behind the stream ends in this many milliseconds.
    AuthExpiring {
        /// Milliseconds.
        in_ms: u64,
    },
    /// An event for the app. The connection does not look inside.
    Event(E),
    /// A message that could not be read, or that is of no interest. It proves liveness all the same.
    Ignored,
}

/// The first message of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// Whether everything after the requested cursor will arrive.
    pub resumed: bool,
    /// The position after which this stream delivers everything.
    pub cursor: Option<Cursor>,
    /// The longest silence that the server allows itself, in milliseconds. Zero: it sends no heartbeats. `None`: it
    /// promises nothing.
    pub heartbeat_ms: Option<u64>,
}

/// The server's answer to the question why it refused a stream, or why it issued no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The server would not refuse a stream, or gives no reason.
    Unclear,
    /// The server can not be reached, or its answer can not be read.
    Unreachable,
    /// No person is signed in.
    Unauthorized,
    /// This person may not have a stream.
    Forbidden,
    /// There is nothing at this address.
    Missing,
    /// The server asks the app to come back after this time.
    Later(Duration),
}

impl Answer {
    /// Returns the meaning of an HTTP status. `wait` is the time in `Retry-After`.
    #[must_use]
    pub fn from_status(status: u16, wait: Option<Duration>) -> Self {
        match (status, wait) {
            (401, _) => Self::Unauthorized,
            (403, _) => Self::Forbidden,
            // The specification of server-sent events defines 204 as "do not come back" (HTML, §9.2.3).
            (204 | 404 | 410, _) => Self::Missing,
            (429 | 503, Some(wait)) => Self::Later(wait),
            _ => Self::Unclear,
        }
    }
}
