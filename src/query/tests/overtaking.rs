//! Reads, changes and turns to other keys overtake each other, and none of them gets lost.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn a_late_answer_lands_under_its_own_key() {
    let mut world = World::new();
    let one = world.observe(1);
    let late = world.departed(one);
    world.release(one);
    let two = world.observe(2);
    let flight = world.departed(two);
    world.land(one, late, Ok(1)).land(two, late, Ok(666));
    assert_eq!((world.shown(one), world.shown(two)), (Some(1), None));
    world.land(two, flight, Ok(2));
    assert_eq!((world.shown(one), world.shown(two)), (Some(1), Some(2)));
}

#[test]
fn only_observed_entries_are_fetched() {
    let (mut world, one) = World::showing(1);
    world.at(400_000);
    world.effects.clear();
    let (_, observer) = world.observers.pop().unwrap();
    // The person comes back to the page and at once turns to something else.
    world.cache.revalidate(world.now);
    world.cache.release(world.now, one, observer);
    let two = world.observe(2);
    world.departed(two);
    assert!(!world.snapshot(one).fetching);
}

#[test]
fn overtaken_first_fetch_is_repeated() {
    let mut world = World::new();
    let entry = world.observe(1);
    let first = world.departed(entry);
    let mutation = world.begin(or(64));
    world.commit(mutation, or(64));
    world.nothing_departed().land(entry, first, Ok(1));
    let second = world.departed(entry);
    world.land(entry, second, Ok(65)).nothing_departed();
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(65), false));
}

#[test]
fn fetch_beside_hanging_mutation_is_repeated() {
    let (mut world, entry) = World::showing(1);
    let mutation = world.begin(or(64));
    world.invalidate(1).at(10_000);
    let beside = world.departed(entry);
    world.commit(mutation, or(64));
    world.nothing_departed().land(entry, beside, Ok(3));
    assert_eq!(world.shown(entry), Some(65), "it may not know of the change");
    let after = world.departed(entry);
    world.land(entry, after, Ok(67)).nothing_departed();
    assert_eq!(world.shown(entry), Some(67));
}

#[test]
fn late_answer_causes_a_fetch() {
    let (mut world, entry) = World::showing(1);
    let mutation = world.begin(or(64));
    // The server has made the change and the answer is late; somebody else changes the same thing, and both are told.
    world.invalidate(1).at(10_000);
    let beside = world.departed(entry);
    world.land(entry, beside, Ok(2 | 64));
    assert!(!world.is_stale(entry));
    world.commit(mutation, Patch::new(|_: &u64| 1 | 64));
    let after = world.departed(entry);
    world.land(entry, after, Ok(2 | 64)).nothing_departed();
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(2 | 64), false));
}

#[test]
fn answer_after_concurrent_fetch_is_refetched() {
    let (mut world, entry) = World::showing(1);
    world.invalidate(1);
    let flight = world.departed(entry);
    let mutation = world.begin(or(64));
    // The read left before the change was made, and reached the server after it and after another person's change.
    world.land(entry, flight, Ok(2 | 64));
    world.commit(mutation, Patch::new(|_: &u64| 1 | 64));
    let after = world.departed(entry);
    world.land(entry, after, Ok(2 | 64)).nothing_departed();
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(2 | 64), false));
}

#[test]
fn polling_waits_for_a_change_to_settle() {
    let mut world = World::new();
    let polling = Options {
        poll_every: Some(Duration::from_secs(1)),
        ..OPTIONS
    };
    let entry = world.observe_with(1, polling);
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(1));
    let mutation = world.begin(or(64));
    world.at(5_000).nothing_departed();
    world.commit(mutation, or(64));
    world.departed(entry);
}

#[test]
fn a_change_does_not_make_old_data_fresh() {
    let (mut world, entry) = World::showing(1);
    world.tell(|cache, now| cache.set_visible(now, false)).invalidate(1);
    let mutation = world.begin(or(64));
    world.commit(mutation, or(64));
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(65), true));
    world.tell(|cache, now| cache.set_visible(now, true)).departed(entry);
}

