//! What the connection wants done.

use wire::Cursor;

use super::transport::Generation;

/// What the connection wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<E> {
    /// Open a stream. There is none now.
    Open {
        /// The number of the new stream.
        generation: Generation,
        /// The position to take up from.
        cursor: Option<Cursor>,
    },
    /// Close this stream, the only one.
    Close {
        /// Its number.
        generation: Generation,
    },
    /// Hand this event to the app. Each position is delivered once, in order.
    Deliver(E),
    /// Events may have been missed: everything live must be read again.
    Gap,
    /// The server refused the stream; perhaps the session has ended. Ask it once.
    CheckSession,
}
