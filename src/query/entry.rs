//! One key's life: what is had, what is known about its age, and what is being done about it.

use super::effect::{Changed, FlightId};
use super::key::Key;
use super::overlay::Overlay;
use super::policy::{Fault, Options, Retry};
use super::value::Value;
use crate::time::Instant;

/// What an observer may see of an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot<E> {
    /// The data, with unconfirmed changes applied.
    pub data: Option<Value>,
    /// What the last fetch failed with; success clears it.
    pub error: Option<E>,
    /// Whether a fetch is under way.
    pub fetching: bool,
    /// Whether another attempt is coming without anybody asking.
    pub retrying: bool,
    /// Whether the data is known to be out of date.
    pub stale: bool,
}

impl<E> Snapshot<E> {
    /// What the last fetch failed with, if nothing is being done about it.
    #[must_use]
    pub fn final_error(&self) -> Option<&E> {
        self.error.as_ref().filter(|_| !self.fetching && !self.retrying)
    }
}

/// A fetch under way, and what was known when it left.
#[derive(Debug)]
struct Flight {
    id: FlightId,
    /// The count of invalidations that its data will reflect.
    covers: u64,
    /// The count of local writes at the time.
    writes: u64,
}

/// What the world outside an entry is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// Whether there is a network.
    pub(super) online: bool,
    /// Whether changes are pushed, so that silence means that nothing changed.
    pub(super) pushed: bool,
}

impl Weather {
    /// Whether a fetch can get anywhere. Browsers may call a network none that is good enough for a local server: what
    /// is pushed proves that there is one.
    const fn is_reachable(self) -> bool {
        self.online || self.pushed
    }
}

#[derive(Debug)]
pub(super) struct Entry<E> {
    pub(super) key: Key,
    options: Options,
    /// What the server said, and settled changes.
    base: Option<Value>,
    /// The base with the overlay applied.
    view: Option<Value>,
    overlay: Overlay,
    error: Option<E>,
    /// When the base was fetched.
    fetched_at: Option<Instant>,
    /// How often it was invalidated.
    invalidated: u64,
    /// How many of those the base reflects. Only a successful fetch moves it, and only to what was known when the
    /// fetch left: so an event during a fetch causes one more, ten cause one more, and a failure forgets none.
    reflected: u64,
    /// How many local writes the server has confirmed. A fetch that left before one of them may not see it.
    writes: u64,
    flight: Option<Flight>,
    last_start: Option<Instant>,
    /// A mount, a return to the page or a retry wants a fetch.
    wanted: bool,
    failures: u32,
    /// When the next attempt after a failure is due; never, once retries are exhausted.
    retry_at: Option<Instant>,
    exhausted: bool,
    /// What the server asked us to wait for; holds whatever happens.
    floor: Option<Instant>,
    observers: usize,
    /// Since when nobody observes it.
    idle_since: Option<Instant>,
    /// What observers were last told, or have seen for themselves: at first, that there is nothing.
    told: Snapshot<E>,
}

