//! How a query wants to be treated, and what is worth trying again.

use std::time::Duration;

use crate::backoff::Backoff;

/// How a query wants to be treated. Never part of its identity.
///
/// Observers of one key may want different things; then the most demanding of them decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How old data may grow, while changes are pushed, before mounting or returning to the page reads it again.
    pub stale_after: Duration,
    /// How long an entry that nobody observes is kept.
    pub keep_for: Duration,
    /// The least time between the starts of two fetches. Bounds the load of a burst; drops nothing.
    pub min_gap: Duration,
    /// The least time between the starts of two fetches that only confirm what is on the screen already.
    pub confirm_gap: Duration,
    /// How long after a fetch has ended the next one starts by itself, if it ever does.
    pub poll_every: Option<Duration>,
    /// Whether it is fetched while nobody can see the page, too.
    pub in_background: bool,
    /// Whether mounting fetches.
    pub on_mount: OnMount,
    /// How long to wait before a fetch that failed is tried again.
    pub backoff: Backoff,
    /// How often it is tried again.
    pub max_retries: u32,
}

/// Whether a component that starts to observe causes a fetch. A key that was invalidated is fetched anyway, and so is
/// one of which nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMount {
    /// If the data has grown stale.
    #[default]
    Stale,
    /// However fresh the data is.
    Always,
    /// No.
    Never,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            stale_after: Duration::from_secs(300),
            keep_for: Duration::from_secs(300),
            min_gap: Duration::ZERO,
            confirm_gap: Duration::from_millis(250),
            poll_every: None,
            in_background: false,
            on_mount: OnMount::Stale,
            backoff: Backoff::default(),
            max_retries: 3,
        }
    }
}

impl Options {
    /// For what no event announces: read again whenever it is mounted or the person returns.
    #[must_use]
    pub fn unannounced() -> Self {
        Self {
            stale_after: Duration::ZERO,
            ..Self::default()
        }
    }

    /// Whether it makes a difference to what serves both: how somebody mounts concerns nobody else.
    pub(super) fn asks_otherwise(&self, other: &Self) -> bool {
        let on_mount = self.on_mount;
        *self != Self { on_mount, ..*other }
    }

    /// What serves both.
    #[must_use]
    pub(super) fn merge(self, other: Self) -> Self {
        Self {
            stale_after: self.stale_after.min(other.stale_after),
            keep_for: self.keep_for.max(other.keep_for),
            min_gap: self.min_gap.min(other.min_gap),
            confirm_gap: self.confirm_gap.min(other.confirm_gap),
            poll_every: match (self.poll_every, other.poll_every) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            in_background: self.in_background || other.in_background,
            on_mount: self.on_mount,
            backoff: self.backoff,
            max_retries: self.max_retries.max(other.max_retries),
        }
    }
}

/// Whether something that failed is worth trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It would fail again.
    Never,
    /// It may pass.
    Backoff,
    /// It may pass, but not before this time; not even an event may be answered by a fetch before.
    After(Duration),
}

/// What a fetch or a mutation can fail with.
pub trait Fault: Clone + PartialEq + 'static {
    /// Whether it is worth trying again.
    fn retry(&self) -> Retry;

    /// Whether the server could not be reached: any other request would fail now as well.
    fn is_unreachable(&self) -> bool {
        false
    }

    /// Whether the person is not signed in any more: a change was certainly not made, and is kept for the person.
    fn is_signed_out(&self) -> bool {
        false
    }
}
