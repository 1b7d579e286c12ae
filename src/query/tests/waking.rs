//! Sleep that the clock does not count makes data old.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// A cache that shows key 1, fetched ten minutes after the page began.
fn showing() -> (World, EntryId) {
    let (mut world, entry) = World::showing(1);
    world.at(600_000).invalidate(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(1));
    world.effects.clear();
    (world, entry)
}

fn wake_after(world: &mut World, seconds: u64) {
    world.tell(|cache, now| cache.revalidate_after_sleep(now, Duration::from_secs(seconds)));
}

#[test]
fn sleep_ages_the_data() {
    let (mut world, entry) = showing();
    wake_after(&mut world, 299);
    world.nothing_departed();
    assert!(!world.cache.snapshot(world.now, entry).unwrap().stale);
    wake_after(&mut world, 1);
    assert!(world.cache.snapshot(world.now, entry).unwrap().stale);
    world.departed(entry);
}

#[test]
fn sleep_that_was_counted_adds_no_age() {
    let (mut world, entry) = showing();
    world.at(899_999);
    wake_after(&mut world, 0);
    world.nothing_departed();
    world.at(900_000);
    wake_after(&mut world, 0);
    world.departed(entry);
}

#[test]
fn data_that_nobody_looked_at_grows_older_too() {
    let (mut world, entry) = showing();
    world.release(entry);
    wake_after(&mut world, 300);
    world.nothing_departed();
    world.observe(1);
    world.departed(entry);
}

#[test]
fn data_turns_stale_sooner_after_sleep() {
    let (mut world, entry) = showing();
    wake_after(&mut world, 200);
    world.at(699_999);
    assert!(!world.cache.snapshot(world.now, entry).unwrap().stale);
    assert_eq!(world.cache.poll_timeout(), Some(Instant::from_millis(700_000)));
}
