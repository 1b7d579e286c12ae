//! What the connection and the object that carries the bytes say to each other.

use std::time::Duration;

use wire::Cursor;

/// Which stream object a signal comes from.
///
/// Every stream the connection opens has a number of its own. A signal of any other than the newest is late news
/// of something that was closed, and has no effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

/// What happened to a stream object.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal<E> {
    /// The response has begun: status and headers are right.
    Opened,
    /// A message has arrived.
    Message(Message<E>),
    /// The stream broke, or could not be reached.
    Lost,
    /// The server answered with something that is no event stream. The browser does not say what.
    Refused,
    /// Nothing was asked for: the address is none.
    Nowhere,
}

/// A message of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<E> {
    /// Its position in the server's log, if it has one.
    pub cursor: Option<Cursor>,
    /// What it says.
    pub frame: Frame<E>,
}

/// What a message says, as far as the connection is concerned.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame<E> {
    /// The stream's first words.
    Hello(Hello),
    /// A sign of life.
    Heartbeat,
    /// The server may have left something out.
    Resync,
    /// The server is about to close the stream, and asks to wait this many milliseconds.
    Shutdown {
        /// Milliseconds.
        retry_ms: u64,
    },
    /// The session behind the stream ends in this many milliseconds.
    AuthExpiring {
        /// Milliseconds.
        in_ms: u64,
    },
    /// Something for the app; the connection does not look inside.
    Event(E),
    /// Something that could not be read, or that is of no interest. A sign of life all the same.
    Ignored,
}

/// The stream's first words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// Whether everything after the cursor that was asked for will arrive.
    pub resumed: bool,
    /// The position after which this stream tells everything.
    pub cursor: Option<Cursor>,
    /// The longest silence that the server allows itself, in milliseconds; `None` if it promises nothing.
    pub heartbeat_ms: Option<u64>,
}

/// What the server says when it is asked why it refused a stream, or did not give a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It would not refuse one, or says something that tells nothing.
    Unclear,
    /// It can not be reached, or its answer can not be read.
    Unreachable,
    /// Nobody is signed in.
    Unauthorized,
    /// This person may not have one.
    Forbidden,
    /// There is nothing at this address.
    Missing,
    /// It asks to come back after this time.
    Later(Duration),
}

impl Answer {
    /// What an HTTP status says. `wait` is what `Retry-After` asks for.
    #[must_use]
    pub fn from_status(status: u16, wait: Option<Duration>) -> Self {
        match (status, wait) {
            (401, _) => Self::Unauthorized,
            (403, _) => Self::Forbidden,
            // The specification of server-sent events has a 204 mean "do not come back" (HTML, §9.2.3).
            (204 | 404 | 410, _) => Self::Missing,
            (429 | 503, Some(wait)) => Self::Later(wait),
            _ => Self::Unclear,
        }
    }
}