impl<E: Fault> Entry<E> {
    pub(super) fn new(key: Key, options: Options, now: Instant) -> Self {
        Self {
            key,
            options,
            base: None,
            view: None,
            overlay: Overlay::default(),
            error: None,
            fetched_at: None,
            invalidated: 0,
            reflected: 0,
            writes: 0,
            flight: None,
            last_start: None,
            wanted: false,
            failures: 0,
            retry_at: None,
            exhausted: false,
            floor: None,
            observers: 0,
            idle_since: Some(now),
            told: Snapshot {
                data: None,
                error: None,
                fetching: false,
                retrying: false,
                stale: false,
            },
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot<E> {
        Snapshot {
            data: self.view.clone(),
            error: self.error.clone(),
            fetching: self.flight.is_some(),
            retrying: self.retry_at.is_some(),
            stale: self.is_dirty(),
        }
    }

    /// Whether it was invalidated since what it holds was read.
    pub(super) const fn is_dirty(&self) -> bool {
        self.reflected < self.invalidated
    }

    fn is_stale(&self, now: Instant, weather: Weather) -> bool {
        let fresh = |fetched| weather.pushed && now.since(fetched) < self.options.stale_after;
        self.is_dirty() || !self.fetched_at.is_some_and(fresh)
    }

    // What happens to it. Each of these records a fact; `fetch_due_at` draws the conclusion.

    pub(super) fn observe(&mut self, now: Instant, weather: Weather) {
        // Somebody who joins a key that is failing must not hit it again.
        let joins_failure = self.error.is_some() && self.observers > 0;
        self.observers += 1;
        self.idle_since = None;
        if !joins_failure {
            self.revalidate(now, weather);
        }
    }

    pub(super) fn release(&mut self, now: Instant) {
        self.observers = self.observers.saturating_sub(1);
        if self.observers == 0 {
            self.idle_since = Some(now);
            self.wanted = false;
            self.retry_at = None;
        }
    }

    /// Something has changed on the server: no fetch that left before can know of it.
    pub(super) fn invalidate(&mut self) {
        self.invalidated += 1;
        self.revive();
    }

    /// A good moment to look again if the data is old. A fetch under way will do.
    pub(super) fn revalidate(&mut self, now: Instant, weather: Weather) {
        if self.exhausted {
            self.revive();
            self.wanted = true;
        }
        if self.flight.is_none() && self.is_stale(now, weather) {
            self.wanted = true;
        }
    }

    /// Somebody asks for fresh data, whatever its age. A fetch under way will do.
    pub(super) fn refetch(&mut self) {
        self.revive();
        self.wanted = self.flight.is_none();
    }

    /// Earlier failures no longer say anything.
    fn revive(&mut self) {
        self.failures = 0;
        self.retry_at = None;
        self.exhausted = false;
    }

    pub(super) fn overlay_mut(&mut self) -> &mut Overlay {
        &mut self.overlay
    }

    /// A local write was confirmed by the server.
    pub(super) fn confirm_write(&mut self, pushed: bool) {
        self.writes += 1;
        if !pushed {
            // No event will tell what else the write has changed.
            self.invalidate();
        }
        self.settle_overlay();
    }

    /// The overlay has changed: what is settled becomes part of the base.
    pub(super) fn settle_overlay(&mut self) {
        self.overlay.fold(&mut self.base);
        self.rebase();
    }

    pub(super) fn depart(&mut self, id: FlightId, now: Instant) {
        self.flight = Some(Flight {
            id,
            covers: self.invalidated,
            writes: self.writes,
        });
        self.last_start = Some(now);
        self.wanted = false;
        self.retry_at = None;
    }

    pub(super) fn flight(&self) -> Option<FlightId> {
        self.flight.as_ref().map(|flight| flight.id)
    }

    /// The fetch was given up; what wanted it still does.
    pub(super) fn abandon_flight(&mut self) {
        self.flight = None;
    }

    /// A fetch has ended. `chance` is drawn uniformly from 0 to 1.
    pub(super) fn land(&mut self, id: FlightId, result: Result<Value, E>, now: Instant, chance: f64) {
        let Some(flight) = self.flight.take_if(|flight| flight.id == id) else {
            return;
        };
        match result {
            Ok(value) if flight.writes == self.writes => {
                if self.base.as_ref() != Some(&value) {
                    self.base = Some(value);
                }
                self.fetched_at = Some(now);
                self.reflected = self.reflected.max(flight.covers);
                self.error = None;
                self.floor = None;
                self.revive();
                self.settle_overlay();
            }
            // A local write overtook it: what it brings may be older than the write, so it is read again.
            Ok(_) => {
                self.error = None;
                self.invalidate();
            }
            Err(error) => self.fail(error, now, chance),
        }
    }

    fn fail(&mut self, error: E, now: Instant, chance: f64) {
        let delay = self.options.backoff.delay(self.failures, chance);
        self.failures += 1;
        let retry = error.retry();
        if let Retry::After(wait) = retry {
            self.floor = Some(now + wait);
        }
        let more = retry != Retry::Never && self.failures <= self.options.max_retries;
        self.retry_at = (more && self.observers > 0).then(|| now + delay);
        self.exhausted = !more;
        self.error = Some(error);
    }

    pub(super) fn rebase(&mut self) {
        let view = self.base.as_ref().map(|base| self.overlay.apply(base));
        if view != self.view {
            self.view = view;
        }
    }

    // What follows from it.

    /// When a fetch should start; `None` if none is needed or possible.
    pub(super) fn fetch_due_at(&self, weather: Weather) -> Option<Instant> {
        let needed = self.wanted
            || self.is_dirty() && !self.exhausted
            || self.retry_at.is_some()
            || (self.base.is_none() && self.error.is_none());
        if !needed || self.flight.is_some() || self.observers == 0 || !weather.is_reachable() {
            return None;
        }
        let paced = self.last_start.map(|start| start + self.options.min_gap);
        let retry = if self.wanted { None } else { self.retry_at };
        [
            Some(Instant::default()),
            retry,
            self.floor,
            paced,
            self.overlay.held_until(),
        ]
        .into_iter()
        .flatten()
        .max()
    }

    /// When its fetch should be given up for want of anybody who waits for it.
    pub(super) fn abort_due_at(&self, grace: std::time::Duration) -> Option<Instant> {
        self.idle_since
            .filter(|_| self.flight.is_some())
            .map(|since| since + grace)
    }

    /// When it should be forgotten.
    pub(super) fn evict_due_at(&self) -> Option<Instant> {
        let idle = self.flight.is_none() && self.overlay.is_empty();
        self.idle_since
            .filter(|_| idle)
            .map(|since| since + self.options.keep_for)
    }

    /// What has changed since this was last asked.
    pub(super) fn take_changes(&mut self) -> Changed {
        let now = self.snapshot();
        let same_data = match (&self.told.data, &now.data) {
            (Some(a), Some(b)) => a.is(b),
            (a, b) => a.is_none() && b.is_none(),
        };
        let changed = Changed::DATA
            .when(!same_data)
            .and(Changed::ERROR.when(self.told.final_error() != now.final_error()))
            .and(Changed::FETCHING.when(self.told.fetching != now.fetching))
            .and(Changed::STALE.when(self.told.stale != now.stale));
        self.told = now;
        changed
    }

    pub(super) const fn is_observed(&self) -> bool {
        self.observers > 0
    }
}
