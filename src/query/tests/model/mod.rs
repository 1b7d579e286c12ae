//! A server that changes while the cache looks: whatever happens in between, once it is quiet both agree.
//!
//! The server holds a number for each key: a bit for every change that the person at this cache makes, the count of
//! everybody else's above them, and who may read it on top. Requests are read and answered late, in any order, or
//! fail, also after they were carried out; events come late, and what they carry may be old by then.

mod disturb;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const KEYS: usize = 3;
/// The person's own changes.
const OWN: u64 = (1 << 40) - 1;
/// Everybody else's changes, and who may read.
const OTHERS: u64 = !OWN;
const ONE_OF_OTHERS: u64 = 1 << 40;
const PERSON: u32 = 56;

/// Something that happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    /// The server reads what was asked for.
    Read(FlightId),
    /// The answer arrives.
    Land(FlightId),
    /// The server carries a mutation out, unless it refuses it.
    Apply(MutationId),
    /// The answer to a mutation arrives.
    Answer(MutationId),
    /// An event about a key arrives, with what the others had made of it when it was sent.
    Event(usize, Option<u64>),
}

struct Request {
    entry: EntryId,
    at: usize,
    departed: u64,
    read: Option<u64>,
}

struct Change {
    at: usize,
    bit: u64,
    lane: Option<u128>,
    sent: bool,
    refused: bool,
    /// Whether its answer gets lost, once.
    loses_answer: bool,
}

struct Model {
    rng: fastrand::Rng,
    cache: Cache<Fail>,
    now: u64,
    step: u64,
    acts: BinaryHeap<Reverse<(u64, u64, Act)>>,
    server: [u64; KEYS],
    next_bit: u32,
    person: u64,
    entries: BTreeMap<EntryId, usize>,
    /// The own changes that were confirmed when each entry came to be.
    kept: BTreeMap<EntryId, u64>,
    observers: Vec<(usize, EntryId, ObserverId)>,
    requests: BTreeMap<FlightId, Request>,
    changes: BTreeMap<MutationId, Change>,
    /// Bits that the server has confirmed to this cache: they must be shown for ever.
    confirmed: [u64; KEYS],
    /// When each key was invalidated last, and when the newest fetch left whose data it took over, in steps.
    invalidated: [u64; KEYS],
    reflected: [u64; KEYS],
    pushed: bool,
    online: bool,
    is_healed: bool,
    options: Options,
    fetches: u64,
    reasons: u64,
}

