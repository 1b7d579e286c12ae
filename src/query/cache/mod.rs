//! The cache: every entry, and the one place that decides what is fetched when.
//!
//! Knows nothing of HTTP, of events, of components or clocks. Methods record facts; only [`Cache::flush`] acts, once
//! for any number of facts, so that ten events in one breath cause one fetch.

mod facts;
mod mutations;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use slotmap::SlotMap;

use super::effect::{Effect, EntryId, FlightId};
use super::entry::{Entry, Snapshot, Weather};
use super::explain::Explanation;
use super::index::Index;
use super::journal::{Input, Journal};
use super::key::Key;
use super::outage::{NEVER, Request};
use super::policy::{Fault, Options};
use super::queue::Queue;
use super::selector::Selector;
use crate::time::Instant;

/// How long a fetch outlives its last observer: a page that replaces another passes through a moment without any.
const ABORT_GRACE: Duration = Duration::from_millis(50);
/// How long a mutation may keep the entries it changes from being fetched.
const HOLD: Duration = Duration::from_secs(10);
/// How much data that nobody observes is kept, in bytes.
const BUDGET: usize = 8 << 20;
/// How much the journal remembers at least. At most, twice as much.
const JOURNAL: usize = 256;

/// Every entry, and what is to be done about them.
#[derive(Clone)]
pub struct Cache<E> {
    entries: SlotMap<EntryId, Entry<E>>,
    ids: HashMap<Key, EntryId>,
    index: Index,
    /// Entries about which facts were recorded since the last flush.
    touched: BTreeSet<EntryId>,
    /// Entries that somebody observes or has asked for.
    active: BTreeSet<EntryId>,
    /// Entries that nobody observes, the one that was left first in front.
    idle: BTreeSet<(Instant, EntryId)>,
    /// When to look at which entry although nothing happens.
    alarms: BTreeSet<(Instant, EntryId)>,
    queue: Queue,
    /// How often what the mutations show was changed.
    edited: u64,
    /// What the entries weigh that nobody observes, in bytes.
    idle_weight: usize,
    effects: Vec<Effect>,
    weather: Weather,
    /// What the server could not be reached for.
    outage_error: Option<E>,
    last_return: Option<Instant>,
    budget: usize,
    rng: fastrand::Rng,
    next: u64,
    journals: Option<Journals<E>>,
}

#[derive(Clone)]
struct Journals<E> {
    current: Journal<E>,
    /// The one before the current.
    before: Option<Journal<E>>,
    /// How the cache is copied, which no other part of it needs: an app that keeps no journal is not loaded with it.
    copy: fn(&Cache<E>) -> Cache<E>,
}

