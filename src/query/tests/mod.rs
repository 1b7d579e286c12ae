//! The cache in virtual time: what is fetched when, what is shown meanwhile, and that it ends equal to the server.

mod elsewhere;
mod explain;
mod leaving;
mod lifetime;
mod model;
mod mutations;
mod options;
mod outage;
mod outbox;
mod overtaking;
mod paint;
mod queue;
mod races;
mod reading;
mod retry;
mod sending;
mod telling;
mod waking;
mod weather;

use std::time::Duration;

use super::{
    Cache, Changed, Data, Effect, EntryId, Fate, Fault, FlightId, Key, Manner, MutationId, ObserverId, OnMount,
    Options, Patch, Plan, Retry, Selector, Snapshot, Value,
};
use crate::backoff::Backoff;
use crate::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fail {
    Passing,
    Final,
    Later(u64),
    /// The server can not be reached.
    Away,
    /// The person is not signed in any more.
    SignedOut,
}

impl Fault for Fail {
    fn retry(&self) -> Retry {
        match self {
            Self::Passing | Self::Away => Retry::Backoff,
            Self::Final | Self::SignedOut => Retry::Never,
            Self::Later(ms) => Retry::After(Duration::from_millis(*ms)),
        }
    }

    fn is_unreachable(&self) -> bool {
        *self == Self::Away
    }

    fn is_signed_out(&self) -> bool {
        *self == Self::SignedOut
    }
}

impl Data for u64 {}

struct Numbers;

fn key(id: u128) -> Key {
    Key::of::<Numbers>().segment("numbers").param("id", id).build()
}

fn only(id: u128) -> Selector {
    Selector::segment("numbers").within("id", id)
}

fn add(n: u64) -> Patch {
    Patch::new(move |value: &u64| value + n)
}

fn or(bits: u64) -> Patch {
    Patch::new(move |value: &u64| value | bits)
}

const MANNER: Manner = Manner {
    lane: None,
    repeatable: true,
    restored: false,
    delay: Duration::ZERO,
};

const OPTIONS: Options = Options {
    stale_after: Duration::from_secs(300),
    keep_for: Duration::from_secs(300),
    min_gap: Duration::ZERO,
    confirm_gap: Duration::from_millis(250),
    poll_every: None,
    in_background: false,
    on_mount: OnMount::Stale,
    backoff: Backoff {
        base: Duration::from_secs(1),
        cap: Duration::from_secs(30),
        jitter: 0.0,
    },
    max_retries: 3,
};

/// A cache whose clock is a number and whose network is whoever writes the test.
struct World {
    cache: Cache<Fail>,
    now: Instant,
    effects: Vec<Effect>,
    observers: Vec<(EntryId, ObserverId)>,
}

impl World {
    fn new() -> Self {
        let mut cache = Cache::new(7);
        cache.set_pushed(Instant::default(), true);
        Self {
            cache,
            now: Instant::default(),
            effects: Vec::new(),
            observers: Vec::new(),
        }
    }

    /// A cache that shows key 1 with this value, fetched at time 0.
    fn showing(value: u64) -> (Self, EntryId) {
        let mut world = Self::new();
        let entry = world.observe(1);
        let flight = world.departed(entry);
        world.land(entry, flight, Ok(value));
        world.effects.clear();
        (world, entry)
    }

    /// Lets time pass until `ms`, flushing at every deadline as the client would.
    fn at(&mut self, ms: u64) -> &mut Self {
        let until = Instant::from_millis(ms);
        while let Some(due) = self.cache.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.flush();
        }
        self.now = until;
        self
    }

    fn flush(&mut self) {
        let effects = self.cache.flush(self.now);
        self.effects.extend(effects);
    }

    fn observe(&mut self, id: u128) -> EntryId {
        self.observe_with(id, OPTIONS)
    }

    fn observe_with(&mut self, id: u128, options: Options) -> EntryId {
        let (entry, observer) = self.cache.observe(self.now, key(id), options);
        self.observers.push((entry, observer));
        self.flush();
        entry
    }

    /// The one who came first goes.
    fn release(&mut self, entry: EntryId) {
        let at = self.observers.iter().position(|(each, _)| *each == entry).unwrap();
        let (_, observer) = self.observers.remove(at);
        self.cache.release(self.now, entry, observer);
        self.flush();
    }

    /// Records a fact and draws the conclusions.
    fn tell(&mut self, record: impl FnOnce(&mut Cache<Fail>, Instant)) -> &mut Self {
        record(&mut self.cache, self.now);
        self.flush();
        self
    }

    fn invalidate(&mut self, id: u128) -> &mut Self {
        self.tell(|cache, now| {
            cache.invalidate(now, &only(id), "event");
        })
    }

    fn paint(&mut self, id: u128, patch: &Patch) -> &mut Self {
        self.tell(|cache, now| {
            cache.paint(now, &only(id), patch, "event");
        })
    }

    fn begin(&mut self, patch: Patch) -> MutationId {
        self.begin_in(MANNER, patch)
    }

    fn begin_in(&mut self, manner: Manner, patch: Patch) -> MutationId {
        let mutation = self.cache.begin(self.now, manner, vec![(key(1).into(), patch)]);
        self.flush();
        mutation
    }

    fn commit(&mut self, mutation: MutationId, outcome: Patch) {
        self.tell(|cache, now| cache.commit(now, mutation, vec![(key(1).into(), outcome)]));
    }

    fn fail(&mut self, mutation: MutationId, error: Fail) -> Fate {
        let fate = self.cache.fail(self.now, mutation, &error);
        self.flush();
        fate
    }

    fn roll_back(&mut self, mutation: MutationId) {
        self.fail(mutation, Fail::Final);
    }

    fn land(&mut self, entry: EntryId, flight: FlightId, result: Result<u64, Fail>) -> &mut Self {
        self.cache
            .land(self.now, entry, flight, result.map(|value| (Value::new(value), 8)));
        self.flush();
        self
    }

    /// The fetches that have departed since this was last asked.
    fn departures(&mut self) -> Vec<FlightId> {
        std::mem::take(&mut self.effects)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Fetch { flight, .. } => Some(flight),
                _ => None,
            })
            .collect()
    }

    /// The one fetch that has departed, and no other.
    #[track_caller]
    fn departed(&mut self, entry: EntryId) -> FlightId {
        assert!(self.snapshot(entry).fetching);
        let departures = self.departures();
        assert_eq!(departures.len(), 1, "{departures:?}");
        departures[0]
    }

    #[track_caller]
    fn nothing_departed(&mut self) -> &mut Self {
        assert_eq!(self.departures(), []);
        self
    }

    #[track_caller]
    fn snapshot(&self, entry: EntryId) -> Snapshot<Fail> {
        self.cache.snapshot(self.now, entry).unwrap()
    }

    /// The mutations that are sent since this was last asked.
    fn sent(&mut self) -> Vec<MutationId> {
        let sent = self.effects.iter().filter_map(|effect| match effect {
            Effect::Send { mutation } => Some(*mutation),
            _ => None,
        });
        let sent = sent.collect();
        self.effects.clear();
        sent
    }

    fn shown(&self, entry: EntryId) -> Option<u64> {
        self.cache
            .snapshot(self.now, entry)?
            .data?
            .get::<u64>()
            .map(|value| *value)
    }

    fn is_stale(&self, entry: EntryId) -> bool {
        self.snapshot(entry).stale
    }

    /// What observers were told since this was last asked.
    fn told(&mut self) -> Vec<Changed> {
        std::mem::take(&mut self.effects)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Notify { changed, .. } => Some(changed),
                _ => None,
            })
            .collect()
    }
}
