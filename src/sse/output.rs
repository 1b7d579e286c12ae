//! What the connection wants done.

use wire::Cursor;

use super::transport::{Generation, Hello};

/// What the connection wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<E> {
    /// Ask for a ticket, with which the next stream is opened.
    FetchTicket {
        /// The number of that stream.
        generation: Generation,
    },
    /// Open a stream. There is none now.
    Open {
        /// The number of the new stream.
        generation: Generation,
        /// The position to take up from.
        cursor: Option<Cursor>,
        /// The ticket that says who it is for, where tickets are asked for.
        ticket: Option<String>,
    },
    /// Ask the page that leads to be told what its stream tells. There is no stream now.
    Join {
        /// The number of what it will tell.
        generation: Generation,
        /// The position to take up from.
        cursor: Option<Cursor>,
    },
    /// Close this stream, or listen to the page that leads no longer.
    Close {
        /// Its number.
        generation: Generation,
    },
    /// Our own stream has begun: nothing to do but for whoever tells others what it brings.
    Begun(Hello),
    /// Ask the server why it refused this stream.
    Probe {
        /// Its number.
        generation: Generation,
    },
    /// Hand this event to the app. Each position is delivered once, in order.
    Deliver(E),
    /// Events may have been missed: everything live must be read again.
    Gap,
    /// The session is about to end, or has: have it renewed, or find out whether it still lives.
    Refresh,
    /// The server insists that nobody is signed in.
    SessionEnded,
}
