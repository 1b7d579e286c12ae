//! Changes of one's own: from being made to being settled. And whether the server can be reached, which every answer
//! tells.

use super::super::effect::{EntryId, MutationId};
use super::super::journal::Input;
use super::super::key::Key;
use super::super::outage::{Outage, Request};
use super::super::policy::{Fault, Options};
use super::super::queue::{Fate, Manner, Spread};
use super::super::selector::Target;
use super::super::value::{Patch, Value};
use super::{Cache, HOLD};
use crate::time::Instant;

impl<E: Fault> Cache<E> {
    /// A mutation begins: until it settles, these patches are shown and the keys of their targets are not fetched.
    pub fn begin(&mut self, now: Instant, manner: Manner, patches: Vec<(Target, Patch)>) -> MutationId {
        self.note(now, || Input::Begin(manner, patches.clone()));
        let mutation = MutationId(self.take_number());
        self.edited += 1;
        if manner.restored && self.weather.is_reachable() {
            self.weather.held_until = Some(now + HOLD);
        }
        let (mut entries, mut spreads) = (Vec::new(), Vec::new());
        for (Target { key, elsewhere }, patch) in patches {
            let id = self.entry(now, key, Options::default());
            // A change that is held back keeps nothing from being read until it leaves.
            let held_until = if manner.delay.is_zero() { now + HOLD } else { now };
            self.touch(id, |entry| {
                entry.begin((mutation, manner.lane), patch.clone(), held_until);
            });
            entries.push(id);
            let Some(selector) = elsewhere else { continue };
            for other in self.index.select(&selector).into_iter().filter(|other| *other != id) {
                self.touch(other, |entry| entry.begin((mutation, manner.lane), patch.clone(), now));
            }
            spreads.push(Spread { selector, patch });
        }
        let reachable = self.weather.is_reachable();
        self.queue.push(mutation, manner, (entries, spreads), reachable, now);
        mutation
    }

    /// A mutation has succeeded: what it made of each key is now the truth, as far as the server has said.
    pub fn commit(&mut self, now: Instant, mutation: MutationId, outcomes: Vec<(Target, Patch)>) {
        self.note(now, || Input::Commit(mutation, outcomes.clone()));
        self.note_reachability(now, Request::Send(mutation), None);
        let is_repeated = self.queue.is_repeated(mutation);
        if self.queue.remove(mutation).is_none() {
            return;
        }
        self.edited += 1;
        // What has happened since the first attempt may have been told long ago.
        let is_told = self.weather.pushed && !is_repeated;
        for (target, outcome) in outcomes {
            for id in self.entries_of(&target) {
                self.touch(id, |entry| entry.commit(mutation, &outcome, is_told));
            }
        }
        self.stop_holding();
    }

    /// An attempt to send a mutation has failed. If it may pass, it is tried again; otherwise its patches go, and the
    /// keys are read again.
    pub fn fail(&mut self, now: Instant, mutation: MutationId, error: &E) -> Fate {
        self.note(now, || Input::Fail(mutation, error.clone()));
        self.note_reachability(now, Request::Send(mutation), Some(error));
        let chance = self.rng.f64();
        let fate = self
            .queue
            .fail(mutation, error, self.weather.is_reachable(), now, chance);
        match fate {
            Fate::RolledBack => {
                for id in self.remove(mutation) {
                    self.touch(id, |entry| entry.roll_back(mutation));
                }
                self.stop_holding();
            }
            Fate::Waits => self.let_read(now, mutation, error),
        }
        fate
    }

    /// A mutation waits for its next attempt, however long that takes: what others do is read and shown meanwhile.
    ///
    /// Except for a moment after a first attempt without an answer. It may have arrived, and a row that it has added
    /// would be seen twice.
    fn let_read(&mut self, now: Instant, mutation: MutationId, error: &E) {
        let retry_at = error
            .is_unreachable()
            .then(|| self.queue.first_retry_at(mutation))
            .flatten();
        let until = retry_at.unwrap_or(now);
        for id in self.queue.entries_of(mutation).to_vec() {
            self.touch(id, |entry| entry.overlay_mut().hold(mutation, until));
        }
        self.weather.held_until = self.weather.held_until.map(|held| held.min(until));
        self.touch_active(|_, _| {});
    }

    /// Once the mutations that waited for the network are through, fetches go on.
    pub(super) fn stop_holding(&mut self) {
        if self.weather.held_until.is_some() && !self.queue.is_draining() {
            self.weather.held_until = None;
            self.touch_active(|_, _| {});
        }
    }

    /// The last mutation of a lane, if it has not left yet and can be changed or taken back.
    #[must_use]
    pub fn unsent_in(&self, lane: u128) -> Option<MutationId> {
        self.queue.unsent_in(lane)
    }

    /// The mutations of a lane, first to last.
    pub fn in_lane(&self, lane: u128) -> impl Iterator<Item = MutationId> {
        self.queue.in_lane(lane)
    }

