//! The numbers of the connection.

use std::time::Duration;

use crate::backoff::Backoff;

/// The numbers of the connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// How many retries follow a failure before trying ends.
    pub max_retries: u32,
    /// How long a new stream may take to say hello. An answer that does not come would never be reported: the
    /// seventh stream over HTTP/1.1 hangs without a word.
    pub connect_timeout: Duration,
    /// How long a stream must live before earlier failures are forgiven. Forgiving at once would turn a server
    /// that accepts and drops into a tight loop.
    pub stable_after: Duration,
    /// The time between two opens, whatever the reason for the second.
    pub min_open_gap: Duration,
    /// How long after a good moment to try comes the attempt.
    pub opportunity_delay: Duration,
    /// How often to ask whether the session still lives while the stream promises no heartbeat.
    pub check_every: Duration,
    /// Whether the server says hello. If it does not, an opened stream counts as connected, nothing is ever
    /// resumed, and silence is noticed only once a first heartbeat was seen.
    pub expects_hello: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            max_retries: 10,
            connect_timeout: Duration::from_secs(10),
            stable_after: Duration::from_secs(10),
            min_open_gap: Duration::from_secs(1),
            opportunity_delay: Duration::from_millis(250),
            check_every: Duration::from_secs(300),
            expects_hello: true,
        }
    }
}

/// Silence that is allowed where a heartbeat was seen but never promised.
pub(super) const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(15);
/// The longest that a server may have us wait, be it in silence or before coming back.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// The shortest heartbeat that may be promised: less would kill healthy streams.
const SHORTEST_HEARTBEAT: Duration = Duration::from_secs(5);
/// What the network may add to two heartbeats before the stream counts as dead.
const WATCHDOG_SLACK: Duration = Duration::from_secs(10);

/// How long a stream with this heartbeat may be silent before it counts as dead.
pub(super) fn patience(heartbeat: Duration) -> Duration {
    heartbeat.clamp(SHORTEST_HEARTBEAT, LONGEST_WAIT) * 2 + WATCHDOG_SLACK
}