#[test]
fn unobserved_mutation_fetches_on_observation() {
    let (mut world, entry) = World::showing(1);
    world.release(entry);
    world.tell(|cache, now| cache.set_pushed(now, false));
    let mutation = world.begin(or(64));
    world.commit(mutation, or(64));
    world.at(1_000).tell(|cache, now| cache.set_pushed(now, true));
    world.nothing_departed().observe(1);
    world.departed(entry);
    assert_eq!(world.shown(entry), Some(65), "meanwhile it is shown");
}

#[test]
fn the_same_change_twice_is_two_changes() {
    let (mut world, entry) = World::showing(0);
    let mutations = [world.begin(add(1)), world.begin(add(1))];
    assert_eq!(world.shown(entry), Some(2));
    assert_eq!(world.sent(), mutations);
}

#[test]
fn what_has_settled_is_never_sent_again() {
    let (mut world, _) = World::showing(0);
    let mutations = [world.begin(or(1)), world.begin(or(2))];
    assert_eq!(world.sent(), mutations);
    world.commit(mutations[0], or(1));
    world.roll_back(mutations[1]);
    for online in [false, true, false, true] {
        world.tell(|cache, now| {
            cache.set_pushed(now, online);
            cache.set_online(now, online);
        });
    }
    assert_eq!(world.at(3_600_000).sent(), []);
    world.commit(mutations[1], or(2));
    assert_eq!(world.cache.pending(), 0);
}

#[test]
fn an_event_reaches_what_nobody_has_read_yet() {
    let mut world = World::new();
    let begun = world.cache.begin(world.now, MANNER, vec![(key(1).into(), or(64))]);
    world.cache.prefetch(world.now, key(2), OPTIONS);
    let (entry, _) = world.cache.observe(world.now, key(3), OPTIONS);
    world.cache.restore(world.now, entry, Value::new(3_u64), 8);
    let numbers = Selector::segment("numbers");
    assert_eq!(world.cache.invalidate(world.now, &numbers, "event"), 3);
    world.commit(begun, or(64));
    world.effects.clear();
    let entry = world.observe(1);
    world.departed(entry);
}

#[test]
fn confirmed_mutation_hides_no_newer_row() {
    let (mut world, entry) = World::showing(0);
    let lane = |lane, delay| Manner {
        lane: Some(lane),
        delay: Duration::from_secs(delay),
        ..MANNER
    };
    // A deletion that is held back stays pending while others settle.
    world.begin_in(lane(1, 10), or(1));
    let mutation = world.begin_in(lane(2, 0), or(2));
    // The server says what the row is after the change, and that it has no other bit.
    let row = |value: &u64| value & 1 | 2;
    world.commit(mutation, Patch::new(row));
    assert_eq!(world.shown(entry), Some(3));
    let flight = world.invalidate(1).departed(entry);
    world.land(entry, flight, Ok(6));
    assert_eq!(world.shown(entry), Some(7));
    let confirmed = world.cache.confirmed(&key(1)).and_then(|value| value.get::<u64>());
    assert_eq!(confirmed.as_deref(), Some(&6));
}

#[test]
fn answer_to_a_repetition_is_read_again() {
    // The server may have kept the answer to an attempt of long ago: what has happened since is told no more.
    let (mut world, entry) = World::showing(0);
    let mutation = world.begin(or(1));
    world.fail(mutation, Fail::Passing);
    world.effects.clear();
    world.at(1_000);
    assert_eq!(world.sent(), [mutation]);
    world.commit(mutation, or(1));
    assert_eq!(world.shown(entry), Some(1));
    world.departed(entry);

    let (mut world, entry) = World::showing(0);
    let restored = Manner {
        restored: true,
        ..MANNER
    };
    let mutation = world.begin_in(restored, or(1));
    world.commit(mutation, or(1));
    world.departed(entry);
}
