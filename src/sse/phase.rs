//! The phase of the connection, and the role of the tab.

use super::status::Failure;

/// The phase of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No stream is wanted: no person is signed in, the role is not decided, the tab is frozen, or it was hidden for
    /// long.
    Idle,
    /// Waiting for the ticket of the next stream. Owns [`Timer::Connect`](super::timer::Timer::Connect).
    Ticketing,
    /// A stream was asked for and has not sent its hello. Owns [`Timer::Connect`](super::timer::Timer::Connect), unless
    /// the tab is a follower.
    Connecting,
    /// The server refused a stream, and is asked for the reason. Owns [`Timer::Probe`](super::timer::Timer::Probe).
    Probing,
    /// The stream is alive.
    Connected,
    /// Waiting for the next attempt. Owns [`Timer::Retry`](super::timer::Timer::Retry).
    Waiting,
    /// There is no network. Owns [`Timer::Retry`](super::timer::Timer::Retry), because browsers are sometimes wrong
    /// about the network.
    Offline,
    /// The cooldown after many retries, with an attempt at long intervals. Owns
    /// [`Timer::Retry`](super::timer::Timer::Retry).
    Resting,
    /// Attempts have ended until a person retries, or until the session changes.
    Failed(Failure),
}

/// The role of a tab: the source of its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// The tab has a stream of its own, and does not share it.
    #[default]
    Alone,
    /// The role is not known yet.
    Undecided,
    /// The tab is the leader: it has a stream of its own, and relays it to the other tabs of this person.
    Leads,
    /// The tab is a follower: it receives the leader's stream.
    Follows,
}
