//! What happens to an entry. Each of these records a fact, and no more.

use super::super::effect::{FlightId, MutationId, ObserverId, Plan};
use super::super::policy::{Fault, OnMount, Options, Retry};
use super::super::value::{Patch, Value};
use super::{Entry, Flight, Weather};
use crate::time::Instant;

impl<E: Fault> Entry<E> {
    pub(in crate::query) fn observe(&mut self, observer: ObserverId, options: Options, now: Instant, weather: Weather) {
        // Somebody who joins a key that is failing must not hit it again.
        let joins_failure = self.error.is_some() && self.is_observed();
        let keep_for = self.options.keep_for.max(options.keep_for);
        self.options = match self.observers.is_empty() {
            true => options,
            false => self.options.merge(options),
        };
        // What is kept longest is kept for as long as anybody has ever wanted; the rest is up to whoever is there.
        self.options.keep_for = keep_for;
        self.observers.push((observer, options));
        self.idle_since = None;
        if joins_failure {
            return;
        }
        match options.on_mount {
            OnMount::Stale => self.revalidate_older_than(options.stale_after, now, weather),
            OnMount::Always => self.refetch(),
            OnMount::Never => {}
        }
    }

    pub(in crate::query) fn release(&mut self, observer: ObserverId, now: Instant) {
        let Some(at) = self.observers.iter().rposition(|(each, _)| *each == observer) else {
            return;
        };
        let (_, options) = self.observers.swap_remove(at);
        if self.observers.is_empty() {
            self.idle_since = Some(now);
            self.wanted = false;
            self.more_wanted = false;
            self.retry_at = None;
        } else if self
            .observers
            .first()
            .is_some_and(|(_, left)| left.asks_otherwise(&options))
        {
            // Only whoever differed from the others can have made a difference.
            let keep_for = self.options.keep_for;
            let all = self.observers.iter().map(|(_, options)| *options);
            self.options = all.reduce(Options::merge).unwrap_or(options);
            self.options.keep_for = keep_for;
        }
    }

    /// Somebody will want it soon.
    pub(in crate::query) fn prefetch(&mut self, options: Options, now: Instant, weather: Weather) {
        if !self.is_observed() {
            self.idle_since = Some(now);
            if self.flight.is_none() && self.is_older_than(options.stale_after, now, weather) {
                self.revive();
                self.prefetched = true;
            }
        }
    }

    /// What can not be had now is not worth waiting for. Returns whether anything was given up.
    pub(in crate::query) fn give_up_prefetch(&mut self, weather: Weather) -> bool {
        let gives_up = self.prefetched && self.flight.is_none() && !self.may_fetch(weather);
        self.prefetched &= !gives_up;
        gives_up && !self.is_observed()
    }

    /// It is remembered from an earlier visit. What the server has said since counts for more.
    pub(in crate::query) fn restore(&mut self, value: Value, weight: usize) {
        if self.base.is_none() {
            self.base = Some(value);
            self.weight = weight;
            self.settle_overlay();
        }
    }

    /// Something has changed on the server: no fetch that left before can know of it.
    pub(in crate::query) fn invalidate(&mut self, cause: &'static str) {
        self.invalidated += 1;
        self.unpainted = self.invalidated;
        self.cause = cause;
        self.revive();
    }

    /// Something has changed on the server and is shown as far as it was told, until a fetch that leaves after this
    /// confirms or corrects it.
    pub(in crate::query) fn paint(&mut self, patch: &Patch, cause: &'static str, now: Instant) {
        let unpainted = self.unpainted;
        self.invalidate(cause);
        if self.overlay.held_until().is_some_and(|until| until > now) {
            self.deferred.push(patch.clone());
            return;
        }
        if self.apply_pushed(patch) {
            self.unpainted = unpainted;
        }
    }

    /// Returns whether it makes a difference.
    fn apply_pushed(&mut self, patch: &Patch) -> bool {
        let painted = self.base.as_ref().map(|base| patch.apply(base));
        let differs = painted
            .as_ref()
            .zip(self.base.as_ref())
            .is_none_or(|(painted, base)| !painted.is(base));
        // What the base had before is in what a fetch under way brings, which is newer. But if it makes no difference
        // because the base does not have the row at all, the fetch may bring the row as it was before.
        let is_replayed = differs || patch.is_removal();
        if let Some(flight) = self.flight.as_mut().filter(|_| is_replayed) {
            flight.replay.push(patch.clone());
        }
        if painted.is_none() || !differs {
            return false;
        }
        self.base = painted;
        self.rebase();
        true
    }

