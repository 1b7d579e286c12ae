//! The outputs of the connection.

use wire::Cursor;

use super::transport::{Generation, Hello};

/// An output of the connection, which the driver carries out.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<E> {
    /// Fetch a ticket for the next stream.
    FetchTicket {
        /// The number of that stream.
        generation: Generation,
    },
    /// Open a stream. No stream is open now.
    Open {
        /// The number of the new stream.
        generation: Generation,
        /// The position to resume from.
        cursor: Option<Cursor>,
        /// The ticket that identifies the person, if streams need tickets.
        ticket: Option<String>,
    },
    /// Ask the leader to relay its stream. No stream is open now.
    Join {
        /// The number of the relayed stream.
        generation: Generation,
        /// The position to resume from.
        cursor: Option<Cursor>,
    },
    /// Close this stream, or stop listening to the leader.
    Close {
        /// Its number.
        generation: Generation,
    },
    /// The tab's own stream has begun. A leader needs this for its followers.
    Begun(Hello),
    /// Ask the server why it refused this stream.
    Probe {
        /// Its number.
        generation: Generation,
    },
    /// Deliver this event to the app. Each position is delivered once, in order.
    Deliver(E),
    /// Events may have been missed: live data must be read again.
    Gap,
    /// The session is about to end, or has ended: renew it, or find out whether it is alive.
    Refresh,
    /// The server insists that no person is signed in.
    SessionEnded,
}
