//! A server that changes while the cache looks: whatever happens in between, once it is quiet both agree.

use std::collections::HashMap;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

struct Request {
    entry: EntryId,
    reads_at: u64,
    lands_at: u64,
    read: Option<u64>,
    fails: bool,
}

#[test]
fn when_it_is_quiet_the_cache_equals_the_server() {
    for seed in 0..if cfg!(target_arch = "wasm32") { 40 } else { 600 } {
        run(seed);
    }
}

#[expect(clippy::too_many_lines, reason = "one world, told in the order in which it happens")]
fn run(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut cache = Cache::<Fail>::new(seed);
    let options = Options {
        min_gap: Duration::from_millis(30 * rng.u64(0..3)),
        backoff: Backoff {
            base: Duration::from_millis(20),
            ..OPTIONS.backoff
        },
        ..OPTIONS
    };
    // The server keeps a bit for every write of a person and counts everybody else's changes above them.
    let (mut server, mut bit) = (0_u64, 0_u32);
    let mut echoes: Vec<u64> = Vec::new();
    let mut requests: HashMap<FlightId, Request> = HashMap::new();
    let mut mutations: Vec<(MutationId, u64, u64, bool)> = Vec::new();
    let (mut observers, mut pushed) = (Vec::new(), true);
    cache.set_pushed(true);
    let active_until = 400 + rng.u64(0..400);

    for ms in 0..active_until + 60_000 {
        let now = Instant::from_millis(ms);
        if ms < active_until {
            match rng.u32(0..60) {
                0..=5 => {
                    server += 1 << 32;
                    if pushed {
                        echoes.push(ms + rng.u64(0..15));
                    }
                }
                6 | 7 => observers.push(cache.observe(now, key(1), options)),
                8 if !observers.is_empty() => cache.release(now, observers.swap_remove(rng.usize(..observers.len()))),
                9 => cache.set_online(now, rng.bool()),
                10 => cache.revalidate(now),
                11 => {
                    // The stream is lost, or comes back and says that something may have been missed.
                    pushed = !pushed;
                    cache.set_pushed(pushed);
                    if pushed {
                        cache.invalidate(&Selector::all());
                    }
                }
                12 | 13 if bit < 30 => {
                    let mine = 1 << bit;
                    bit += 1;
                    let mutation = cache.begin(now, [(key(1), or(mine))]);
                    mutations.push((mutation, mine, ms + rng.u64(0..60), rng.u8(..3) == 0));
                }
                _ => {}
            }
        } else if ms == active_until {
            cache.set_online(now, true);
            if !pushed {
                pushed = true;
                cache.set_pushed(true);
                cache.invalidate(&Selector::all());
            }
            observers.push(cache.observe(now, key(1), options));
        }
        mutations.retain(|&(mutation, mine, due, refused)| {
            if due > ms {
                return true;
            }
            if refused {
                cache.roll_back(mutation);
            } else {
                server |= mine;
                if pushed {
                    echoes.push(ms + rng.u64(0..10));
                }
                cache.commit(mutation, [(key(1), or(mine))]);
            }
            false
        });
        echoes.retain(|due| {
            let due = *due <= ms;
            if due && pushed {
                cache.invalidate(&only(1));
            }
            !due
        });
        for request in requests
            .values_mut()
            .filter(|request| request.read.is_none() && request.reads_at <= ms)
        {
            request.read = Some(server);
        }
        let landed: Vec<_> = requests
            .iter()
            .filter(|(_, request)| request.lands_at <= ms)
            .map(|(id, _)| *id)
            .collect();
        for flight in landed {
            let Request { entry, read, fails, .. } = requests.remove(&flight).unwrap();
            let result = if fails {
                Err(Fail::Passing)
            } else {
                Ok(Value::new(read.unwrap()))
            };
            cache.land(now, entry, flight, result);
        }
        for effect in cache.flush(now) {
            match effect {
                Effect::Fetch { entry, flight } => {
                    assert!(requests.is_empty(), "two fetches of one key, seed {seed}");
                    let reads_at = ms + rng.u64(0..30);
                    let fails = ms < active_until && rng.u8(..5) == 0;
                    requests.insert(
                        flight,
                        Request {
                            entry,
                            reads_at,
                            lands_at: reads_at + rng.u64(0..40),
                            read: None,
                            fails,
                        },
                    );
                }
                Effect::Abort { flight } => drop(requests.remove(&flight)),
                Effect::Notify { .. } | Effect::Evict { .. } => {}
            }
        }
        if let Some(entry) = observers.first() {
            let snapshot = cache.snapshot(*entry).unwrap();
            assert_eq!(
                snapshot.fetching,
                !requests.is_empty(),
                "says it is fetching and is not, seed {seed}"
            );
        }
        let quiet = ms > active_until && requests.is_empty() && mutations.is_empty() && echoes.is_empty();
        if quiet
            && cache
                .poll_timeout()
                .is_none_or(|due| due > now + Duration::from_secs(20))
        {
            break;
        }
    }
    let snapshot = cache.snapshot(*observers.last().unwrap()).unwrap();
    assert!(
        !snapshot.stale && snapshot.error.is_none(),
        "not at rest, seed {seed}: {snapshot:?}"
    );
    assert_eq!(
        snapshot.data.unwrap().get::<u64>().map(|value| *value),
        Some(server),
        "not the truth, seed {seed}"
    );
}
