//! What the cache itself costs: finding keys, applying answers, observers coming and going.

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    host::benches();
    criterion::Criterion::default().configure_from_args().final_summary();
}

/// Criterion is for the host only.
#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::unwrap_used, reason = "a measurement that can not go on must say so")]
mod host {
    use std::hint::black_box;
    use std::rc::Rc;
    use std::time::Duration;

    use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group};
    use freshet::query::{
        Cache, Effect, EntryId, Fault, FlightId, Item, Key, List, ObserverId, OnMount, Options, Patch, Retry, Selector,
        Value,
    };
    use freshet::time::Instant;

    #[derive(Clone, PartialEq)]
    struct Never;

    impl Fault for Never {
        fn retry(&self) -> Retry {
            Retry::Never
        }
    }

    /// Something as large as an action.
    #[derive(Clone, PartialEq)]
    struct Row {
        id: u128,
        text: String,
        more: [u64; 8],
    }

    impl Item for Row {
        fn id(&self) -> u128 {
            self.id
        }
    }

    const ROWS: u128 = 1_000;

    fn row(id: u128, version: usize) -> Rc<Row> {
        Rc::new(Row {
            id,
            text: format!("Follow up with the team about the quarterly planning, as agreed ({version})"),
            more: [7; 8],
        })
    }

    struct Actions;

    fn key(session: u128) -> Key {
        Key::of::<Actions>()
            .segment("actions")
            .param("coaching_session_id", session)
            .build()
    }

    const NOW: Instant = Instant::from_millis(1_000_000);

    /// A cache in which this many keys are observed and fresh.
    fn filled(keys: u128) -> (Cache<Never>, Vec<(EntryId, ObserverId)>) {
        let mut cache = Cache::new(1);
        cache.set_pushed(NOW, true);
        let observers: Vec<_> = (0..keys)
            .map(|id| cache.observe(NOW, key(id), Options::default()))
            .collect();
        land(&mut cache, &Value::new(String::new()));
        (cache, observers)
    }

    /// Flushes, and answers every fetch with this.
    fn land(cache: &mut Cache<Never>, value: &Value) {
        for effect in cache.flush(NOW) {
            if let Effect::Fetch { entry, flight, .. } = effect {
                cache.land(NOW, entry, flight, Ok((value.clone(), 1)));
            }
        }
        drop(cache.flush(NOW));
    }

    fn invalidate(criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("invalidate one of");
        for keys in [100, 10_000, 100_000] {
            let (mut cache, _) = filled(keys);
            let mut next = 0;
            group.bench_function(BenchmarkId::from_parameter(keys), |bencher| {
                bencher.iter(|| {
                    next = (next + 7) % keys;
                    let selector = Selector::segment("actions").within("coaching_session_id", next);
                    let matches = cache.invalidate(NOW, &selector, "event");
                    // What follows is answered, so that each time is like the first.
                    for effect in cache.flush(NOW) {
                        if let Effect::Fetch { entry, flight, .. } = effect {
                            cache.land(NOW, entry, flight, Ok((Value::new(String::new()), 1)));
                        }
                    }
                    black_box((matches, cache.flush(NOW)))
                });
            });
        }
        group.finish();
    }

    /// A list that is shown, row by row, and the fetch under way for it.
    fn shown() -> (Cache<Never>, EntryId, FlightId, List<Row>) {
        let mut cache = Cache::new(1);
        cache.set_pushed(NOW, true);
        let list: List<Row> = (0..ROWS).map(|id| row(id, 0)).collect();
        let mut entry = None;
        for _ in 0..=ROWS {
            entry = Some(cache.observe(NOW, key(1), Options::default()).0);
        }
        land(&mut cache, &Value::new(list.clone()));
        cache.invalidate(NOW, &Selector::all(), "event");
        let flight = cache.flush(NOW).into_iter().find_map(|effect| match effect {
            Effect::Fetch { flight, .. } => Some(flight),
            _ => None,
        });
        (cache, entry.unwrap(), flight.unwrap(), list)
    }

    fn apply(criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("apply 1,000 rows");
        let (cache, entry, flight, list) = shown();
        let read_anew = |changed: fn(u128) -> bool| -> List<Row> {
            (0..ROWS).map(|id| row(id, usize::from(changed(id)))).collect()
        };
        let cases = [
            ("the same bytes", list.clone()),
            ("one row read anew, equal", list.with(&row(500, 0))),
            ("one row changed", list.with(&row(500, 1))),
            ("all read anew, equal", read_anew(|_| false)),
            ("all changed", read_anew(|_| true)),
        ];
        for (name, answer) in cases {
            group.bench_function(name, |bencher| {
                bencher.iter_batched(
                    || (cache.clone(), Value::new(answer.clone())),
                    |(mut cache, value)| {
                        cache.land(NOW, entry, flight, Ok((value, 1)));
                        (cache.flush(NOW), cache)
                    },
                    BatchSize::SmallInput,
                );
            });
        }
        group.bench_function("paint one row", |bencher| {
            let changed = row(500, 2);
            let patch = Patch::new(move |list: &List<Row>| list.with(&changed));
            bencher.iter_batched(
                || cache.clone(),
                |mut cache| {
                    cache.paint(NOW, &Selector::segment("actions"), &patch, "event");
                    (cache.flush(NOW), cache)
                },
                BatchSize::SmallInput,
            );
        });
        group.finish();
    }

    fn observe(criterion: &mut Criterion) {
        let (mut cache, _) = filled(1_000);
        criterion.bench_function("observe and release", |bencher| {
            bencher.iter(|| {
                let (entry, observer) = cache.observe(NOW, key(500), Options::default());
                cache.release(NOW, entry, observer);
                black_box(cache.flush(NOW))
            });
        });
        criterion.bench_function("observe and release the 1,000 rows of a list", |bencher| {
            bencher.iter(|| {
                // As a list does, and then its rows.
                let list = cache.observe(NOW, key(5), Options::default());
                let row = Options {
                    on_mount: OnMount::Never,
                    ..Options::default()
                };
                let rows: Vec<_> = (0..ROWS).map(|_| cache.observe(NOW, key(5), row)).collect();
                for (entry, observer) in rows.into_iter().chain([list]) {
                    cache.release(NOW, entry, observer);
                }
                black_box(cache.flush(NOW))
            });
        });
    }

    fn configured() -> Criterion {
        Criterion::default()
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1))
            .sample_size(30)
    }

    criterion_group! {
        name = benches;
        config = configured();
        targets = invalidate, apply, observe
    }
}
