//! Carries out what the cache decides. Has no policy of its own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use futures_channel::oneshot;
use slotmap::SecondaryMap;
use yew::Callback;

use super::cache::Cache;
use super::effect::{Changed, Effect, EntryId, FlightId, MutationId};
use super::entry::Snapshot;
use super::key::Key;
use super::query::{Backend, Query};
use super::selector::Selector;
use super::value::{Patch, Value};
use crate::browser::{self, Task, Timeout, clock};

/// The cache of one page, shared by all its components. Cheap to clone; equal only to its own clones.
pub struct QueryClient<B: Backend>(Rc<Shared<B>>);

struct Shared<B: Backend> {
    backend: B,
    state: RefCell<State<B::Error>>,
}

struct State<E> {
    cache: Cache<E>,
    fetchers: SecondaryMap<EntryId, Fetcher<E>>,
    observers: SecondaryMap<EntryId, Vec<Rc<Watch>>>,
    flights: HashMap<FlightId, Task>,
    timer: Option<Timeout>,
    flush_is_coming: bool,
    /// Counts how often everything was forgotten: what was begun before concerns nobody.
    epoch: u64,
    /// For each lane, what tells that the newest mutation in it has settled.
    lanes: HashMap<u128, oneshot::Receiver<()>>,
    on_failure: Callback<Failure<E>>,
}

type Fetcher<E> = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Landing, E>>>>>;
/// Turns what was held before into what is held from now on.
type Landing = Box<dyn FnOnce(Option<&Value>) -> Value>;

/// What an observer waits for.
struct Watch {
    interest: Cell<Changed>,
    wake: Callback<()>,
}

/// A mutation that was refused, or whose fate nobody knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure<E> {
    /// What was attempted, to follow "Could not".
    pub attempt: &'static str,
    /// Why it failed.
    pub error: E,
}

impl<B: Backend> QueryClient<B> {
    /// An empty cache in front of a backend.
    #[must_use]
    pub fn new(backend: B) -> Self {
        Self(Rc::new(Shared {
            backend,
            state: RefCell::new(State {
                cache: Cache::new(clock::seed()),
                fetchers: SecondaryMap::new(),
                observers: SecondaryMap::new(),
                flights: HashMap::new(),
                timer: None,
                flush_is_coming: false,
                epoch: 0,
                lanes: HashMap::new(),
                on_failure: Callback::noop(),
            }),
        }))
    }

    /// Where data comes from.
    #[must_use]
    pub fn backend(&self) -> &B {
        &self.0.backend
    }

    /// What these keys hold has changed on the server.
    pub fn invalidate(&self, selector: &Selector) {
        let matches = self.record(|cache| cache.invalidate(selector));
        tracing::info!(matches, "invalidated");
    }

    /// Whether changes are pushed from now on; see [`Cache::set_pushed`].
    pub fn set_pushed(&self, pushed: bool) {
        self.record(|cache| cache.set_pushed(pushed));
    }

    /// The network has come or gone.
    pub fn set_online(&self, online: bool) {
        self.record(|cache| cache.set_online(clock::now(), online));
    }

    /// The person has come back to the page.
    pub fn revalidate(&self) {
        self.record(|cache| cache.revalidate(clock::now()));
    }

