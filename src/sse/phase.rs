//! What the connection is doing.

/// What the connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing: nobody is signed in.
    Idle,
    /// A stream was asked for and has not said hello. Owns [`Timer::Connect`].
    Connecting,
    /// The stream lives.
    Connected,
    /// Waiting to try again. Owns [`Timer::Retry`].
    Waiting,
    /// Trying has ended until something changes.
    GivenUp,
    /// The page has been put away and may come back as it was.
    Suspended,
}
