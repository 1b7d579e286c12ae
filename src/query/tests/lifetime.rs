//! Entries come, are shared, grow old and go.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn a_hundred_observers_share_one_fetch() {
    let mut world = World::new();
    let entries: Vec<_> = (0..100)
        .map(|_| world.cache.observe(world.now, key(1), OPTIONS).0)
        .collect();
    world.flush();
    assert!(entries.iter().all(|entry| *entry == entries[0]));
    let flight = world.departed(entries[0]);
    world.observe(1);
    world.nothing_departed();
    world.land(entries[0], flight, Ok(1)).invalidate(1).departed(entries[0]);
}

#[test]
fn mount_refetches_only_stale_data() {
    let (mut world, entry) = World::showing(1);
    world.release(entry);
    world.at(299_999).observe(1);
    world.nothing_departed();
    world.release(entry);
    world.at(300_000).observe(1);
    world.departed(entry);
    assert_eq!(world.shown(entry), Some(1));
}

#[test]
fn while_nothing_is_pushed_no_data_is_fresh() {
    let (mut world, entry) = World::showing(1);
    world.cache.set_pushed(world.now, false);
    world.at(10).cache.revalidate(Instant::from_millis(10));
    world.flush();
    world.departed(entry);
}

#[test]
fn return_joins_running_fetch() {
    let (mut world, entry) = World::showing(0);
    world.invalidate(1);
    let flight = world.departed(entry);
    world.cache.revalidate(world.now);
    world.flush();
    world.land(entry, flight, Ok(1)).nothing_departed();
}

#[test]
fn leafing_through_tabs_counts_once_in_ten_seconds() {
    let (mut world, entry) = World::showing(0);
    world.cache.set_pushed(world.now, false);
    for (ms, reads) in [(0, true), (9_999, false), (10_000, true)] {
        world.at(ms).cache.revalidate(Instant::from_millis(ms));
        world.flush();
        let departures = world.departures();
        assert_eq!(!departures.is_empty(), reads, "at {ms} ms");
        for flight in departures {
            world.land(entry, flight, Ok(0));
        }
    }
}

#[test]
fn unobserved_entry_remembers_invalidation() {
    let (mut world, entry) = World::showing(0);
    world.release(entry);
    world.at(10).invalidate(1).nothing_departed();
    world.at(20).observe(1);
    world.departed(entry);
}

#[test]
fn a_page_that_replaces_another_keeps_its_fetch() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.release(entry);
    world.at(49).observe(1);
    world.at(1_000).nothing_departed();
    world.land(entry, flight, Ok(3));
    assert_eq!(world.shown(entry), Some(3));
}

#[test]
fn entry_expires_after_last_observer() {
    let (mut world, entry) = World::showing(0);
    world.at(10).release(entry);
    world.invalidate(1).at(300_009);
    assert_eq!(world.cache.len(), 1);
    world.at(300_010);
    assert!(world.effects.contains(&Effect::Evict { entry }));
    assert!(world.cache.is_empty());
    assert_eq!(world.cache.poll_timeout(), None);
}

#[test]
fn forgetting_everything_fences_what_is_under_way() {
    let (mut world, old) = World::showing(1);
    world.invalidate(1);
    let flight = world.departed(old);
    world.cache.clear(world.now);
    world.flush();
    assert_eq!(world.effects, [Effect::Abort { flight }, Effect::Evict { entry: old }]);
    world.effects.clear();
    assert_eq!(world.shown(old), None);
    let entry = world.observe(1);
    let fresh = world.departed(entry);
    world.land(old, flight, Ok(666)).land(entry, flight, Ok(666));
    assert_eq!(world.shown(entry), None, "nothing of before comes back");
    world.land(entry, fresh, Ok(2));
    assert_eq!(world.shown(entry), Some(2));
}

#[test]
fn observers_are_told_once_per_change() {
    let mut world = World::new();
    let entry = world.observe(1);
    assert_eq!(world.told().len(), 1, "that a fetch is under way");
    let flight = FlightId(2);
    world.land(entry, flight, Ok(5));
    let told = world.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].intersects(Changed::DATA) && told[0].intersects(Changed::FETCHING));
    assert!(!told[0].intersects(Changed::ERROR));
    world.flush();
    assert_eq!(world.told(), []);
}