    /// What was pushed while a change was pending is painted once none is, or once it has been pending for too long.
    pub(in crate::query) fn paint_deferred(&mut self, now: Instant) {
        if !self.deferred.is_empty() && self.overlay.held_until().is_none_or(|until| until <= now) {
            for patch in std::mem::take(&mut self.deferred) {
                self.apply_pushed(&patch);
            }
        }
    }

    /// The machine slept for this long, which `now` does not count: what was read is as much older.
    pub(in crate::query) fn grow_older(&mut self, slept: std::time::Duration) {
        self.fetched_at = self.fetched_at.and_then(|fetched| fetched.checked_sub(slept));
    }

    /// A good moment to look again if the data is old. A fetch under way will do.
    pub(in crate::query) fn revalidate(&mut self, now: Instant, weather: Weather) {
        self.revalidate_older_than(self.options.stale_after, now, weather);
    }

    fn revalidate_older_than(&mut self, age: std::time::Duration, now: Instant, weather: Weather) {
        self.try_again();
        if !self.is_being_read() && self.is_older_than(age, now, weather) {
            self.wanted = true;
        }
    }

    /// The server can be reached: if reading was given up, it is worth another attempt.
    pub(in crate::query) fn try_again(&mut self) {
        if self.exhausted {
            self.revive();
            self.wanted = true;
        }
    }

    /// Somebody asks for fresh data, whatever its age. A fetch under way will do.
    pub(in crate::query) fn refetch(&mut self) {
        self.revive();
        self.wanted = !self.is_being_read();
    }

    /// Whether all of it is being fetched.
    fn is_being_read(&self) -> bool {
        self.flight.as_ref().is_some_and(|flight| flight.plan == Plan::Whole)
    }

    /// Somebody asks for the next page. One that is under way will do.
    pub(in crate::query) fn fetch_more(&mut self) {
        let under_way = self.flight.as_ref().is_some_and(|flight| flight.plan == Plan::More);
        self.more_wanted = self.base.is_some() && !under_way;
    }

    /// Earlier failures no longer say anything.
    fn revive(&mut self) {
        self.failures = 0;
        self.retry_at = None;
        self.exhausted = false;
    }

    /// A mutation begins: its patch is shown, and the key is not fetched until it settles.
    pub(in crate::query) fn begin(&mut self, mutation: (MutationId, Option<u128>), patch: Patch, held_until: Instant) {
        self.overlay.push(mutation, patch, held_until, self.reads);
        self.rebase();
    }

    /// A mutation that has not left is another one now.
    pub(in crate::query) fn replace(&mut self, mutation: (MutationId, Option<u128>), patch: Patch) {
        self.overlay.replace(mutation, patch);
        self.rebase();
    }

    /// A mutation that has not left is taken back: the server knows nothing of it.
    pub(in crate::query) fn cancel(&mut self, mutation: MutationId) {
        if self.overlay.remove(mutation) {
            self.settle_overlay();
        }
    }

    /// What is shown.
    pub(in crate::query) fn shown(&self) -> Option<Value> {
        self.view.clone()
    }

    /// What the mutations make of this value.
    pub(in crate::query) fn laid_over(&self, value: &Value) -> Value {
        self.overlay.apply(value)
    }

    /// What the server has said, without the changes that it has not confirmed.
    pub(in crate::query) fn confirmed(&self) -> Option<Value> {
        self.base.as_ref().map(|base| self.overlay.apply_settled(base))
    }

    /// Whether that is all that is known: nothing was pushed or is doubted since.
    pub(in crate::query) const fn is_confirmed_current(&self, weather: Weather) -> bool {
        weather.pushed && !self.is_dirty() && self.deferred.is_empty()
    }

    /// A mutation was confirmed by the server.
    /// `is_told`: whether an event tells what it has changed, and what has changed since.
    pub(in crate::query) fn commit(&mut self, mutation: MutationId, outcome: &Patch, is_told: bool) {
        let Some(reads) = self.overlay.settle(mutation, outcome) else {
            return;
        };
        self.writes += 1;
        if !is_told {
            self.invalidate("own change");
        } else if self.reads > reads {
            // What was read meanwhile may be newer than this answer, and may not be told again.
            self.invalidate("late answer");
        }
        self.settle_overlay();
    }

