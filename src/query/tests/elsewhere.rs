//! Changes of a row that several lists show: they are laid over each of them, whenever it is read.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::Target;
use super::*;

/// A cache that shows the keys 1 and 2, both read at time 0.
fn showing_two() -> (World, EntryId, EntryId) {
    let (mut world, home) = World::showing(1);
    let other = world.observe(2);
    let flight = world.departed(other);
    world.land(other, flight, Ok(2));
    world.effects.clear();
    (world, home, other)
}

/// Key 1, and every other one.
fn everywhere() -> Target {
    Target::of(key(1)).with(Some(Selector::segment("numbers")))
}

fn begin(world: &mut World, manner: Manner, patch: Patch) -> MutationId {
    let mutation = world.cache.begin(world.now, manner, vec![(everywhere(), patch)]);
    world.flush();
    mutation
}

fn commit(world: &mut World, mutation: MutationId, outcome: Patch) {
    world.tell(|cache, now| cache.commit(now, mutation, vec![(everywhere(), outcome)]));
}

#[test]
fn mutation_shows_in_every_list() {
    let (mut world, home, other) = showing_two();
    let mutation = begin(&mut world, MANNER, or(64));
    assert_eq!([home, other].map(|entry| world.shown(entry)), [Some(65), Some(66)]);
    commit(&mut world, mutation, or(32));
    world.nothing_departed();
    assert_eq!([home, other].map(|entry| world.shown(entry)), [Some(33), Some(34)]);
}

#[test]
fn mutation_overlays_later_fetched_list() {
    let (mut world, _) = World::showing(1);
    world.tell(|cache, now| cache.set_pushed(now, false));
    world.tell(|cache, now| cache.set_online(now, false));
    begin(&mut world, MANNER, Patch::new(|_: &u64| 64));
    begin(&mut world, MANNER, or(32));
    let later = world.observe(2);
    world.tell(|cache, now| cache.restore(now, later, Value::new(2_u64), 8));
    assert_eq!(
        world.shown(later),
        Some(96),
        "both changes, in the order in which they were made"
    );
}

#[test]
fn list_fetched_after_answer_has_no_overlay() {
    let (mut world, _) = World::showing(1);
    let mutation = begin(&mut world, MANNER, or(64));
    commit(&mut world, mutation, or(64));
    let later = world.observe(2);
    let flight = world.departed(later);
    world.land(later, flight, Ok(2));
    assert_eq!(world.shown(later), Some(2));
}

#[test]
fn answer_overtakes_fetches_of_other_lists() {
    let (mut world, _, other) = showing_two();
    world.invalidate(2);
    let before = world.departed(other);
    let mutation = begin(&mut world, MANNER, or(64));
    commit(&mut world, mutation, or(64));
    world.land(other, before, Ok(2));
    assert_eq!(world.shown(other), Some(66), "that answer may be older than the change");
    let after = world.departed(other);
    world.land(other, after, Ok(4)).nothing_departed();
    assert_eq!(world.shown(other), Some(4));
}

#[test]
fn refused_change_is_taken_back_in_every_list() {
    let (mut world, home, other) = showing_two();
    let mutation = begin(&mut world, MANNER, or(64));
    world.roll_back(mutation);
    assert_eq!([home, other].map(|entry| world.shown(entry)), [Some(1), Some(2)]);
    assert_eq!(world.departures().len(), 2, "the truth is read");
}

#[test]
fn unsent_mutation_is_replaced_everywhere() {
    let (mut world, home, other) = showing_two();
    world.tell(|cache, now| cache.set_pushed(now, false));
    world.tell(|cache, now| cache.set_online(now, false));
    let mutation = begin(&mut world, MANNER, or(64));
    world.tell(|cache, now| cache.replace(now, mutation, None, vec![(everywhere(), or(32))]));
    let later = world.observe(3);
    world.tell(|cache, now| cache.restore(now, later, Value::new(3_u64), 8));
    let shown = |world: &World| [home, other, later].map(|entry| world.shown(entry).unwrap());
    assert_eq!(shown(&world), [33, 34, 35]);
    world.tell(|cache, now| cache.cancel(now, mutation));
    assert_eq!(shown(&world), [1, 2, 3]);
}

#[test]
fn mutation_holds_no_other_list() {
    let (mut world, _, other) = showing_two();
    begin(&mut world, MANNER, or(64));
    world.paint(2, &or(4));
    assert_eq!(world.shown(other), Some(70));
    world.at(1_000);
    let flight = world.departed(other);
    world.land(other, flight, Ok(6));
    assert_eq!(world.shown(other), Some(70));
}

#[test]
fn other_lists_refetch_without_push() {
    let (mut world, home, other) = showing_two();
    let mutation = begin(&mut world, MANNER, or(64));
    world.tell(|cache, now| cache.set_pushed(now, false));
    commit(&mut world, mutation, or(64));
    assert!(world.is_stale(home) && world.is_stale(other));
    assert_eq!(world.departures().len(), 2);
}

#[test]
fn earlier_persons_mutations_overlay_nothing() {
    let (mut world, ..) = showing_two();
    begin(&mut world, MANNER, or(64));
    world.tell(Cache::clear);
    world.effects.clear();
    let next = world.observe(2);
    let flight = world.departed(next);
    world.land(next, flight, Ok(2));
    assert_eq!(world.shown(next), Some(2));
}