    /// The lanes in which something waits: the rows with changes that are not saved.
    #[must_use]
    pub fn pending_lanes(&self) -> std::collections::BTreeSet<u128> {
        self.queue.lanes()
    }

    /// A mutation that has not left changes something else than before, or another row.
    pub fn replace(&mut self, now: Instant, mutation: MutationId, lane: Option<u128>, patches: Vec<(Target, Patch)>) {
        self.note(now, || Input::Replace(mutation, lane, patches.clone()));
        let spread = |(target, patch): &(Target, Patch)| {
            let (selector, patch) = (target.elsewhere.clone()?, patch.clone());
            Some(Spread { selector, patch })
        };
        let spreads = patches.iter().filter_map(spread).collect();
        if !self.queue.replace(mutation, lane, spreads) {
            return;
        }
        self.edited += 1;
        for (target, patch) in patches {
            for id in self.entries_of(&target) {
                self.touch(id, |entry| entry.replace((mutation, lane), patch.clone()));
            }
        }
    }

    /// The entries that a target names, each once.
    fn entries_of(&self, target: &Target) -> Vec<EntryId> {
        let id = self.ids.get(&target.key).copied();
        let elsewhere = target.elsewhere.iter().flat_map(|selector| self.index.select(selector));
        id.into_iter()
            .chain(elsewhere.filter(|other| Some(*other) != id))
            .collect()
    }

    /// A mutation is no longer pending. Returns the entries over which it may be laid.
    fn remove(&mut self, mutation: MutationId) -> Vec<EntryId> {
        self.edited += 1;
        let (mut entries, spreads) = self.queue.remove(mutation).unwrap_or_default();
        entries.extend(spreads.iter().flat_map(|spread| self.index.select(&spread.selector)));
        entries
    }

    /// A mutation that has not left is taken back. Nothing is read again: the server knows nothing of it.
    pub fn cancel(&mut self, now: Instant, mutation: MutationId) {
        self.note(now, || Input::Cancel(mutation));
        for id in self.remove(mutation) {
            self.touch(id, |entry| entry.cancel(mutation));
        }
        self.stop_holding();
    }

    /// What is shown of a target, by each of its queries.
    pub(crate) fn shown(&self, target: &Target) -> Vec<Value> {
        let entries = self.entries_of(target).into_iter();
        entries.filter_map(|id| self.entries.get(id)?.shown()).collect()
    }

    /// How often what the mutations show was changed.
    #[must_use]
    pub const fn edited(&self) -> u64 {
        self.edited
    }

    /// What the mutations make of this value of a key.
    #[must_use]
    pub fn laid_over(&self, key: &Key, value: &Value) -> Option<Value> {
        Some(self.entries.get(*self.ids.get(key)?)?.laid_over(value))
    }

    /// The data of a key as the server has it, without changes that it has not confirmed.
    #[must_use]
    pub fn confirmed(&self, key: &Key) -> Option<Value> {
        self.entries.get(*self.ids.get(key)?)?.confirmed()
    }

    /// Whether a mutation that leaves now may rely on [`confirmed`](Self::confirmed): it has not waited, and everything
    /// that the server has told of these keys is in it.
    #[must_use]
    pub fn is_current(&self, mutation: MutationId, keys: &[Key]) -> bool {
        let is_current = |key: &Key| {
            let entry = self.ids.get(key).and_then(|id| self.entries.get(*id));
            entry.is_some_and(|entry| entry.is_confirmed_current(self.weather))
        };
        !self.queue.has_waited(mutation) && keys.iter().all(is_current)
    }

    /// The mutations that leave now: while the server can not be reached, one of them may try it.
    pub(super) fn depart_mutations(&mut self, now: Instant) -> Vec<(MutationId, Vec<EntryId>)> {
        let most = match &self.weather.outage {
            None => usize::MAX,
            Some(outage) => usize::from(outage.opens_at() <= now),
        };
        let (reachable, is_away) = (self.weather.is_reachable(), self.weather.outage.is_some());
        let departed = self.queue.depart(reachable, is_away, most, now);
        if let Some(outage) = &mut self.weather.outage
            && let Some((mutation, _)) = departed.first()
        {
            outage.start(Request::Send(*mutation));
        }
        departed
    }

    /// A request has ended, with this error if it has failed.
    pub(super) fn note_reachability(&mut self, now: Instant, request: Request, error: Option<&E>) {
        let Some(error) = error.filter(|error| error.is_unreachable()) else {
            if self.weather.outage.take().is_some() {
                self.outage_error = None;
                self.queue.hurry();
                self.touch_active(|entry, _| entry.try_again());
            }
            return;
        };
        // A stream that is connected proves that the server is there: this is the trouble of one request.
        if self.weather.pushed {
            return;
        }
        let chance = self.rng.f64();
        match &mut self.weather.outage {
            Some(outage) => outage.fail(request, now, chance),
            none => *none = Some(Outage::begin(now, chance)),
        }
        self.outage_error = Some(error.clone());
        self.touch_active(|_, _| {});
    }
}