    /// A mutation has failed: being refused means that something was not as it was shown, or that nobody knows whether
    /// the write has landed. Either way it is read again.
    pub(in crate::query) fn roll_back(&mut self, mutation: MutationId) {
        if self.overlay.remove(mutation) {
            self.invalidate("refused change");
            self.settle_overlay();
        }
    }

    /// What is settled becomes part of the base.
    fn settle_overlay(&mut self) {
        self.overlay.fold(&mut self.base);
        self.rebase();
    }

    fn rebase(&mut self) {
        let Some(base) = &self.base else {
            self.view = None;
            return;
        };
        let view = self.overlay.apply(base);
        // Without an overlay the view is the base, which shares with the one before already.
        self.view = Some(match view.is(base) {
            true => view,
            false => view.sharing(self.view.as_ref()),
        });
    }

    pub(in crate::query) fn depart(&mut self, id: FlightId, plan: Plan, now: Instant) {
        self.flight = Some(Flight {
            id,
            plan,
            covers: self.invalidated,
            writes: self.writes,
            replay: Vec::new(),
        });
        self.last_start = Some(now);
        match plan {
            Plan::Whole => {
                self.wanted = false;
                self.retry_at = None;
            }
            Plan::More => self.more_wanted = false,
        }
    }

    /// The server can not be reached, as another request has found out: with nothing to show, that is shown until it
    /// has been read after all.
    pub(in crate::query) fn note_outage(&mut self, error: &E) {
        if self.is_observed() && self.is_blank() && self.flight.is_none() {
            self.error = Some(error.clone());
            self.wanted = true;
        }
    }

    /// Gives up the fetch under way if it has been for so long, and asks for another.
    pub(in crate::query) fn give_up_hung(&mut self, age: std::time::Duration, now: Instant) -> Option<FlightId> {
        self.last_start.filter(|start| *start + age <= now)?;
        let flight = self.flight.take()?;
        match flight.plan {
            Plan::Whole => self.wanted = true,
            Plan::More => self.more_wanted = true,
        }
        Some(flight.id)
    }

    /// The fetch was given up; what wanted it still does.
    pub(in crate::query) fn abandon_flight(&mut self) {
        self.flight = None;
    }

    /// A fetch has ended. `chance` is drawn uniformly from 0 to 1.
    pub(in crate::query) fn land(
        &mut self,
        id: FlightId,
        result: Result<(Value, usize), E>,
        now: Instant,
        chance: f64,
    ) {
        let Some(flight) = self.flight.take_if(|flight| flight.id == id) else {
            return;
        };
        self.last_end = Some(now);
        self.prefetched = false;
        match result {
            Ok(landed) if flight.writes == self.writes => self.take_over(flight, landed, now),
            // A local write overtook it: what it brings may be older than the write, so it is read again.
            Ok(_) => {
                self.error = None;
                match flight.plan {
                    Plan::Whole => self.invalidate("overtaken by own change"),
                    Plan::More => self.more_wanted = true,
                }
            }
            // The person sees that there is no next page and asks again, or does not.
            Err(error) if flight.plan == Plan::More => self.note_failure(error, now),
            Err(error) => self.fail(error, now, chance),
        }
    }

    fn take_over(&mut self, flight: Flight, (value, weight): (Value, usize), now: Instant) {
        let value = flight.replay.iter().fold(value, |value, patch| patch.apply(&value));
        self.base = Some(value.sharing(self.base.as_ref()));
        self.weight = weight;
        self.error = None;
        self.floor = None;
        if flight.plan == Plan::Whole {
            self.fetched_at = Some(now);
            self.reads += 1;
            self.reflected = self.reflected.max(flight.covers);
            self.revive();
        }
        self.overlay.forget_settled();
        self.rebase();
    }

    fn fail(&mut self, error: E, now: Instant, chance: f64) {
        let delay = self.options.backoff.delay(self.failures, chance);
        self.failures += 1;
        let retry = error.retry();
        let more = retry != Retry::Never && self.failures <= self.options.max_retries;
        self.retry_at = (more && self.is_observed()).then(|| now + delay);
        self.exhausted = !more;
        self.note_failure(error, now);
    }

    fn note_failure(&mut self, error: E, now: Instant) {
        if let Retry::After(wait) = error.retry() {
            self.floor = Some(now + wait);
        }
        self.error = Some(error);
    }
}
