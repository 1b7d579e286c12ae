//! The person's own changes: shown at once, never doubled, never lost, gone when refused.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn mutation_shows_at_once_and_fetches_once() {
    for echo_first in [true, false] {
        let (mut world, entry) = World::showing(1);
        let mutation = world.begin(or(64));
        assert_eq!(world.shown(entry), Some(65));
        if echo_first {
            world.invalidate(1).nothing_departed();
        }
        world.commit(mutation, or(64));
        if !echo_first {
            world.nothing_departed();
            world.invalidate(1);
        }
        let flight = world.departed(entry);
        assert_eq!(world.shown(entry), Some(65));
        world.land(entry, flight, Ok(65)).at(60_000).nothing_departed();
        assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(65), false));
    }
}

#[test]
fn mutation_refetches_without_push() {
    let (mut world, entry) = World::showing(1);
    world.cache.set_pushed(world.now, false);
    let mutation = world.begin(or(64));
    world.nothing_departed();
    world.commit(mutation, or(64));
    world.departed(entry);
}

#[test]
fn refused_mutation_rolls_back_and_refetches() {
    let (mut world, entry) = World::showing(1);
    let mutation = world.begin(add(10));
    world.nothing_departed();
    world.roll_back(mutation);
    assert_eq!(world.shown(entry), Some(1));
    world.departed(entry);
}

#[test]
fn refused_mutations_roll_back_in_any_order() {
    for order in [[0, 1], [1, 0]] {
        let (mut world, entry) = World::showing(0);
        let mutations = [world.begin(add(1)), world.begin(add(10))];
        assert_eq!(world.shown(entry), Some(11));
        world.roll_back(mutations[order[0]]);
        assert_eq!(world.shown(entry), Some([10, 1][order[0]]));
        world.roll_back(mutations[order[1]]);
        assert_eq!(world.shown(entry), Some(0));
    }
}

#[test]
fn later_mutation_stays_on_top() {
    let set = |to: u64| Patch::new(move |_: &u64| to);
    for order in [[0, 1], [1, 0]] {
        let (mut world, entry) = World::showing(0);
        let mutations = [world.begin(set(1)), world.begin(set(2))];
        for index in order {
            world.commit(mutations[index], set([1, 2][index]));
            assert_eq!(world.shown(entry), Some(2), "order {order:?}, {index} confirmed");
        }
    }
}

#[test]
fn rollback_keeps_later_confirmed_mutation() {
    for order in [[0, 1], [1, 0]] {
        let (mut world, entry) = World::showing(0);
        let mutations = [world.begin(add(1)), world.begin(add(10))];
        for index in order {
            if index == 0 {
                world.roll_back(mutations[0]);
            } else {
                world.commit(mutations[1], add(10));
            }
        }
        assert_eq!(world.shown(entry), Some(10), "{order:?}");
    }
}

#[test]
fn fetch_overtaken_by_mutation_is_repeated() {
    let (mut world, entry) = World::showing(1);
    world.invalidate(1);
    let old = world.departed(entry);
    let mutation = world.begin(or(64));
    world.commit(mutation, or(64));
    world.land(entry, old, Ok(1));
    assert_eq!(
        world.shown(entry),
        Some(65),
        "the older answer does not undo the change"
    );
    let fresh = world.departed(entry);
    world.land(entry, fresh, Ok(67)).nothing_departed();
    assert_eq!(world.shown(entry), Some(67));
}

#[test]
fn overtaken_answer_causes_another_fetch() {
    let (mut world, entry) = World::showing(1);
    world.cache.refetch(world.now, entry);
    world.flush();
    let old = world.departed(entry);
    let mutation = world.begin(or(64));
    world.commit(mutation, or(64));
    world.nothing_departed().land(entry, old, Ok(3));
    let fresh = world.departed(entry);
    world.land(entry, fresh, Ok(67)).nothing_departed();
    assert_eq!(world.shown(entry), Some(67));
}

#[test]
fn an_answer_during_a_change_shows_both() {
    let (mut world, entry) = World::showing(1);
    world.invalidate(1);
    let flight = world.departed(entry);
    let mutation = world.begin(or(64));
    world.land(entry, flight, Ok(3));
    assert_eq!(world.shown(entry), Some(67));
    world.roll_back(mutation);
    assert_eq!(world.shown(entry), Some(3));
}

#[test]
fn hanging_mutation_holds_fetches_briefly() {
    let (mut world, entry) = World::showing(1);
    world.begin(or(64));
    world.invalidate(1).at(9_999).nothing_departed();
    world.at(10_000);
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(2));
    assert_eq!(world.shown(entry), Some(66), "it is still shown, over the truth");
}

#[test]
fn mutation_without_data_waits_for_fetch() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    let mutation = world.begin(or(64));
    assert_eq!(world.shown(entry), None);
    world.land(entry, flight, Ok(1));
    assert_eq!(world.shown(entry), Some(65));
    world.commit(mutation, or(64));
    assert_eq!(world.shown(entry), Some(65));
}

#[test]
fn late_settlement_after_clear_has_no_effect() {
    let (mut world, old) = World::showing(1);
    let mutations = [world.begin(or(64)), world.begin(or(128))];
    world.cache.clear(world.now);
    world.flush();
    let entry = world.observe(1);
    assert_ne!(entry, old);
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(1));
    world.commit(mutations[0], or(64));
    world.roll_back(mutations[1]);
    world.at(1_000).nothing_departed();
    assert_eq!(world.shown(entry), Some(1));
}

#[test]
fn mutation_may_patch_one_key_twice() {
    let (mut world, entry) = World::showing(0);
    let both = || vec![(key(1).into(), or(1)), (key(1).into(), or(2))];
    let mutation = world.cache.begin(world.now, MANNER, both());
    world.tell(|cache, now| cache.commit(now, mutation, both()));
    assert_eq!(world.shown(entry), Some(3));
}

#[test]
fn late_hydration_keeps_confirmed_mutation() {
    let mut world = World::new();
    let entry = world.observe(1);
    let before = world.departed(entry);
    let mutation = world.begin(or(64));
    world.commit(mutation, or(64));
    world.tell(|cache, now| cache.restore(now, entry, Value::new(1_u64), 8));
    assert_eq!(world.shown(entry), Some(65));
    world.land(entry, before, Ok(1));
    assert_eq!(world.shown(entry), Some(65));
    // Somebody else has undone it since: what is read later is the truth.
    let after = world.departed(entry);
    world.land(entry, after, Ok(2));
    assert_eq!(world.shown(entry), Some(2));
}

#[test]
fn early_confirmation_does_not_hide_fetch() {
    let mut world = World::new();
    let entry = world.observe(1);
    let before = world.departed(entry);
    let mutation = world.begin(or(64));
    world.commit(mutation, or(64));
    world.land(entry, before, Ok(1));
    let after = world.departed(entry);
    world.land(entry, after, Ok(2)).nothing_departed();
    assert_eq!(world.shown(entry), Some(2));
}
