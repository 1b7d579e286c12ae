//! What follows from the facts: when an entry is fetched, given up, forgotten.

use std::time::Duration;

use super::super::effect::Plan;
use super::super::explain::{Explanation, Gate};
use super::super::policy::Fault;
use super::{Entry, Weather};
use crate::time::Instant;

impl<E: Fault> Entry<E> {
    /// When a fetch should start, and for what; `None` if none is needed or possible.
    pub(in crate::query) fn fetch_due(&self, weather: Weather) -> Option<(Instant, Plan)> {
        if self.flight.is_some() || !self.is_wanted_by_anybody() || !self.may_fetch(weather) {
            return None;
        }
        let gate = self.gates(weather).into_iter().filter_map(|(_, until)| until).max();
        let gate = gate.unwrap_or_default();
        if self.wants_whole() {
            return Some((gate, Plan::Whole));
        }
        let more = self.more_wanted.then_some((gate, Plan::More));
        more.or_else(|| Some((self.poll_at()?.max(gate), Plan::Whole)))
    }

    /// Whether it has to be read, sooner or later.
    const fn wants_whole(&self) -> bool {
        self.wanted
            || self.prefetched
            || (self.is_dirty() && !self.exhausted)
            || self.retry_at.is_some()
            || self.is_blank()
    }

    /// Whether anybody would look at what a fetch brings.
    pub(in crate::query) const fn is_wanted_by_anybody(&self) -> bool {
        self.is_observed() || self.prefetched
    }

    pub(super) const fn may_fetch(&self, weather: Weather) -> bool {
        weather.is_reachable() && (weather.visible || self.options.in_background)
    }

    pub(super) const fn is_paused(&self, weather: Weather) -> bool {
        self.flight.is_none() && self.is_observed() && self.wants_whole() && !self.may_fetch(weather)
    }

    /// What a fetch has to wait for, and until when.
    fn gates(&self, weather: Weather) -> [(Gate, Option<Instant>); 6] {
        let only_confirms = self.is_dirty() && !self.is_urgent() && !self.wanted;
        let gap = if only_confirms {
            self.options.min_gap.max(self.options.confirm_gap)
        } else {
            self.options.min_gap
        };
        [
            (Gate::Backoff, self.retry_at.filter(|_| !self.wanted)),
            (Gate::RetryAfter, self.floor),
            (Gate::Gap, self.last_start.map(|start| start + gap)),
            (Gate::OwnChange, self.overlay.held_until()),
            (Gate::Queue, weather.held_until),
            (Gate::Outage, weather.outage.map(|outage| outage.opens_at())),
        ]
    }

    fn poll_at(&self) -> Option<Instant> {
        let every = self.options.poll_every?;
        Some(self.last_end? + every)
    }

    /// When it should be looked at again although nothing happens.
    pub(in crate::query) fn due_at(&self, now: Instant, weather: Weather, grace: Duration) -> Option<Instant> {
        let turns_stale = |fetched: Instant| fetched + self.options.stale_after;
        [
            self.fetch_due(weather).map(|(at, _)| at),
            self.abort_due_at(grace),
            self.evict_due_at(),
            self.overlay.held_until().filter(|_| !self.deferred.is_empty()),
            // So that whoever shows that data is stale shows it when it becomes so.
            self.fetched_at
                .map(turns_stale)
                .filter(|at| self.is_observed() && weather.pushed && *at > now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When its fetch should be given up for want of anybody who waits for it.
    pub(in crate::query) fn abort_due_at(&self, grace: Duration) -> Option<Instant> {
        self.idle_since
            .filter(|_| self.flight.is_some() && !self.prefetched)
            .map(|since| since + grace)
    }

    /// When it should be forgotten.
    pub(in crate::query) fn evict_due_at(&self) -> Option<Instant> {
        self.idle_since
            .filter(|_| self.can_be_forgotten())
            .map(|since| since + self.options.keep_for)
    }

    /// Whether nothing is under way that would be lost with it.
    pub(in crate::query) fn can_be_forgotten(&self) -> bool {
        self.idle_since.is_some() && self.flight.is_none() && !self.overlay.is_pending() && !self.prefetched
    }

    /// Why it is as it is.
    pub(in crate::query) fn explain(&self, now: Instant, weather: Weather) -> Explanation {
        Explanation {
            key: self.key.clone(),
            observers: self.observers.len(),
            has_data: self.base.is_some(),
            age: self.fetched_at.map(|fetched| now.since(fetched)),
            behind: self.invalidated - self.reflected,
            painted: self.is_dirty() && !self.is_urgent(),
            cause: self.cause,
            flight: self
                .flight
                .as_ref()
                .map(|flight| (flight.id, self.invalidated - flight.covers)),
            paused: self.is_paused(weather),
            failures: self.failures,
            exhausted: self.exhausted,
            gates: self
                .gates(weather)
                .into_iter()
                .filter(|_| self.flight.is_none())
                .filter_map(|(gate, until)| Some((gate, until.filter(|until| *until > now)?)))
                .map(|(gate, until)| (gate, now.until(until)))
                .collect(),
        }
    }
}
