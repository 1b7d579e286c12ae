//! The settings of the connection.

use std::time::Duration;

use crate::backoff::Backoff;

/// The delays, time limits and counts of the connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The delays between attempts.
    pub backoff: Backoff,
    /// The number of retries that follow a failure before the cooldown starts.
    pub max_retries: u32,
    /// The length of the cooldown before one attempt is made. It doubles with every attempt that fails, up to
    /// `rest_cap`.
    pub rest: Duration,
    /// The longest cooldown.
    pub rest_cap: Duration,
    /// The time within which a new stream must send its hello. The browser would never report that an answer does not
    /// come: the seventh stream over HTTP/1.1 hangs silently.
    pub connect_timeout: Duration,
    /// The time within which the server must answer why it refused a stream.
    pub probe_timeout: Duration,
    /// The time for which a stream must live before earlier failures are reset. An immediate reset would turn a server
    /// that accepts and drops streams into a tight loop.
    pub stable_after: Duration,
    /// The shortest time between two opens, whether the second is automatic or not.
    pub min_open_gap: Duration,
    /// The delay between an opportunity and the attempt. A person who comes back may have been signed out meanwhile,
    /// and the request that finds this out is under way.
    pub opportunity_delay: Duration,
    /// The time over which attempts are spread that many tabs would make at the same instant: when the network is back,
    /// or when a stream that was well ends.
    pub spread: Duration,
    /// The time to wait for the renewal of the session before an attempt with the existing session.
    pub refresh_patience: Duration,
    /// The delay of a timer from which on the machine counts as having slept.
    pub late_after: Duration,
    /// The interval at which the clock is read while the tab is visible.
    pub tick: Duration,
    /// The time that a stream has after sleep to prove its liveness.
    pub wake_grace: Duration,
    /// The time for which the network may be gone before the connection no longer counts as connected.
    pub offline_flap: Duration,
    /// The time after the loss of the network at which a stream is closed if no message has arrived since.
    pub offline_grace: Duration,
    /// The time to wait for the network before an attempt is made in spite of the browser's report.
    pub offline_retry: Duration,
    /// The time for which a tab that does not share a stream keeps its stream while it is hidden.
    pub release_after: Duration,
    /// The interval of session checks while the stream promises no heartbeat.
    pub check_every: Duration,
    /// The delay before a gap is reported. Further gaps in this time are reported with it.
    pub gap_delay: Duration,
    /// The time over which the tabs spread their reports of a gap after an outage of the server. Otherwise, all tabs
    /// would fetch everything at once.
    pub gap_spread: Duration,
    /// The time without a stream after which polling starts.
    pub poll_after: Duration,
    /// The interval of polling; zero disables polling.
    pub poll_every: Duration,
    /// The time after which polling becomes slower.
    pub poll_slow_after: Duration,
    /// The interval of slower polling.
    pub poll_slow_every: Duration,
    /// The interval at which a follower pings the leader.
    pub lead_ping: Duration,
    /// The time for which the leader may be silent before another tab takes its place.
    pub lead_lease: Duration,
    /// Whether the server sends a hello. Without it, an opened stream counts as connected, no stream is ever resumed,
    /// and silence is noticed only after a first heartbeat.
    pub expects_hello: bool,
    /// Whether every stream needs a ticket of its own.
    pub needs_ticket: bool,
}

impl Settings {
    /// The settings for a server like the one in this repository.
    pub const DEFAULT: Self = Self {
        backoff: Backoff::DEFAULT,
        max_retries: 10,
        rest: Duration::from_secs(60),
        rest_cap: Duration::from_secs(300),
        connect_timeout: Duration::from_secs(10),
        probe_timeout: Duration::from_secs(5),
        stable_after: Duration::from_secs(10),
        min_open_gap: Duration::from_secs(1),
        opportunity_delay: Duration::from_millis(250),
        spread: Duration::from_secs(1),
        refresh_patience: Duration::from_secs(5),
        late_after: Duration::from_secs(5),
        tick: Duration::from_secs(10),
        wake_grace: Duration::from_secs(3),
        offline_flap: Duration::from_millis(500),
        offline_grace: Duration::from_secs(5),
        offline_retry: Duration::from_secs(60),
        release_after: Duration::from_secs(300),
        check_every: Duration::from_secs(300),
        gap_delay: Duration::from_millis(150),
        gap_spread: Duration::from_secs(1),
        poll_after: Duration::from_secs(5),
        poll_every: Duration::from_secs(10),
        poll_slow_after: Duration::from_secs(60),
        poll_slow_every: Duration::from_secs(30),
        lead_ping: Duration::from_secs(3),
        lead_lease: Duration::from_secs(10),
        expects_hello: true,
        needs_ticket: false,
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The heartbeat interval that is assumed if a heartbeat arrives that was never promised.
pub(super) const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(15);
/// The longest wait that a server can impose, as silence or before the next attempt.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// The shortest heartbeat interval that a server can promise. A shorter one would end healthy streams.
const SHORTEST_HEARTBEAT: Duration = Duration::from_secs(5);
/// The delay by the network that is added to two heartbeat intervals before the stream counts as dead.
const WATCHDOG_SLACK: Duration = Duration::from_secs(10);

/// Returns the time for which a stream with this heartbeat interval may be silent before it counts as dead; `None` if
/// it promises no heartbeat.
pub(super) fn patience(heartbeat: Duration) -> Option<Duration> {
    (!heartbeat.is_zero()).then(|| heartbeat.clamp(SHORTEST_HEARTBEAT, LONGEST_WAIT) * 2 + WATCHDOG_SLACK)
}
