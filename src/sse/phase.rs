//! What the connection is doing, and who does it.

use super::status::Failure;

/// What the connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing, because nothing is wanted: nobody is signed in, the page is put away, or nobody has looked for long.
    Idle,
    /// Waiting for the ticket of the next stream. Owns [`Timer::Connect`](super::timer::Timer::Connect).
    Ticketing,
    /// A stream was asked for and has not said hello. Owns [`Timer::Connect`](super::timer::Timer::Connect), unless
    /// another page is asked.
    Connecting,
    /// The server refused a stream, and is asked why. Owns [`Timer::Probe`](super::timer::Timer::Probe).
    Probing,
    /// The stream lives.
    Connected,
    /// Waiting to try again. Owns [`Timer::Retry`](super::timer::Timer::Retry).
    Waiting,
    /// There is no network. Owns [`Timer::Retry`](super::timer::Timer::Retry), because browsers are sometimes wrong
    /// about that.
    Offline,
    /// Trying in quick succession has ended: now and then one attempt. Owns
    /// [`Timer::Retry`](super::timer::Timer::Retry).
    Resting,
    /// Trying has ended until a person, or another session, changes something.
    Failed(Failure),
}

/// Whose stream this page listens to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Its own, and nobody else's.
    #[default]
    Alone,
    /// Not known yet.
    Undecided,
    /// Its own, which the other pages of this person listen to as well.
    Leads,
    /// That of the page that leads.
    Follows,
}