impl<E: Fault> Cache<E> {
    /// An empty cache. The seed decides the jitter of its retries.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            entries: SlotMap::with_key(),
            ids: HashMap::new(),
            index: Index::default(),
            touched: BTreeSet::new(),
            active: BTreeSet::new(),
            idle: BTreeSet::new(),
            alarms: BTreeSet::new(),
            queue: Queue::default(),
            edited: 0,
            idle_weight: 0,
            effects: Vec::new(),
            weather: Weather {
                online: true,
                visible: true,
                pushed: false,
                held_until: None,
                outage: None,
            },
            outage_error: None,
            last_return: None,
            budget: BUDGET,
            rng: fastrand::Rng::with_seed(seed),
            next: 0,
            journals: None,
        }
    }

    /// From now on remembers what it is told, for [`journal`](Self::journal).
    pub fn keep_journal(&mut self) {
        self.journals = Some(Journals {
            current: Journal::new(self.clone()),
            before: None,
            copy: Self::clone,
        });
    }

    /// What it was told lately; `None` if it does not remember.
    #[must_use]
    pub fn journal(&self) -> Option<&Journal<E>> {
        let Journals { current, before, .. } = self.journals.as_ref()?;
        Some(before.as_ref().unwrap_or(current))
    }

    fn note(&mut self, now: Instant, input: impl FnOnce() -> Input<E>) {
        let Some(Journals { current, before, .. }) = &mut self.journals else {
            return;
        };
        let input = Rc::new(input());
        if let Some(before) = before {
            before.push(now, Rc::clone(&input));
        }
        current.push(now, input);
    }

    /// The journal before is forgotten once the current one is long enough.
    fn turn_page(&mut self) {
        if let Some(Journals { current, copy, .. }) = self.journals.take_if(|each| each.current.len() >= JOURNAL) {
            self.journals = Some(Journals {
                current: Journal::new(copy(self)),
                before: Some(current),
                copy,
            });
        }
    }

    /// Decides what is to be done. Call it once after any number of facts, and when [`poll_timeout`] says so.
    ///
    /// [`poll_timeout`]: Self::poll_timeout
    #[must_use]
    pub fn flush(&mut self, now: Instant) -> Vec<Effect> {
        while let Some((due, id)) = self.alarms.first().copied().filter(|(due, _)| *due <= now) {
            self.alarms.remove(&(due, id));
            if let Some(entry) = self.entries.get_mut(id) {
                entry.alarm = None;
            }
            self.touched.insert(id);
        }
        for (mutation, entries) in self.depart_mutations(now) {
            self.effects.push(Effect::Send { mutation });
            for id in entries {
                self.touch(id, |entry| entry.overlay_mut().hold(mutation, now + HOLD));
            }
        }
        for id in std::mem::take(&mut self.touched) {
            self.conclude(id, now);
        }
        self.keep_to_budget();
        let effects = std::mem::take(&mut self.effects);
        self.note(now, || Input::Flush(effects.clone()));
        self.turn_page();
        effects
    }

    fn conclude(&mut self, id: EntryId, now: Instant) {
        let weather = self.weather;
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        entry.paint_deferred(now);
        if entry.give_up_prefetch(weather) {
            self.active.remove(&id);
        }
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if let (Some(outage), Some(error)) = (&weather.outage, &self.outage_error)
            && outage.is_confirmed()
        {
            entry.note_outage(error);
        }
        if let Some((_, plan)) = entry.fetch_due(weather).filter(|(due, _)| *due <= now) {
            self.next += 1;
            let flight = FlightId(self.next);
            if let Some(outage) = &mut self.weather.outage {
                outage.start(Request::Fetch(flight));
            }
            entry.depart(flight, plan, now);
            self.effects.push(Effect::Fetch {
                entry: id,
                flight,
                plan,
            });
        }
        if is_due(entry.abort_due_at(ABORT_GRACE)) {
            if let Some(flight) = entry.flight() {
                self.effects.push(Effect::Abort { flight });
                if let Some(outage) = &mut self.weather.outage {
                    outage.abandon(Request::Fetch(flight), now);
                }
            }
            entry.abandon_flight();
        }
        if is_due(entry.evict_due_at()) {
            return self.evict(id);
        }
        let (changed, diff) = entry.take_changes(now, weather);
        if !changed.is_empty() && entry.is_observed() {
            self.effects.push(Effect::Notify {
                entry: id,
                changed,
                diff,
            });
        }
        let alarm = entry.due_at(now, weather, ABORT_GRACE);
        if alarm != entry.alarm {
            self.alarms.extend(alarm.map(|at| (at, id)));
            if let Some(before) = std::mem::replace(&mut entry.alarm, alarm) {
                self.alarms.remove(&(before, id));
            }
        }
    }

    fn evict(&mut self, id: EntryId) {
        let Some(entry) = self.entries.remove(id) else { return };
        if let Some(alarm) = entry.alarm {
            self.alarms.remove(&(alarm, id));
        }
        if let Some(since) = entry.idle_since() {
            self.idle.remove(&(since, id));
            self.idle_weight -= entry.weight;
        }
        self.active.remove(&id);
        self.ids.remove(&entry.key);
        self.index.remove(id);
        self.effects.push(Effect::Evict { entry: id });
    }

    /// Forgets what was left first, until what nobody observes is little enough.
    fn keep_to_budget(&mut self) {
        if self.idle_weight <= self.budget {
            return;
        }
        for (_, id) in self.idle.clone() {
            if self.idle_weight <= self.budget {
                break;
            }
            if self.entries.get(id).is_some_and(Entry::can_be_forgotten) {
                self.evict(id);
            }
        }
    }

    /// When [`flush`](Self::flush) has something to do although nothing happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let entry = self.alarms.first().map(|(at, _)| *at);
        let opens_at = self.weather.outage.map(|outage| outage.opens_at());
        let is_away = self.weather.outage.is_some();
        let queue = self.queue.due_at(self.weather.is_reachable(), is_away);
        let queue = queue.map(|due| opens_at.map_or(due, |opens_at| due.max(opens_at)));
        let next = [entry, queue].into_iter().flatten().min();
        next.filter(|at| *at < NEVER)
    }

    /// What an observer may see of an entry; `None` if it is gone.
    #[must_use]
    pub fn snapshot(&self, now: Instant, id: EntryId) -> Option<Snapshot<E>> {
        self.entries.get(id).map(|entry| entry.snapshot(now, self.weather))
    }

    /// What an entry is called.
    #[must_use]
    pub fn key(&self, id: EntryId) -> Option<&Key> {
        self.entries.get(id).map(|entry| &entry.key)
    }

    /// Why every entry is as it is.
    pub fn explain(&self, now: Instant) -> impl Iterator<Item = Explanation> {
        self.entries.values().map(move |entry| entry.explain(now, self.weather))
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

    /// How many mutations have not settled.
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.queue.len()
    }

    fn entry(&mut self, now: Instant, key: Key, options: Options) -> EntryId {
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        let mut entry = Entry::new(key.clone(), options, now);
        let spreads = self.queue.spreads();
        for (mutation, spread) in spreads.filter(|(_, spread)| spread.selector.matches(&key)) {
            entry.begin(mutation, spread.patch.clone(), now);
        }
        let id = self.entries.insert(entry);
        self.index.insert(id, &key);
        self.idle.insert((now, id));
        self.ids.insert(key, id);
        id
    }

    /// Records a fact about an entry, and keeps the books on what is idle.
    fn touch(&mut self, id: EntryId, record: impl FnOnce(&mut Entry<E>)) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        if let Some(since) = entry.idle_since() {
            self.idle.remove(&(since, id));
            self.idle_weight -= entry.weight;
        }
        let was_wanted = entry.is_wanted_by_anybody();
        record(entry);
        if let Some(since) = entry.idle_since() {
            self.idle.insert((since, id));
            self.idle_weight += entry.weight;
        }
        match (was_wanted, entry.is_wanted_by_anybody()) {
            (false, true) => _ = self.active.insert(id),
            (true, false) => _ = self.active.remove(&id),
            (true, true) | (false, false) => {}
        }
        self.touched.insert(id);
    }

    fn touch_matches(&mut self, selector: &Selector, mut record: impl FnMut(&mut Entry<E>)) -> usize {
        let matches = self.index.select(selector);
        for id in &matches {
            if let Some(entry) = self.entries.get_mut(*id) {
                record(entry);
            }
        }
        let count = matches.len();
        self.touched.extend(matches);
        count
    }

    fn touch_active(&mut self, mut record: impl FnMut(&mut Entry<E>, Weather)) {
        for id in &self.active {
            if let Some(entry) = self.entries.get_mut(*id) {
                record(entry, self.weather);
            }
        }
        self.touched.extend(&self.active);
    }

    const fn take_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl<E> fmt::Debug for Cache<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids.keys()).finish()
    }
}
