//! One key's life: what is had, what is known about its age, and what is being done about it.
//!
//! `facts` records what happens to it, `due` draws the conclusions.

mod due;
mod facts;

use super::effect::{Changed, FlightId, ObserverId, Plan};
use super::key::Key;
use super::outage::Outage;
use super::overlay::Overlay;
use super::policy::{Fault, Options};
use super::value::{Diff, Patch, Value};
use crate::time::Instant;

/// What an observer may see of an entry.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and any two may be true"
)]
pub struct Snapshot<E> {
    /// The data, with unconfirmed changes applied.
    pub data: Option<Value>,
    /// What the last fetch failed with; success clears it.
    pub error: Option<E>,
    /// Whether a fetch is under way.
    pub fetching: bool,
    /// Whether another attempt is coming without anybody asking.
    pub retrying: bool,
    /// Whether the data is known to be out of date, or was only remembered.
    pub stale: bool,
    /// Whether a fetch waits for the network, or for somebody to look.
    pub paused: bool,
}

impl<E> Snapshot<E> {
    /// What the last fetch failed with, if nothing is being done about it.
    #[must_use]
    pub fn final_error(&self) -> Option<&E> {
        self.error
            .as_ref()
            .filter(|_| !self.fetching && !self.retrying && !self.paused)
    }
}

/// A fetch under way, and what was known when it left.
#[derive(Clone, Debug)]
struct Flight {
    id: FlightId,
    plan: Plan,
    /// The count of invalidations that its data will reflect.
    covers: u64,
    /// The count of local writes at the time.
    writes: u64,
    /// What was painted since: its data may not know of it.
    replay: Vec<Patch>,
}

/// What the world outside an entry is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// Whether there is a network.
    pub(super) online: bool,
    /// Whether anybody can see the page.
    pub(super) visible: bool,
    /// Whether changes are pushed, so that silence means that nothing changed.
    pub(super) pushed: bool,
    /// Until when nothing is fetched, because mutations that waited for the network go first.
    pub(super) held_until: Option<Instant>,
    /// Whether the server can not be reached although there is a network.
    pub(super) outage: Option<Outage>,
}

impl Weather {
    /// Whether a request can get anywhere. Browsers may call a network none that is good enough for a local server:
    /// what is pushed proves that there is one.
    pub(super) const fn is_reachable(self) -> bool {
        self.online || self.pushed
    }
}

#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and any two may be true"
)]
pub(super) struct Entry<E> {
    pub(super) key: Key,
    options: Options,
    /// What the server said, and settled changes.
    base: Option<Value>,
    /// The base with the overlay applied.
    view: Option<Value>,
    overlay: Overlay,
    /// What was pushed while a change of one's own was pending: painted when that has settled, since nobody can tell
    /// before whether it is the echo of that change.
    deferred: Vec<Patch>,
    error: Option<E>,
    /// When the base was fetched; never, if it comes from an earlier visit and was not confirmed on this one.
    fetched_at: Option<Instant>,
    /// How often it was read as a whole.
    reads: u64,
    /// How often it was invalidated.
    invalidated: u64,
    /// How many of those the base reflects. Only a successful fetch moves it, and only to what was known when the
    /// fetch left: so an event during a fetch causes one more, ten cause one more, and a failure forgets none.
    reflected: u64,
    /// How many of the invalidations were not painted: the last of them, counted as `invalidated` is.
    unpainted: u64,
    /// What the last invalidation was for.
    cause: &'static str,
    /// How many local writes the server has confirmed. A fetch that left before one of them may not see it.
    writes: u64,
    flight: Option<Flight>,
    last_start: Option<Instant>,
    last_end: Option<Instant>,
    /// A mount, a return to the page or a person wants a fetch.
    wanted: bool,
    /// A person wants the next page.
    more_wanted: bool,
    /// Somebody wants the data who will not observe it.
    prefetched: bool,
    failures: u32,
    /// When the next attempt after a failure is due; never, once retries are exhausted.
    retry_at: Option<Instant>,
    exhausted: bool,
    /// What the server asked us to wait for; holds whatever happens.
    floor: Option<Instant>,
    observers: Vec<(ObserverId, Options)>,
    /// Since when nobody observes it.
    idle_since: Option<Instant>,
    /// What its data weighs, in bytes.
    pub(super) weight: usize,
    /// What observers were last told, or have seen for themselves: at first, that there is nothing.
    told: Snapshot<E>,
    /// When the cache will look at it again by itself.
    pub(super) alarm: Option<Instant>,
}

