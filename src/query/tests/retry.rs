//! Failures: tried again at growing distances, never in vain, never for ever.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Fails every attempt; returns when each of them departed.
fn fail_all(world: &mut World, entry: EntryId, until: u64) -> Vec<u64> {
    let mut departures = Vec::new();
    let mut departed = world.departures();
    loop {
        for flight in std::mem::take(&mut departed) {
            departures.push(world.now.as_millis());
            world.land(entry, flight, Err(Fail::Passing));
        }
        match world
            .cache
            .poll_timeout()
            .map(Instant::as_millis)
            .filter(|due| *due <= until)
        {
            Some(due) => departed = world.at(due).departures(),
            None => return departures,
        }
    }
}

#[test]
fn a_passing_failure_is_tried_again_three_times() {
    let mut world = World::new();
    let entry = world.observe(1);
    assert_eq!(fail_all(&mut world, entry, 200_000), [0, 1_000, 3_000, 7_000]);
    let snapshot = world.snapshot(entry);
    assert!(snapshot.error == Some(Fail::Passing) && !snapshot.retrying && !snapshot.fetching);
}

#[test]
fn a_final_failure_is_not_tried_again() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world
        .land(entry, flight, Err(Fail::Final))
        .at(200_000)
        .nothing_departed();
}

#[test]
fn event_fetches_during_retry_wait() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world
        .land(entry, flight, Err(Fail::Passing))
        .at(10)
        .invalidate(1)
        .departed(entry);
}

#[test]
fn retry_after_holds_for_events() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world
        .land(entry, flight, Err(Fail::Later(7_000)))
        .invalidate(1)
        .at(6_999)
        .nothing_departed();
    world.at(7_000).departed(entry);
}

#[test]
fn exhausted_entry_is_revived_by_signals() {
    type Revive = fn(&mut World, EntryId);
    let revivals: [Revive; 6] = [
        |world, _| {
            world.cache.invalidate(world.now, &only(1), "event");
        },
        |world, _| world.cache.revalidate(world.now),
        |world, _| world.cache.set_online(world.now, true),
        |world, _| world.cache.set_pushed(world.now, true),
        |world, entry| world.cache.refetch(world.now, entry),
        |world, entry| {
            world.release(entry);
            world.observe(1);
        },
    ];
    for revive in revivals {
        let mut world = World::new();
        let entry = world.observe(1);
        fail_all(&mut world, entry, 100_000);
        revive(&mut world, entry);
        world.flush();
        world.departed(entry);
    }
}

#[test]
fn stalled_fetch_restarts_on_reconnection() {
    let mut world = World::new();
    let entry = world.observe(1);
    let hanging = world.departed(entry);
    world.at(1_000).tell(|cache, now| cache.set_pushed(now, false));
    // It may have gone out over a connection that has died since.
    world.at(5_000).tell(|cache, now| cache.set_pushed(now, true));
    assert!(world.effects.contains(&Effect::Abort { flight: hanging }));
    let flight = world.departed(entry);
    world.land(entry, hanging, Ok(7)).land(entry, flight, Ok(8));
    assert_eq!(world.shown(entry), Some(8), "what was given up has no effect");
    world.nothing_departed();
}

#[test]
fn young_fetch_is_not_restarted() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.tell(|cache, now| cache.set_pushed(now, false));
    world.at(4_999).tell(|cache, now| cache.set_pushed(now, true));
    world.at(60_000).tell(|cache, now| cache.set_pushed(now, true));
    assert!(!world.effects.contains(&Effect::Abort { flight }));
    world.nothing_departed().land(entry, flight, Ok(7));
    assert_eq!(world.shown(entry), Some(7));
}

#[test]
fn joining_observer_does_not_refetch_failing_key() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Final));
    world.observe(1);
    world.nothing_departed();
}

#[test]
fn success_ends_the_error_and_the_waiting() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Passing));
    world.cache.refetch(world.now, entry);
    world.flush();
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(1)).at(100_000).nothing_departed();
    assert_eq!(world.snapshot(entry).error, None);
}

#[test]
fn offline_nothing_departs_and_nothing_is_forgotten() {
    let (mut world, entry) = World::showing(0);
    world.cache.set_online(world.now, false);
    world.cache.set_pushed(world.now, false);
    for _ in 0..5 {
        world.invalidate(1).nothing_departed();
    }
    world.cache.set_online(world.now, true);
    world.flush();
    world.departed(entry);
}

#[test]
fn push_proves_the_network() {
    let mut world = World::new();
    world.cache.set_pushed(world.now, false);
    world.cache.set_online(world.now, false);
    let entry = world.observe(1);
    world.nothing_departed();
    world.cache.set_pushed(world.now, true);
    world.flush();
    world.departed(entry);
}

#[test]
fn nobody_retries_for_nobody() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Passing));
    world.release(entry);
    world.at(100_000).nothing_departed();
}
