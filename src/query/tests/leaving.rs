//! Who leaves takes nothing from those who stay; what nobody wants is forgotten, and nothing else is.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const KEPT_FOR_NO_TIME: Options = Options {
    keep_for: Duration::ZERO,
    ..OPTIONS
};

/// A cache whose key 1 has one observer, and has failed in passing.
fn failing() -> (World, EntryId) {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Passing));
    (world, entry)
}

#[test]
fn without_retries_the_first_failure_is_the_last() {
    let mut world = World::new();
    let options = Options {
        max_retries: 0,
        ..OPTIONS
    };
    let entry = world.observe_with(1, options);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Passing));
    assert!(world.snapshot(entry).final_error().is_some());
    world.at(200_000).nothing_departed();
}

#[test]
fn retry_honours_server_delay_and_backoff() {
    for (asked, waits) in [(7_000, 7_000), (10, 1_000)] {
        let mut world = World::new();
        let entry = world.observe(1);
        let flight = world.departed(entry);
        world.land(entry, flight, Err(Fail::Later(asked)));
        world.at(waits - 1).nothing_departed();
        world.at(waits);
        let flight = world.departed(entry);
        world.land(entry, flight, Ok(1)).at(200_000).nothing_departed();
    }
}

#[test]
fn success_starts_the_counting_of_failures_anew() {
    let polling = Options {
        poll_every: Some(Duration::from_secs(10)),
        ..OPTIONS
    };
    let mut world = World::new();
    let entry = world.observe_with(1, polling);
    for start in [0, 11_000, 22_000] {
        let flight = world.departed(entry);
        world.land(entry, flight, Err(Fail::Passing));
        world.at(start + 999).nothing_departed();
        world.at(start + 1_000);
        let flight = world.departed(entry);
        world.land(entry, flight, Ok(1)).at(start + 11_000);
    }
}

#[test]
fn observers_share_one_retry() {
    let (mut world, entry) = failing();
    world.observe(1);
    world.observe(1);
    // Of the three the one for whom it was fetched goes.
    world.release(entry);
    world.at(999).nothing_departed();
    world.at(1_000).departed(entry);
}

#[test]
fn new_observer_revives_abandoned_failing_key() {
    let (mut world, entry) = failing();
    world.release(entry);
    world.at(500).observe(1);
    let flight = world.departed(entry);
    world
        .land(entry, flight, Err(Fail::Passing))
        .at(2_499)
        .nothing_departed();
    world.at(2_500).departed(entry);
}

#[test]
fn observer_without_mount_fetch_revives_nothing() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Final));
    world.release(entry);
    let never = Options {
        on_mount: OnMount::Never,
        ..OPTIONS
    };
    world.observe_with(1, never);
    world.at(10_000).nothing_departed();
    assert_eq!(world.snapshot(entry).final_error(), Some(&Fail::Final));
}

#[test]
fn what_was_never_fetched_is_forgotten_too() {
    let mut world = World::new();
    world.tell(|cache, now| cache.set_visible(now, false));
    let entry = world.observe(1);
    world.release(entry);
    world.at(299_999);
    assert_eq!(world.cache.len(), 1);
    world.at(300_000);
    assert!(world.cache.is_empty());
}

#[test]
fn zero_keep_survives_page_change() {
    let mut world = World::new();
    let entry = world.observe_with(1, KEPT_FOR_NO_TIME);
    let flight = world.departed(entry);
    world.release(entry);
    assert_eq!(world.at(49).observe_with(1, KEPT_FOR_NO_TIME), entry);
    world.nothing_departed().land(entry, flight, Ok(1));
    assert_eq!(world.shown(entry), Some(1));
    world.at(60_000).nothing_departed();
    world.release(entry);
    assert!(world.cache.is_empty());
    let again = world.observe_with(1, KEPT_FOR_NO_TIME);
    assert_ne!(again, entry);
    world.effects.retain(|effect| !matches!(effect, Effect::Evict { .. }));
    world.departed(again);
}

#[test]
fn prefetched_entry_survives_until_fetched() {
    let mut world = World::new();
    let entry = world.cache.prefetch(world.now, key(1), KEPT_FOR_NO_TIME);
    world.flush();
    let flight = world.departed(entry);
    world.at(100_000);
    assert_eq!(world.cache.len(), 1);
    world.land(entry, flight, Ok(1));
    assert!(world.cache.is_empty());
}

#[test]
fn prefetch_outlives_its_joined_observer() {
    let mut world = World::new();
    let entry = world.cache.prefetch(world.now, key(1), OPTIONS);
    world.flush();
    let flight = world.departed(entry);
    world.observe(1);
    world.release(entry);
    world.at(5_000);
    assert!(!world.effects.contains(&Effect::Abort { flight }));
    world.land(entry, flight, Ok(1)).observe(1);
    world.nothing_departed();
    assert_eq!(world.shown(entry), Some(1));
}

#[test]
fn for_ever_is_longer_than_any_clock() {
    let for_ever = Options {
        stale_after: Duration::MAX,
        keep_for: Duration::MAX,
        min_gap: Duration::ZERO,
        ..OPTIONS
    };
    let mut world = World::new();
    let entry = world.observe_with(1, for_ever);
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(1)).at(1 << 33);
    world.release(entry);
    world.at(1 << 34).observe_with(1, for_ever);
    world.nothing_departed();
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(1), false));
}