#[test]
fn cache_equals_server_once_quiet() {
    let (runs, at_least) = if cfg!(target_arch = "wasm32") {
        (40, 10_000)
    } else {
        (3_500, 1_000_000)
    };
    let steps: u64 = (0..runs).map(|seed| Model::new(seed).run(seed)).sum();
    assert!(steps >= at_least, "{steps} steps");
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let options = Options {
            min_gap: Duration::from_millis(30 * rng.u64(0..3)),
            confirm_gap: Duration::from_millis(100 * rng.u64(0..3)),
            poll_every: (rng.u8(..4) == 0).then_some(Duration::from_millis(200)),
            in_background: rng.bool(),
            backoff: Backoff {
                base: Duration::from_millis(20),
                ..OPTIONS.backoff
            },
            ..OPTIONS
        };
        let mut cache = Cache::new(seed);
        cache.set_pushed(Instant::default(), true);
        if seed.is_multiple_of(16) {
            cache.keep_journal();
        }
        Self {
            rng,
            cache,
            now: 0,
            step: 0,
            acts: BinaryHeap::new(),
            server: [1 << PERSON; KEYS],
            next_bit: 0,
            person: 1,
            entries: BTreeMap::new(),
            kept: BTreeMap::new(),
            observers: Vec::new(),
            requests: BTreeMap::new(),
            changes: BTreeMap::new(),
            confirmed: [0; KEYS],
            invalidated: [0; KEYS],
            reflected: [0; KEYS],
            pushed: true,
            online: true,
            is_healed: false,
            options,
            fetches: 0,
            reasons: 0,
        }
    }

    fn run(mut self, seed: u64) -> u64 {
        let until = 300 + self.rng.u64(0..1_500);
        while self.now < until {
            let next = self.now + self.rng.u64(0..12);
            self.pass_time(next, seed);
            self.disturb();
            self.flush(seed);
        }
        self.heal();
        self.flush(seed);
        // Retries, holds, gaps and polls are over by then, or have begun anew from a healthy state.
        let rest = self.now + 60_000;
        self.pass_time(rest, seed);
        for at in 0..KEYS {
            let (_, entry, _) = self.observers.iter().find(|(each, ..)| *each == at).unwrap();
            let snapshot = self.cache.snapshot(self.instant(), *entry).unwrap();
            assert!(
                !snapshot.stale && snapshot.error.is_none() && !snapshot.paused,
                "not at rest, seed {seed}: {snapshot:?}"
            );
            let shown = snapshot.data.unwrap().get::<u64>().map(|value| *value);
            assert_eq!(shown, Some(self.server[at]), "not the truth, seed {seed}");
        }
        assert_eq!(self.cache.pending(), 0, "a change is stuck, seed {seed}");
        if self.options.poll_every.is_none() {
            assert!(
                self.fetches <= self.reasons * 2 + 10,
                "{} fetches for {} reasons, seed {seed}",
                self.fetches,
                self.reasons
            );
        }
        if let Some(journal) = self.cache.journal() {
            assert!(!journal.is_empty());
            let differences = journal.replay();
            assert!(
                differences.is_empty(),
                "replayed, it decides otherwise, seed {seed}: {differences:?}"
            );
        }
        self.step
    }

    fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn schedule(&mut self, delay: std::ops::Range<u64>, act: Act) {
        self.step += 1;
        let due = self.now + self.rng.u64(delay);
        self.acts.push(Reverse((due, self.step, act)));
    }

    /// What happens by itself until then, in the order in which it is due.
    fn pass_time(&mut self, until: u64, seed: u64) {
        loop {
            let act = self.acts.peek().map(|Reverse((due, ..))| *due);
            let alarm = self.cache.poll_timeout().map(|due| due.as_millis().max(self.now));
            let Some(due) = act.into_iter().chain(alarm).min().filter(|due| *due <= until) else {
                break;
            };
            self.now = self.now.max(due);
            if act == Some(due)
                && let Some(Reverse((_, _, act))) = self.acts.pop()
            {
                self.act(act);
            }
            self.flush(seed);
        }
        self.now = self.now.max(until);
    }

    fn act(&mut self, act: Act) {
        self.step += 1;
        let now = self.instant();
        match act {
            Act::Read(flight) => {
                if let Some(request) = self.requests.get_mut(&flight) {
                    request.read = Some(self.server[request.at]);
                }
            }
            Act::Land(flight) => {
                let Some(request) = self.requests.remove(&flight) else {
                    return;
                };
                let result = match self.rng.u8(..8) {
                    0 if !self.is_healed => Err(Fail::Passing),
                    1 if !self.is_healed => Err(Fail::Later(30)),
                    2 if !self.is_healed => Err(Fail::Away),
                    _ => Ok((Value::new(request.read.unwrap()), 8)),
                };
                if result.is_err() {
                    self.reasons += 4;
                }
                let is_good = result.is_ok();
                let writes_before = self.confirmed[request.at];
                self.cache.land(now, request.entry, flight, result);
                // A confirmed change that came after it left fences it; that it was read anyway counts for less.
                if is_good && request.read.unwrap() & OWN & writes_before == writes_before {
                    self.reflected[request.at] = self.reflected[request.at].max(request.departed);
                }
            }
            Act::Apply(mutation) => {
                if let Some(change) = self.changes.get(&mutation).filter(|change| !change.refused) {
                    self.server[change.at] |= change.bit;
                    let at = change.at;
                    if self.pushed {
                        self.schedule(0..30, Act::Event(at, None));
                    }
                }
            }
            Act::Answer(mutation) => self.answer(mutation),
            Act::Event(at, hint) => {
                if !self.pushed {
                    return;
                }
                self.invalidated[at] = self.step;
                self.reasons += 1;
                match hint {
                    Some(hint) => {
                        let patch = Patch::new(move |value: &u64| value & OWN | hint);
                        self.cache.paint(now, &only(at as u128), &patch, "event");
                    }
                    None => _ = self.cache.invalidate(now, &only(at as u128), "event"),
                }
            }
        }
    }

    fn answer(&mut self, mutation: MutationId) {
        let now = self.instant();
        let Some(change) = self.changes.get_mut(&mutation) else {
            return;
        };
        change.sent = false;
        let (at, bit) = (change.at, change.bit);
        self.reasons += 2;
        if std::mem::take(&mut change.loses_answer) {
            let error = if self.rng.bool() { Fail::Passing } else { Fail::Away };
            if self.cache.fail(now, mutation, &error) == Fate::RolledBack {
                self.changes.remove(&mutation);
                self.invalidated[at] = self.step;
            }
        } else if change.refused {
            assert_eq!(self.cache.fail(now, mutation, &Fail::Final), Fate::RolledBack);
            self.changes.remove(&mutation);
            self.invalidated[at] = self.step;
        } else {
            self.cache
                .commit(now, mutation, vec![(key(at as u128).into(), or(bit))]);
            self.changes.remove(&mutation);
            self.confirmed[at] |= bit;
        }
    }

    fn flush(&mut self, seed: u64) {
        for effect in self.cache.flush(self.instant()) {
            self.step += 1;
            match effect {
                Effect::Fetch { entry, flight, .. } => {
                    let at = self.entries[&entry];
                    assert!(
                        self.requests.values().all(|request| request.at != at),
                        "two fetches of one key, seed {seed}"
                    );
                    let request = Request {
                        entry,
                        at,
                        departed: self.step,
                        read: None,
                    };
                    self.fetches += 1;
                    self.requests.insert(flight, request);
                    let latency = self.rng.u64(1..30);
                    self.schedule(0..latency, Act::Read(flight));
                    self.schedule(latency..latency + 40, Act::Land(flight));
                }
                Effect::Abort { flight } => drop(self.requests.remove(&flight).unwrap()),
                Effect::Send { mutation } => self.send(mutation, seed),
                Effect::Notify { .. } | Effect::Evict { .. } => {}
            }
        }
        self.check(seed);
    }

    fn send(&mut self, mutation: MutationId, seed: u64) {
        let change = &self.changes[&mutation];
        assert!(!change.sent, "sent twice at once, seed {seed}");
        if change.lane.is_some() {
            let earlier = self.changes.range(..mutation);
            let overtaken = earlier.filter(|(_, earlier)| earlier.lane == change.lane);
            assert_eq!(overtaken.count(), 0, "a lane is out of order, seed {seed}");
        }
        self.changes.get_mut(&mutation).unwrap().sent = true;
        let latency = self.rng.u64(1..30);
        self.schedule(0..latency, Act::Apply(mutation));
        self.schedule(latency..latency + 40, Act::Answer(mutation));
    }

    /// What must be true at any time.
    fn check(&self, seed: u64) {
        for (at, entry, _) in &self.observers {
            let snapshot = self.cache.snapshot(self.instant(), *entry).unwrap();
            let under_way = self.requests.values().any(|request| request.at == *at);
            assert_eq!(
                snapshot.fetching, under_way,
                "says it is fetching and is not, seed {seed}"
            );
            let Some(shown) = snapshot.data.and_then(|data| data.get::<u64>()) else {
                continue;
            };
            if self.invalidated[*at] > self.reflected[*at] {
                assert!(snapshot.stale, "an event is forgotten, seed {seed}");
            }
            let pending = self.changes.values().filter(|change| change.at == *at);
            let own = pending.fold(self.confirmed[*at], |bits, change| bits | change.bit);
            assert_eq!(*shown & own, own, "an own change has gone from the screen, seed {seed}");
            assert_eq!(*shown >> PERSON, self.person, "somebody else's data, seed {seed}");
        }
    }
}
