//! Events and fetches overtake each other in every way, and nothing is lost.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn refetches_once_for_events_during_fetch() {
    let mut world = World::new();
    let entry = world.observe(1);
    let first = world.departed(entry);
    world.invalidate(1).nothing_departed();
    world.land(entry, first, Ok(5));
    assert_eq!(world.shown(entry), Some(5), "what came is shown");
    assert!(world.is_stale(entry), "and known to be old");
    let second = world.departed(entry);
    world.land(entry, second, Ok(6)).nothing_departed();
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(6), false));
}

#[test]
fn ten_events_during_a_fetch_read_once_more() {
    let (mut world, entry) = World::showing(0);
    world.invalidate(1);
    let first = world.departed(entry);
    for ms in 1..=10 {
        world.at(ms).invalidate(1);
    }
    world.nothing_departed();
    world.land(entry, first, Ok(1));
    let second = world.departed(entry);
    world.land(entry, second, Ok(2)).nothing_departed();
    assert!(!world.is_stale(entry));
}

#[test]
fn ten_events_in_one_breath_read_once() {
    let (mut world, entry) = World::showing(0);
    for _ in 0..10 {
        world.cache.invalidate(world.now, &only(1), "event");
    }
    world.flush();
    world.departed(entry);
}

#[test]
fn one_event_through_two_selectors_reads_once() {
    let (mut world, entry) = World::showing(0);
    world.cache.invalidate(world.now, &only(1), "event");
    world.cache.invalidate(world.now, &Selector::all(), "event");
    world.flush();
    world.departed(entry);
}

#[test]
fn frequent_events_do_not_starve_screen() {
    let (mut world, entry) = World::showing(0);
    let (mut server, mut landing, mut fetches, mut updates) = (0, None, 0, 0);
    for ms in 10..1_300 {
        world.at(ms);
        if ms % 20 == 0 && ms < 1_010 {
            server += 1;
            world.invalidate(1);
        }
        if let Some((flight, read, at)) = landing.take() {
            if ms >= at {
                world.land(entry, flight, Ok(read));
                updates += 1;
            } else {
                landing = Some((flight, read, at));
            }
        }
        for flight in world.departures() {
            fetches += 1;
            landing = Some((flight, server, ms + 60));
        }
    }
    assert!(updates >= 15 && fetches <= 18, "{updates} updates, {fetches} fetches");
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(server), false));
}

#[test]
fn a_failed_fetch_forgets_no_event() {
    let (mut world, entry) = World::showing(0);
    world.invalidate(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Final)).nothing_departed();
    assert!(world.is_stale(entry), "still known to be old");
    assert_eq!(world.shown(entry), Some(0), "and still shown");
    world.cache.revalidate(world.now);
    world.flush();
    world.departed(entry);
}

#[test]
fn aborted_fetch_has_no_effect() {
    for late in [Ok(777), Err(Fail::Final)] {
        let (mut world, entry) = World::showing(0);
        world.invalidate(1);
        let first = world.departed(entry);
        world.release(entry);
        world.at(60);
        assert!(world.effects.contains(&Effect::Abort { flight: first }));
        assert_eq!(world.observe(1), entry);
        let second = world.departed(entry);
        world.land(entry, first, late);
        let snapshot = world.snapshot(entry);
        assert!(snapshot.fetching && snapshot.error.is_none());
        assert_eq!(world.shown(entry), Some(0));
        world.land(entry, second, Ok(8));
        assert_eq!(world.shown(entry), Some(8));
    }
}

#[test]
fn an_invalidation_touches_only_what_it_names() {
    let mut world = World::new();
    let entries = [1, 2].map(|id| {
        let entry = world.observe(id);
        let flight = world.departed(entry);
        world.land(entry, flight, Ok(0));
        entry
    });
    world.effects.clear();
    world.invalidate(2);
    world.departed(entries[1]);
    assert!(!world.snapshot(entries[0]).fetching);
}

#[test]
fn an_equal_answer_tells_nobody_about_data() {
    let (mut world, entry) = World::showing(4);
    let before = world.snapshot(entry).data.unwrap();
    world.invalidate(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(4));
    assert!(world.told().iter().all(|changed| !changed.intersects(Changed::DATA)));
    assert!(
        world.snapshot(entry).data.unwrap().is(&before),
        "it is the same allocation"
    );
}

#[test]
fn bursts_are_paced_and_nothing_is_dropped() {
    let mut world = World::new();
    let entry = world.observe_with(
        1,
        Options {
            min_gap: Duration::from_millis(500),
            ..OPTIONS
        },
    );
    let flight = world.departed(entry);
    world
        .at(5)
        .land(entry, flight, Ok(0))
        .invalidate(1)
        .at(499)
        .nothing_departed();
    world.at(500).departed(entry);
}