    /// Forgets everything, for nobody to see again. Fetches under way are given up.
    pub fn clear(&self) {
        self.record(Cache::clear);
        {
            let mut state = self.0.state.borrow_mut();
            state.epoch += 1;
            state.lanes.clear();
        }
        self.flush();
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

    /// Who is told of mutations that fail, whatever has become of the component that started them.
    pub(super) fn set_on_failure(&self, on_failure: Callback<Failure<B::Error>>) {
        self.0.state.borrow_mut().on_failure = on_failure;
    }

    pub(super) fn fail(&self, failure: Failure<B::Error>) {
        let on_failure = self.0.state.borrow().on_failure.clone();
        on_failure.emit(failure);
    }

    /// Starts to observe a query; the observer wakes when what it has looked at changes.
    pub(super) fn observe<Q: Query<Backend = B>>(&self, query: &Q, wake: Callback<()>) -> Observer<B> {
        let watch = Rc::new(Watch {
            interest: Cell::new(Changed::default()),
            wake,
        });
        let entry = self.record(|cache| cache.observe(clock::now(), query.key(), query.options()));
        let mut state = self.0.state.borrow_mut();
        let State {
            fetchers, observers, ..
        } = &mut *state;
        if !fetchers.contains_key(entry) {
            fetchers.insert(entry, fetcher(query.clone(), self.0.backend.clone()));
        }
        if let Some(watches) = observers.entry(entry) {
            watches.or_default().push(Rc::clone(&watch));
        }
        drop(state);
        Observer {
            client: self.clone(),
            entry,
            watch,
        }
    }

    /// Changes whenever everything is forgotten.
    pub(super) fn epoch(&self) -> u64 {
        self.0.state.borrow().epoch
    }

    /// Joins a lane, in which one mutation follows another: returns what the one before tells when it has settled, and
    /// what to drop when this one has.
    pub(super) fn join_lane(&self, lane: u128) -> (Option<oneshot::Receiver<()>>, oneshot::Sender<()>) {
        let (done, is_done) = oneshot::channel();
        let mut state = self.0.state.borrow_mut();
        // A lane whose last mutation has settled is empty.
        state.lanes.retain(|_, last| matches!(last.try_recv(), Ok(None)));
        let before = state.lanes.insert(lane, is_done);
        (before, done)
    }

    pub(super) fn begin(&self, patches: impl IntoIterator<Item = (Key, Patch)>) -> MutationId {
        let mutation = self.record(|cache| cache.begin(clock::now(), patches));
        // The person's own change must be on the screen in the same frame.
        self.flush();
        mutation
    }

    pub(super) fn commit(&self, mutation: MutationId, outcomes: impl IntoIterator<Item = (Key, Patch)>) {
        self.record(|cache| cache.commit(mutation, outcomes));
    }

    pub(super) fn roll_back(&self, mutation: MutationId) {
        self.record(|cache| cache.roll_back(mutation));
    }

    /// Records a fact, and sees to it that conclusions are drawn in the next microtask.
    fn record<T>(&self, record: impl FnOnce(&mut Cache<B::Error>) -> T) -> T {
        let mut state = self.0.state.borrow_mut();
        let result = record(&mut state.cache);
        let is_first = !std::mem::replace(&mut state.flush_is_coming, true);
        drop(state);
        if is_first {
            let client = self.downgrade();
            browser::spawn(async move {
                if let Some(client) = client.upgrade() {
                    client.flush();
                }
            });
        }
        result
    }

    /// Draws conclusions and carries them out. Nothing outside is called while the state is borrowed.
    fn flush(&self) {
        let mut state = self.0.state.borrow_mut();
        state.flush_is_coming = false;
        let effects = state.cache.flush(clock::now());
        let (mut wakes, mut departures, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Fetch { entry, flight } => {
                    if let Some(fetcher) = state.fetchers.get(entry) {
                        departures.push((entry, flight, Rc::clone(fetcher)));
                    }
                }
                Effect::Abort { flight } => dropped.extend(state.flights.remove(&flight)),
                Effect::Notify { entry, changed } => {
                    let watches = state.observers.get(entry).into_iter().flatten();
                    let interested = watches.filter(|watch| watch.interest.get().intersects(changed));
                    wakes.extend(interested.map(|watch| watch.wake.clone()));
                }
                Effect::Evict { entry } => {
                    state.fetchers.remove(entry);
                    state.observers.remove(entry);
                }
            }
        }
        drop(state);
        drop(dropped);
        for (entry, flight, fetcher) in departures {
            self.depart(entry, flight, &fetcher);
        }
        self.arm_timer();
        for wake in wakes {
            wake.emit(());
        }
    }

    fn depart(&self, entry: EntryId, flight: FlightId, fetcher: &Fetcher<B::Error>) {
        let (client, fetching) = (self.downgrade(), fetcher());
        let task = Task::new(async move {
            let result = fetching.await;
            let Some(client) = client.upgrade() else { return };
            client.land(entry, flight, result);
        });
        self.0.state.borrow_mut().flights.insert(flight, task);
    }

    fn land(&self, entry: EntryId, flight: FlightId, result: Result<Landing, B::Error>) {
        let previous = self.snapshot(entry).and_then(|snapshot| snapshot.data);
        let result = result.map(|landing| landing(previous.as_ref()));
        self.record(|cache| cache.land(clock::now(), entry, flight, result));
        let done = self.0.state.borrow_mut().flights.remove(&flight);
        drop(done);
    }

    fn arm_timer(&self) {
        let due = self.0.state.borrow().cache.poll_timeout();
        let timer = due.map(|due| {
            let client = self.downgrade();
            Timeout::new(clock::now().until(due), move || {
                if let Some(client) = client.upgrade() {
                    client.flush();
                }
            })
        });
        let old = std::mem::replace(&mut self.0.state.borrow_mut().timer, timer);
        drop(old);
    }

    fn snapshot(&self, entry: EntryId) -> Option<Snapshot<B::Error>> {
        self.0.state.borrow().cache.snapshot(entry)
    }

    /// For what outlives the components: the cache holds the fetchers, so a fetcher must not hold the cache.
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

fn fetcher<Q: Query>(query: Q, backend: Q::Backend) -> Fetcher<<Q::Backend as Backend>::Error> {
    Rc::new(move || {
        let fetching = query.clone().fetch(backend.clone());
        Box::pin(async move {
            let fresh = fetching.await?;
            let landing: Landing = Box::new(move |previous| {
                let previous = previous.and_then(Value::get::<Q::Data>);
                Value::new(match previous {
                    Some(previous) => Q::share(&previous, fresh),
                    None => fresh,
                })
            });
            Ok(landing)
        })
    })
}

/// A component's interest in one entry; dropping it ends the interest.
#[must_use = "an observer that is dropped observes nothing"]
pub(super) struct Observer<B: Backend> {
    client: QueryClient<B>,
    entry: EntryId,
    watch: Rc<Watch>,
}

impl<B: Backend> Observer<B> {
    /// What there is to see. From now on a change of any of these fields wakes the observer.
    pub(super) fn look(&self, fields: Changed) -> Option<Snapshot<B::Error>> {
        self.watch.interest.set(self.watch.interest.get().and(fields));
        self.client.snapshot(self.entry)
    }

    pub(super) fn refetch(&self) {
        self.client.record(|cache| cache.refetch(self.entry));
    }
}

impl<B: Backend> Drop for Observer<B> {
    fn drop(&mut self) {
        self.client.record(|cache| cache.release(clock::now(), self.entry));
        let mut state = self.client.0.state.borrow_mut();
        if let Some(watches) = state.observers.get_mut(self.entry) {
            watches.retain(|watch| !Rc::ptr_eq(watch, &self.watch));
        }
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
