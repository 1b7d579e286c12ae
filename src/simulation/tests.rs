//! Runs thousands of worlds.

use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::tally::Tally;
use super::world::World;

/// The default number of worlds.
const WORLDS: u64 = 20_000;
/// The number of broken worlds at which the test ends.
const MOST_BROKEN: usize = 10;

fn number_in(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn every_screen_equals_server_once_quiet() {
    if let Some(seed) = number_in("FRESHET_SEED") {
        println!("{:?}", World::new(seed, true).run());
        return;
    }
    let first = number_in("FRESHET_FIRST").unwrap_or_default();
    let worlds = number_in("FRESHET_SEEDS").unwrap_or(WORLDS);
    let next = AtomicU64::new(first);
    let (broken, total) = (Mutex::new(Vec::new()), Mutex::new(Tally::default()));
    let play = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + worlds || broken.lock().unwrap().len() >= MOST_BROKEN {
                break;
            }
            match catch_unwind(|| World::new(seed, false).run()) {
                Ok(tally) => *total.lock().unwrap() += tally,
                Err(_) => broken.lock().unwrap().push(seed),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(play);
        }
    });
    let broken = broken.into_inner().unwrap();
    assert!(broken.is_empty(), "the worlds with these seeds break: {broken:?}");
    let total = total.into_inner().unwrap();
    println!("{worlds} worlds: {total:?}");
    // Each fault that the app has to survive must have occurred.
    let Tally {
        steps,
        delivered,
        gaps,
        polls,
        steals,
        retold,
        sign_outs,
        changes,
        slept,
        deeds,
        ..
    } = total;
    for (count, of_thousand) in [
        (steps, 100_000),
        (delivered, 10_000),
        (gaps, 1),
        (polls, 1),
        (steals, 1),
        (retold, 1),
        (sign_outs, 1),
        (changes, 1),
        (slept, 1),
        (deeds.folded, 100),
        (deeds.unresolved, 100),
        (deeds.insisted, 10),
        (deeds.taken_up, 1),
        (deeds.probes, 100),
        (deeds.outages, 10),
    ] {
        assert!(count >= worlds * of_thousand / 1_000, "{total:?}");
    }
}
