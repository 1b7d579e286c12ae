//! The cache: every entry, and the one place that decides what is fetched when.
//!
//! Knows nothing of HTTP, of events, of components or clocks. Methods record facts; only [`Cache::flush`] acts, once
//! for any number of facts, so that ten events in one breath cause one fetch.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use slotmap::SlotMap;

use super::effect::{Effect, EntryId, FlightId, MutationId};
use super::entry::{Entry, Snapshot, Weather};
use super::key::Key;
use super::policy::{Fault, Options};
use super::selector::Selector;
use super::value::{Patch, Value};
use crate::time::Instant;

/// How long a fetch outlives its last observer: a page that replaces another passes through a moment without any.
const ABORT_GRACE: Duration = Duration::from_millis(50);
/// How long a mutation may keep the entries it changes from being fetched.
const HOLD: Duration = Duration::from_secs(10);

/// The least time between two returns to the page that count.
const RETURN_THROTTLE: Duration = Duration::from_secs(10);

/// Every entry, and what is to be done about them.
#[derive(Debug)]
pub struct Cache<E> {
    entries: SlotMap<EntryId, Entry<E>>,
    ids: HashMap<Key, EntryId>,
    /// Entries about which facts were recorded since the last flush.
    touched: BTreeSet<EntryId>,
    evicted: Vec<Effect>,
    weather: Weather,
    last_return: Option<Instant>,
    rng: fastrand::Rng,
    next: u64,
}

