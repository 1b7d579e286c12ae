//! The numbers of the connection.

use std::time::Duration;

use crate::backoff::Backoff;

/// The numbers of the connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// How many retries follow a failure before trying in quick succession ends.
    pub max_retries: u32,
    /// How long to rest then before one attempt is made; doubles with every one that fails, up to `rest_cap`.
    pub rest: Duration,
    /// The longest rest.
    pub rest_cap: Duration,
    /// How long a new stream may take to say hello. An answer that does not come would never be reported: the
    /// seventh stream over HTTP/1.1 hangs without a word.
    pub connect_timeout: Duration,
    /// How long the server may take to say why it refused.
    pub probe_timeout: Duration,
    /// How long a stream must live before earlier failures are forgiven. Forgiving at once would turn a server
    /// that accepts and drops into a tight loop.
    pub stable_after: Duration,
    /// The time between two opens, whatever the reason for the second.
    pub min_open_gap: Duration,
    /// How long after a good moment to try comes the attempt: whoever comes back may have been signed out meanwhile,
    /// and asking that is under way.
    pub opportunity_delay: Duration,
    /// Over what time attempts spread that many pages would make in the same instant: when the network is back, or
    /// when a stream that was well ends.
    pub spread: Duration,
    /// How long to wait for a session to be renewed before trying with the one there is.
    pub refresh_patience: Duration,
    /// How late a timer must be for the machine to have slept.
    pub late_after: Duration,
    /// How often to look at the clock while the page can be seen.
    pub tick: Duration,
    /// How long after sleep a stream has to show that it lives.
    pub wake_grace: Duration,
    /// How long the network may be gone before nobody is told that they are connected.
    pub offline_flap: Duration,
    /// How long a stream has that still speaks after the browser has said that there is no network.
    pub offline_grace: Duration,
    /// How long to wait for the network before trying in spite of what the browser says.
    pub offline_retry: Duration,
    /// How long a page that listens for itself keeps its stream while nobody can see it.
    pub release_after: Duration,
    /// How often to ask whether the session still lives while the stream promises no heartbeat.
    pub check_every: Duration,
    /// How long to wait before saying that something was missed: what is missed meanwhile is said with it.
    pub gap_delay: Duration,
    /// Over what time pages spread that have missed something because the server was away: else all would ask it for
    /// everything at once.
    pub gap_spread: Duration,
    /// When to begin reading again and again while nothing tells of changes.
    pub poll_after: Duration,
    /// How often to read then; zero: never.
    pub poll_every: Duration,
    /// When to become slower.
    pub poll_slow_after: Duration,
    /// How often to read then.
    pub poll_slow_every: Duration,
    /// How often a page that follows asks whether the one that leads is still there.
    pub lead_ping: Duration,
    /// How long the one that leads may be silent before another takes its place.
    pub lead_lease: Duration,
    /// Whether the server says hello. If it does not, an opened stream counts as connected, nothing is ever
    /// resumed, and silence is noticed only once a first heartbeat was seen.
    pub expects_hello: bool,
    /// Whether every stream needs a ticket of its own.
    pub needs_ticket: bool,
}

impl Settings {
    /// What is right for a server like ours.
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

/// Silence that is allowed where a heartbeat was seen but never promised.
pub(super) const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(15);
/// The longest that a server may have us wait, be it in silence or before coming back.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// The shortest heartbeat that may be promised: less would kill healthy streams.
const SHORTEST_HEARTBEAT: Duration = Duration::from_secs(5);
/// What the network may add to two heartbeats before the stream counts as dead.
const WATCHDOG_SLACK: Duration = Duration::from_secs(10);

/// How long a stream with this heartbeat may be silent before it counts as dead; `None` if it promises none.
pub(super) fn patience(heartbeat: Duration) -> Option<Duration> {
    (!heartbeat.is_zero()).then(|| heartbeat.clamp(SHORTEST_HEARTBEAT, LONGEST_WAIT) * 2 + WATCHDOG_SLACK)
}
