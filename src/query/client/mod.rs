//! Carries out what the cache decides. Has no policy of its own.

mod keep;
mod leaving;
mod observer;
mod sending;
pub(super) mod source;
mod unsaved;

use std::cell::RefCell;
use std::fmt;
use std::rc::{Rc, Weak};

use slotmap::SecondaryMap;
use yew::Callback;

use super::cache::Cache;
use super::effect::{Effect, EntryId, FlightId, Plan};
use super::entry::Snapshot;
use super::explain::Explanation;
use super::key::Key;
use super::outbox::{Failure, Outbox};
use super::policy::Options;
use super::query::{Backend, Query};
use super::selector::Selector;
use super::value::Patch;
use crate::browser::{self, Task, Timeout, clock};
use crate::time::Instant;
use keep::{Keep, Parked};
use observer::{Watch, Watches};
use source::{Landed, Source, Whole};
pub(super) use unsaved::Subject;
use unsaved::{Unsaved, UnsavedWatch};

pub(super) use observer::Observer;

/// The cache of one page, shared by all its components. Cheap to clone; equal only to its own clones.
pub struct QueryClient<B: Backend>(Rc<Shared<B>>);

struct Shared<B: Backend> {
    backend: B,
    state: RefCell<State<B>>,
}

struct State<B: Backend> {
    cache: Cache<B::Error>,
    sources: SecondaryMap<EntryId, Rc<dyn Source<B::Error>>>,
    watches: SecondaryMap<EntryId, Watches>,
    flights: Vec<(FlightId, Task)>,
    outbox: Outbox<B>,
    /// The one timer, and when it goes off.
    timer: Option<(Instant, Timeout)>,
    flush_is_coming: bool,
    /// Counts how often everything was forgotten: what was begun before concerns nobody.
    epoch: u64,
    on_failure: Callback<Failure<B::Error>>,
    on_renamed: Callback<(u128, u128)>,
    on_leftover: Callback<B::Leftover>,
    /// The components that show what is not saved.
    unsaved: Unsaved,
    keep: Keep<B>,
    parked: Vec<Parked<B>>,
}

impl<B: Backend> State<B> {
    fn take_flight(&mut self, flight: FlightId) -> Option<Task> {
        let at = self.flights.iter().position(|(each, _)| *each == flight)?;
        Some(self.flights.swap_remove(at).1)
    }
}

impl<B: Backend> QueryClient<B> {
    /// An empty cache in front of a backend.
    #[must_use]
    pub fn new(backend: B) -> Self {
        Self(Rc::new(Shared {
            backend,
            state: RefCell::new(State {
                cache: Cache::new(clock::seed()),
                sources: SecondaryMap::new(),
                watches: SecondaryMap::new(),
                flights: Vec::new(),
                outbox: Outbox::default(),
                timer: None,
                flush_is_coming: false,
                epoch: 0,
                on_failure: Callback::noop(),
                on_renamed: Callback::noop(),
                on_leftover: Callback::noop(),
                unsaved: Unsaved::default(),
                keep: Keep::default(),
                parked: Vec::new(),
            }),
        }))
    }

    /// Where data comes from.
    #[must_use]
    pub fn backend(&self) -> &B {
        &self.0.backend
    }

    /// What these keys hold has changed on the server, because of what `cause` names.
    pub fn invalidate(&self, selector: &Selector, cause: &'static str) {
        self.record(|cache, now| cache.invalidate(now, selector, cause));
    }

    /// What these keys hold has changed on the server in this way, as far as was told; see [`Cache::paint`].
    pub fn paint(&self, selector: &Selector, patch: &Patch, cause: &'static str) {
        self.record(|cache, now| cache.paint(now, selector, patch, cause));
    }

    /// Fetches what somebody will want to see soon, unless it is there and fresh.
    pub fn prefetch<Q: Query<Backend = B>>(&self, query: &Q) {
        let entry = self.record(|cache, now| cache.prefetch(now, query.key(), query.options()));
        self.set_source(entry, || Rc::new(Whole::new(query.clone(), self.0.backend.clone())));
    }

    /// Reads again what is looked at, because nobody tells of changes; see [`Cache::refetch_active`].
    pub fn refetch_active(&self) {
        self.record(Cache::refetch_active);
    }

