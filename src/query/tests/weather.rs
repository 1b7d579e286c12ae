//! The network comes and goes, people look and look away: nothing is read in vain and nothing is forgotten.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

impl World {
    fn set_network(&mut self, is_there: bool) -> &mut Self {
        self.tell(|cache, now| {
            cache.set_pushed(now, is_there);
            cache.set_online(now, is_there);
        })
    }

    fn set_visible(&mut self, visible: bool) -> &mut Self {
        self.tell(|cache, now| cache.set_visible(now, visible))
    }
}

#[test]
fn return_fetches_only_stale_entries() {
    let (mut world, entry) = World::showing(1);
    world.at(20_000).tell(Cache::revalidate).nothing_departed();
    world.at(300_000).tell(Cache::revalidate).departed(entry);
}

#[test]
fn offline_first_load_waits_without_failure() {
    let mut world = World::new();
    world.set_network(false);
    let entry = world.observe(1);
    world.at(60_000).nothing_departed();
    let snapshot = world.snapshot(entry);
    assert!(snapshot.paused && !snapshot.fetching && snapshot.error.is_none());
    world.set_network(true);
    let flight = world.departed(entry);
    assert!(!world.snapshot(entry).paused);
    world.land(entry, flight, Ok(1)).nothing_departed();
}

#[test]
fn network_return_fetches_for_remaining_observers() {
    let mut world = World::new();
    world.set_network(false);
    let first_load = world.observe(1);
    world.release(first_load);
    world.set_network(true).nothing_departed();

    let (mut world, entry) = World::showing(1);
    world.set_network(false).invalidate(1);
    world.release(entry);
    world.set_network(true).nothing_departed();
    world.observe(1);
    world.departed(entry);
}

#[test]
fn flapping_network_causes_one_fetch() {
    let (mut world, entry) = World::showing(1);
    world.set_network(false).invalidate(1);
    for _ in 0..5 {
        world.cache.set_online(world.now, true);
        world.cache.set_online(world.now, false);
    }
    world.tell(|cache, now| cache.set_online(now, true));
    let flight = world.departed(entry);
    for _ in 0..5 {
        world.tell(|cache, now| cache.set_online(now, false));
        world.tell(|cache, now| cache.set_online(now, true));
    }
    world.nothing_departed().land(entry, flight, Ok(2)).nothing_departed();
    assert_eq!(world.shown(entry), Some(2));
    assert!(!world.snapshot(entry).fetching);
}

#[test]
fn offline_return_fetches_when_online() {
    let (mut world, entry) = World::showing(1);
    world.at(1_000).set_network(false);
    world.at(400_000).tell(Cache::revalidate).nothing_departed();
    world.at(400_100).set_network(true).departed(entry);
}

#[test]
fn hidden_tab_fetches_nothing_when_online() {
    let (mut world, entry) = World::showing(1);
    world.at(400_000).set_visible(false).set_network(false);
    world.invalidate(1).set_network(true).nothing_departed();
    world.set_visible(true).departed(entry);
}

#[test]
fn retry_waits_for_network_and_visibility() {
    let takes: [fn(&mut World, bool) -> &mut World; 2] = [World::set_network, World::set_visible];
    for take in takes {
        let mut world = World::new();
        let entry = world.observe(1);
        let flight = world.departed(entry);
        world.land(entry, flight, Err(Fail::Passing));
        take(world.at(500), false).at(100_000).nothing_departed();
        let snapshot = world.snapshot(entry);
        assert!(snapshot.paused && snapshot.final_error().is_none());
        take(&mut world, true);
        let flight = world.departed(entry);
        world.land(entry, flight, Ok(1)).at(200_000).nothing_departed();
    }
}

#[test]
fn running_fetch_may_finish_offline() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.set_network(false);
    assert!(world.snapshot(entry).fetching);
    world.land(entry, flight, Ok(1));
    let snapshot = world.snapshot(entry);
    assert!(!snapshot.fetching && !snapshot.paused);
    assert_eq!(world.shown(entry), Some(1));
}