impl<E: Fault> Entry<E> {
    pub(super) const fn new(key: Key, options: Options, now: Instant) -> Self {
        Self {
            key,
            options,
            base: None,
            view: None,
            overlay: Overlay::new(),
            deferred: Vec::new(),
            error: None,
            fetched_at: None,
            reads: 0,
            invalidated: 0,
            reflected: 0,
            unpainted: 0,
            cause: "",
            writes: 0,
            flight: None,
            last_start: None,
            last_end: None,
            wanted: false,
            more_wanted: false,
            prefetched: false,
            failures: 0,
            retry_at: None,
            exhausted: false,
            floor: None,
            observers: Vec::new(),
            idle_since: Some(now),
            weight: 0,
            told: Snapshot {
                data: None,
                error: None,
                fetching: false,
                retrying: false,
                stale: false,
                paused: false,
            },
            alarm: None,
        }
    }

    pub(super) fn snapshot(&self, now: Instant, weather: Weather) -> Snapshot<E> {
        Snapshot {
            data: self.view.clone(),
            error: self.error.clone(),
            fetching: self.flight.is_some(),
            retrying: self.retry_at.is_some(),
            stale: self.base.is_some() && self.is_stale(now, weather),
            paused: self.is_paused(weather),
        }
    }

    /// What has changed since this was last asked.
    pub(super) fn take_changes(&mut self, now: Instant, weather: Weather) -> (Changed, Diff) {
        let snapshot = self.snapshot(now, weather);
        let nothing = Diff::Parts {
            shape: false,
            ids: Vec::new(),
        };
        let diff = match (&self.told.data, &snapshot.data) {
            (None, None) => nothing,
            (Some(before), Some(after)) if before.is(after) => nothing,
            (Some(before), Some(after)) => after.diff_from(before),
            (None, Some(_)) | (Some(_), None) => Diff::Everything,
        };
        let (shape, data) = match &diff {
            Diff::Everything => (true, true),
            Diff::Parts { shape, ids } => (*shape, *shape || !ids.is_empty()),
        };
        let told = &self.told;
        let changed = Changed::DATA
            .when(data)
            .and(Changed::SHAPE.when(shape))
            .and(Changed::ERROR.when(told.final_error() != snapshot.final_error()))
            .and(Changed::FETCHING.when(told.fetching != snapshot.fetching))
            .and(Changed::STALE.when(told.stale != snapshot.stale))
            .and(Changed::PAUSED.when(told.paused != snapshot.paused));
        self.told = snapshot;
        (changed, diff)
    }

    pub(super) const fn is_observed(&self) -> bool {
        !self.observers.is_empty()
    }

    pub(super) const fn idle_since(&self) -> Option<Instant> {
        self.idle_since
    }

    pub(super) const fn overlay_mut(&mut self) -> &mut Overlay {
        &mut self.overlay
    }

    pub(super) fn flight(&self) -> Option<FlightId> {
        self.flight.as_ref().map(|flight| flight.id)
    }

    /// Whether it was invalidated since what it holds was read.
    pub(super) const fn is_dirty(&self) -> bool {
        self.reflected < self.invalidated
    }

    /// Whether some of what it was invalidated for is not on the screen.
    const fn is_urgent(&self) -> bool {
        self.reflected < self.unpainted
    }

    /// Whether nothing is known of it, not even that it can not be had.
    const fn is_blank(&self) -> bool {
        self.base.is_none() && self.error.is_none()
    }

    fn is_older_than(&self, age: std::time::Duration, now: Instant, weather: Weather) -> bool {
        let fresh = |fetched| weather.pushed && now.since(fetched) < age;
        self.is_dirty() || !self.fetched_at.is_some_and(fresh)
    }

    fn is_stale(&self, now: Instant, weather: Weather) -> bool {
        self.is_older_than(self.options.stale_after, now, weather)
    }
}