    /// The machine has slept, `slept` of it uncounted by the monotonic clock; see [`Cache::revalidate_after_sleep`].
    pub fn revalidate_after_sleep(&self, slept: std::time::Duration) {
        self.record(|cache, now| cache.revalidate_after_sleep(now, slept));
    }

    /// Whether changes are pushed from now on; see [`Cache::set_pushed`].
    pub fn set_pushed(&self, pushed: bool) {
        self.record(|cache, now| cache.set_pushed(now, pushed));
    }

    /// The network has come or gone.
    pub fn set_online(&self, online: bool) {
        self.record(|cache, now| cache.set_online(now, online));
    }

    /// The page is hidden, or can be seen again.
    pub fn set_visible(&self, visible: bool) {
        self.record(|cache, now| cache.set_visible(now, visible));
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.state.borrow().cache.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many mutations have not settled.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.0.state.borrow().cache.pending()
    }

    /// Why every entry is as it is.
    #[must_use]
    pub fn explain(&self) -> Vec<Explanation> {
        self.0.state.borrow().cache.explain(clock::now()).collect()
    }

    /// From now on the cache remembers what it is told; see [`journal`](Self::journal).
    pub fn keep_journal(&self) {
        self.0.state.borrow_mut().cache.keep_journal();
    }

    /// What the cache was told lately, line by line and without content; empty if it does not remember.
    #[must_use]
    pub fn journal(&self) -> String {
        let state = self.0.state.borrow();
        state.cache.journal().map(ToString::to_string).unwrap_or_default()
    }

    /// Who is told of mutations that fail, whatever has become of the component that started them.
    pub(super) fn set_on_failure(&self, on_failure: Callback<Failure<B::Error>>) {
        self.0.state.borrow_mut().on_failure = on_failure;
    }

    /// Is told of rows that have another id from now on: the one before, and the new one.
    pub(super) fn set_on_renamed(&self, on_renamed: Callback<(u128, u128)>) {
        self.0.state.borrow_mut().on_renamed = on_renamed;
    }

    /// Takes the parts of changes that were not made and that the person has to decide on.
    pub(super) fn set_on_leftover(&self, on_leftover: Callback<B::Leftover>) {
        self.0.state.borrow_mut().on_leftover = on_leftover;
    }

    /// Calls back whenever this changes, until the guard is dropped.
    pub(super) fn watch_unsaved(&self, subject: Subject, wake: Callback<()>) -> UnsavedWatch {
        self.0.state.borrow_mut().unsaved.watch(subject, wake)
    }

    /// Starts to observe a key; the observer wakes when this part of the data changes, or what it has looked at.
    pub(super) fn observe(
        &self,
        key: Key,
        options: Options,
        part: Option<u128>,
        source: impl FnOnce() -> Rc<dyn Source<B::Error>>,
        wake: Callback<()>,
    ) -> Observer<B> {
        let ids = self.record(|cache, now| cache.observe(now, key, options));
        let observer = Observer::new(self.clone(), ids, part, wake);
        self.set_source(ids.0, source);
        if let Some(watches) = self.0.state.borrow_mut().watches.entry(ids.0) {
            watches.or_default().add(part, observer.watch());
        }
        observer
    }

    /// How an entry's data is had, unless that is known. What is remembered of it is shown at once.
    fn set_source(&self, entry: EntryId, source: impl FnOnce() -> Rc<dyn Source<B::Error>>) {
        if self.0.state.borrow().sources.contains_key(entry) {
            return;
        }
        let source = source();
        self.0.state.borrow_mut().sources.insert(entry, Rc::clone(&source));
        self.remember(entry, &*source);
    }

    fn forget_watch(&self, entry: EntryId, part: Option<u128>, watch: &Rc<Watch>) {
        let mut state = self.0.state.borrow_mut();
        if let Some(watches) = state.watches.get_mut(entry) {
            watches.remove(part, watch);
        }
    }

    /// Changes whenever everything is forgotten.
    fn epoch(&self) -> u64 {
        self.0.state.borrow().epoch
    }

