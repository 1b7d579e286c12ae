//! The cache gives account of itself.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn why(world: &World) -> String {
    let mut explanations = world.cache.explain(world.now);
    explanations.next().unwrap().to_string()
}

#[track_caller]
fn says(world: &World, words: &[&str]) {
    let why = why(world);
    for words in words {
        assert!(why.contains(words), "{words}: {why}");
    }
}

#[test]
fn entry_explains_its_staleness() {
    let mut world = World::new();
    let entry = world.observe(1);
    says(
        &world,
        &["/numbers?id=1", "nothing to show", "1 observers", "is under way"],
    );
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(1)).at(5_000);
    assert_eq!(why(&world), "/numbers?id=1: read 5 s ago, 1 observers");

    world.invalidate(1);
    let flight = world.departed(entry);
    world.invalidate(1);
    says(
        &world,
        &["2 invalidations behind, the last by event", "left before 1 of them"],
    );
    world.land(entry, flight, Err(Fail::Later(7_000)));
    says(&world, &["1 failures", "waits 7000 ms for the server's wish"]);

    world.at(20_000);
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(2)).paint(1, &or(4));
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(6)).paint(1, &or(8));
    says(
        &world,
        &[
            "1 invalidations behind",
            "all painted",
            "ms for the gap between fetches",
        ],
    );
    world.begin(or(16));
    says(&world, &["waits 10000 ms for an own change"]);
    world.tell(|cache, now| cache.set_visible(now, false));
    says(&world, &["paused"]);
}

#[test]
fn hydrated_entry_explains_itself_until_fetched() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.tell(|cache, now| cache.restore(now, entry, Value::new(4_u64), 8));
    says(&world, &["remembered from an earlier visit", "is under way"]);
    world.land(entry, flight, Ok(4));
    assert_eq!(why(&world), "/numbers?id=1: read 0 s ago, 1 observers");
}

#[test]
fn journal_replays_the_cache() {
    let mut world = World::new();
    world.cache.keep_journal();
    let entry = world.observe(1);
    for ms in 1..2_000 {
        world.at(ms);
        match ms % 7 {
            0 => _ = world.invalidate(1),
            1 => _ = world.paint(1, &add(1)),
            2 => {
                let mutation = world.begin(or(64));
                world.fail(mutation, Fail::Final);
            }
            _ => {}
        }
        for flight in world.departures() {
            let result = if ms % 3 == 0 { Err(Fail::Passing) } else { Ok(ms) };
            world.land(entry, flight, result);
        }
    }
    let journal = world.cache.journal().unwrap();
    assert!(
        (256..1_000).contains(&journal.len()),
        "it does not grow for ever: {}",
        journal.len()
    );
    assert_eq!(journal.replay(), []);
    let text = journal.to_string();
    assert!(
        text.contains("Invalidate(") && text.contains("for event") && text.contains("Flush -> [Fetch"),
        "{text}"
    );
}