impl<E: Fault> Cache<E> {
    /// An empty cache. The seed decides the jitter of its retries.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            entries: SlotMap::with_key(),
            ids: HashMap::new(),
            touched: BTreeSet::new(),
            evicted: Vec::new(),
            weather: Weather {
                online: true,
                pushed: false,
            },
            last_return: None,
            rng: fastrand::Rng::with_seed(seed),
            next: 0,
        }
    }

    // Facts.

    /// Somebody wants to see this key.
    pub fn observe(&mut self, now: Instant, key: Key, options: Options) -> EntryId {
        let Self { entries, ids, .. } = self;
        let id = *ids
            .entry(key)
            .or_insert_with_key(|key| entries.insert(Entry::new(key.clone(), options, now)));
        let weather = self.weather;
        self.touch(id, |entry| entry.observe(now, weather));
        id
    }

    /// Somebody no longer does.
    pub fn release(&mut self, now: Instant, id: EntryId) {
        self.touch(id, |entry| entry.release(now));
    }

    /// What these keys hold has changed on the server. Returns how many there are.
    ///
    /// A fetch that is under way is left alone and shown when it lands; one more follows it.
    pub fn invalidate(&mut self, selector: &Selector) -> usize {
        let mut matches = 0;
        for (id, entry) in self
            .entries
            .iter_mut()
            .filter(|(_, entry)| selector.matches(&entry.key))
        {
            entry.invalidate();
            self.touched.insert(id);
            matches += 1;
        }
        matches
    }

    /// The person has come back to the page: a good moment to look again at what is old. Leafing through tabs
    /// counts once in ten seconds.
    pub fn revalidate(&mut self, now: Instant) {
        if self.last_return.is_some_and(|last| now.since(last) < RETURN_THROTTLE) {
            return;
        }
        self.last_return = Some(now);
        self.touch_all(|entry, weather| entry.revalidate(now, weather));
    }

    /// Somebody asks for fresh data.
    pub fn refetch(&mut self, id: EntryId) {
        self.touch(id, Entry::refetch);
    }

    /// The network has come or gone. Without it nothing starts, and nothing is forgotten.
    pub fn set_online(&mut self, now: Instant, online: bool) {
        self.weather.online = online;
        self.touch_all(|entry, weather| {
            if online {
                entry.revalidate(now, weather);
            }
        });
    }

    /// Whether changes are pushed from now on. While they are, data is fresh until told otherwise, and a mutation
    /// leaves it to the push to say what else it has changed.
    pub const fn set_pushed(&mut self, pushed: bool) {
        self.weather.pushed = pushed;
    }

    /// A mutation begins: until it settles, these patches are shown and these keys are not fetched.
    pub fn begin(&mut self, now: Instant, patches: impl IntoIterator<Item = (Key, Patch)>) -> MutationId {
        let mutation = MutationId(self.take_number());
        for (key, patch) in patches {
            if let Some(id) = self.ids.get(&key).copied() {
                self.touch(id, |entry| {
                    entry.overlay_mut().push(mutation, patch, now + HOLD);
                    entry.rebase();
                });
            }
        }
        mutation
    }

    /// A mutation has succeeded: what it made of each key is now the truth, as far as the server has said.
    pub fn commit(&mut self, mutation: MutationId, outcomes: impl IntoIterator<Item = (Key, Patch)>) {
        let pushed = self.weather.pushed;
        for (key, outcome) in outcomes {
            if let Some(id) = self.ids.get(&key).copied() {
                self.touch(id, |entry| {
                    if entry.overlay_mut().settle(mutation, &outcome) {
                        entry.confirm_write(pushed);
                    }
                });
            }
        }
    }

    /// A mutation has failed: its patches go, and the keys are read again, since being refused means that something
    /// was not as it was shown (or that nobody knows whether the write has landed).
    pub fn roll_back(&mut self, mutation: MutationId) {
        self.touch_all(|entry, _| {
            if entry.overlay_mut().remove(mutation) {
                entry.invalidate();
                entry.settle_overlay();
            }
        });
    }

    /// A fetch has ended. One that was superseded has no effect, be it by value or by error.
    pub fn land(&mut self, now: Instant, id: EntryId, flight: FlightId, result: Result<Value, E>) {
        let chance = self.rng.f64();
        self.touch(id, |entry| entry.land(flight, result, now, chance));
    }

    /// Forgets everything. Nothing that is under way can bring any of it back.
    pub fn clear(&mut self) {
        for (id, entry) in self.entries.drain() {
            self.evicted
                .extend(entry.flight().map(|flight| Effect::Abort { flight }));
            self.evicted.push(Effect::Evict { entry: id });
        }
        self.ids.clear();
        self.touched.clear();
    }

    // Conclusions.

    /// Decides what is to be done. Call it once after any number of facts, and when [`poll_timeout`] says so.
    ///
    /// [`poll_timeout`]: Self::poll_timeout
    #[must_use]
    pub fn flush(&mut self, now: Instant) -> Vec<Effect> {
        let weather = self.weather;
        let mut effects = std::mem::take(&mut self.evicted);
        let due = self
            .entries
            .iter()
            .filter(|(_, entry)| due_at(entry, weather).is_some_and(|due| due <= now));
        self.touched.extend(due.map(|(id, _)| id));
        for id in std::mem::take(&mut self.touched) {
            let Some(entry) = self.entries.get_mut(id) else {
                continue;
            };
            let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
            if is_due(entry.fetch_due_at(weather)) {
                self.next += 1;
                let flight = FlightId(self.next);
                entry.depart(flight, now);
                effects.push(Effect::Fetch { entry: id, flight });
            }
            if is_due(entry.abort_due_at(ABORT_GRACE)) {
                effects.extend(entry.flight().map(|flight| Effect::Abort { flight }));
                entry.abandon_flight();
            }
            if is_due(entry.evict_due_at()) {
                effects.push(Effect::Evict { entry: id });
                self.ids.remove(&entry.key);
                self.entries.remove(id);
                continue;
            }
            let changed = entry.take_changes();
            if !changed.is_empty() && entry.is_observed() {
                effects.push(Effect::Notify { entry: id, changed });
            }
        }
        effects
    }

    /// When [`flush`](Self::flush) has something to do although nothing happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.entries
            .values()
            .filter_map(|entry| due_at(entry, self.weather))
            .min()
    }

    /// What an observer may see of an entry; `None` if it is gone.
    #[must_use]
    pub fn snapshot(&self, id: EntryId) -> Option<Snapshot<E>> {
        self.entries.get(id).map(Entry::snapshot)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn touch(&mut self, id: EntryId, record: impl FnOnce(&mut Entry<E>)) {
        if let Some(entry) = self.entries.get_mut(id) {
            record(entry);
            self.touched.insert(id);
        }
    }

    fn touch_all(&mut self, mut record: impl FnMut(&mut Entry<E>, Weather)) {
        for (id, entry) in &mut self.entries {
            record(entry, self.weather);
            self.touched.insert(id);
        }
    }

    const fn take_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

fn due_at<E: Fault>(entry: &Entry<E>, weather: Weather) -> Option<Instant> {
    [
        entry.fetch_due_at(weather),
        entry.abort_due_at(ABORT_GRACE),
        entry.evict_due_at(),
    ]
    .into_iter()
    .flatten()
    .min()
}