    /// Records a fact, and sees to it that conclusions are drawn in the next microtask.
    fn record<T>(&self, record: impl FnOnce(&mut Cache<B::Error>, Instant) -> T) -> T {
        let result = {
            let mut state = self.0.state.borrow_mut();
            record(&mut state.cache, clock::now())
        };
        self.flush_soon();
        result
    }

    fn flush_soon(&self) {
        if !std::mem::replace(&mut self.0.state.borrow_mut().flush_is_coming, true) {
            let client = self.downgrade();
            browser::spawn(async move {
                if let Some(client) = client.upgrade() {
                    client.flush();
                }
            });
        }
    }

    /// Draws conclusions and carries them out. Nothing outside is called while the state is borrowed.
    fn flush(&self) {
        let mut state = self.0.state.borrow_mut();
        state.flush_is_coming = false;
        let effects = state.cache.flush(clock::now());
        let (mut wakes, mut departures, mut sends) = (Vec::new(), Vec::new(), Vec::new());
        let mut dropped = Vec::new();
        for effect in effects {
            match effect {
                Effect::Fetch { entry, flight, plan } => departures.push((entry, flight, plan)),
                Effect::Abort { flight } => dropped.extend(state.take_flight(flight)),
                Effect::Send { mutation } => sends.push(mutation),
                Effect::Notify { entry, changed, diff } => {
                    if let Some(watches) = state.watches.get(entry) {
                        watches.wakes(changed, &diff, &mut wakes);
                    }
                }
                Effect::Evict { entry } => {
                    state.sources.remove(entry);
                    state.watches.remove(entry);
                }
            }
        }
        let (pending, lanes) = (state.cache.pending(), state.cache.pending_lanes());
        let counts = (pending, state.cache.edited());
        wakes.extend(state.unsaved.update(clock::now(), counts, &lanes));
        drop(state);
        drop(dropped);
        for (entry, flight, plan) in departures {
            self.depart(entry, flight, plan);
        }
        for mutation in sends {
            self.send(mutation);
        }
        self.arm_timer();
        for wake in wakes {
            wake.emit(());
        }
    }

    fn depart(&self, entry: EntryId, flight: FlightId, plan: Plan) {
        let source = self.0.state.borrow().sources.get(entry).map(Rc::clone);
        let Some(source) = source else { return };
        let shown = self.snapshot(entry).and_then(|snapshot| snapshot.data);
        let (client, fetching) = (self.downgrade(), source.fetch(plan, shown));
        let task = Task::new(async move {
            let result = fetching.await;
            let Some(client) = client.upgrade() else { return };
            client.land(entry, flight, result);
        });
        self.0.state.borrow_mut().flights.push((flight, task));
    }

    fn land(&self, entry: EntryId, flight: FlightId, result: Result<Landed, B::Error>) {
        let is_good = result.is_ok();
        self.record(|cache, now| cache.land(now, entry, flight, result));
        let done = self.0.state.borrow_mut().take_flight(flight);
        drop(done);
        if is_good {
            self.keep(entry);
        }
    }

    fn arm_timer(&self) {
        let mut state = self.0.state.borrow_mut();
        let due = state.cache.poll_timeout();
        if due == state.timer.as_ref().map(|(at, _)| *at) {
            return;
        }
        state.timer = due.map(|due| {
            let client = self.downgrade();
            let timer = Timeout::new(clock::now().until(due), move || {
                if let Some(client) = client.upgrade() {
                    client.0.state.borrow_mut().timer = None;
                    client.flush();
                }
            });
            (due, timer)
        });
    }

    fn snapshot(&self, entry: EntryId) -> Option<Snapshot<B::Error>> {
        self.0.state.borrow().cache.snapshot(clock::now(), entry)
    }

    /// For what outlives the components: the cache holds the sources, so a source must not hold the cache.
    fn downgrade(&self) -> WeakClient<B> {
        WeakClient(Rc::downgrade(&self.0))
    }
}

struct WeakClient<B: Backend>(Weak<Shared<B>>);

impl<B: Backend> WeakClient<B> {
    fn upgrade(&self) -> Option<QueryClient<B>> {
        self.0.upgrade().map(QueryClient)
    }
}

impl<B: Backend> Clone for QueryClient<B> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<B: Backend> PartialEq for QueryClient<B> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<B: Backend> fmt::Debug for QueryClient<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueryClient(..)")
    }
}
