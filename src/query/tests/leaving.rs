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
fn a_retry_waits_as_long_as_the_server_asked_and_never_less_than_the_backoff() {
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
fn however_many_observe_a_failing_key_it_is_tried_again_once_for_all() {
    let (mut world, entry) = failing();
    world.observe(1);
    world.observe(1);
    // Of the three the one for whom it was fetched goes.
    world.release(entry);
    world.at(999).nothing_departed();
    world.at(1_000).departed(entry);
}

#[test]
fn who_comes_when_everybody_has_left_a_failing_key_has_it_read_at_once() {
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
fn who_wants_no_read_on_mount_does_not_revive_a_failure() {
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
fn what_is_kept_for_no_time_survives_a_page_that_replaces_another() {
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
fn what_is_being_prefetched_is_not_forgotten_before_it_has_come() {
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
fn a_prefetch_is_not_given_up_with_a_page_that_joined_it() {
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
