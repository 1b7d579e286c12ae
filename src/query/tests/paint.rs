//! What events carry is shown at once, and never believed.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn set(to: u64) -> Patch {
    Patch::new(move |_: &u64| to)
}

#[test]
fn event_content_shows_and_fetches_once() {
    let (mut world, entry) = World::showing(1);
    world.at(1_000).paint(1, &set(2));
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(2), true));
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(2)).at(60_000).nothing_departed();
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(2), false));
}

#[test]
fn burst_is_confirmed_four_times_a_second() {
    let (mut world, entry) = World::showing(0);
    let (mut reads, mut shown) = (0, 0);
    for ms in 1_000..2_000 {
        world.at(ms).paint(1, &set(ms));
        shown += u64::from(world.shown(entry) == Some(ms));
        for flight in world.departures() {
            reads += 1;
            world.land(entry, flight, Ok(ms));
        }
    }
    assert_eq!((reads, shown), (4, 1_000));
    world.at(2_250);
    let last = world.departed(entry);
    world.land(entry, last, Ok(1_999)).at(10_000).nothing_departed();
    assert!(!world.is_stale(entry), "and once after the last of them");
}

#[test]
fn unapplied_event_fetches_at_once() {
    let (mut world, entry) = World::showing(1);
    for ms in [1_000, 1_010, 1_020] {
        // Nothing differs, which may be because the change is about something that is not known here.
        world.at(ms).paint(1, &set(1));
        let flight = world.departed(entry);
        world.land(entry, flight, Ok(1));
    }
}

#[test]
fn event_without_content_fetches_at_once() {
    let (mut world, entry) = World::showing(1);
    world.at(1_000).paint(1, &set(2));
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(2));
    world.at(1_050).paint(1, &set(3)).nothing_departed();
    world.at(1_060).invalidate(1).departed(entry);
}

#[test]
fn applied_event_survives_older_answer() {
    let (mut world, entry) = World::showing(1);
    world.at(1_000).invalidate(1);
    let before = world.departed(entry);
    world.paint(1, &or(64)).nothing_departed();
    assert_eq!(world.shown(entry), Some(65));
    world.land(entry, before, Ok(3));
    assert_eq!(world.shown(entry), Some(67), "both what was painted and what was read");
    world.at(1_250);
    let after = world.departed(entry);
    world.land(entry, after, Ok(67)).nothing_departed();
}

#[test]
fn old_news_does_not_survive_a_newer_answer() {
    let (mut world, entry) = World::showing(1);
    world.invalidate(1);
    let flight = world.departed(entry);
    // What is shown had it before the fetch left, so the answer knows of it.
    world.paint(1, &or(1)).land(entry, flight, Ok(2));
    assert_eq!(world.shown(entry), Some(2));
}

#[test]
fn removal_is_replayed_over_an_older_answer() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    // What was kept of an earlier visit does not have what is removed here, and the answer is from before it.
    world.tell(|cache, now| cache.restore(now, entry, Value::new(1_u64), 8));
    let remove = Patch::new(|bits: &u64| bits & !64).into_removal();
    world.paint(1, &remove).land(entry, flight, Ok(65));
    assert_eq!(world.shown(entry), Some(1), "it does not come back");
}

#[test]
fn a_wrong_hint_is_corrected_by_the_read() {
    let (mut world, entry) = World::showing(1);
    world.at(1_000).paint(1, &set(9));
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(2)).at(60_000).nothing_departed();
    assert_eq!(world.shown(entry), Some(2));
}

#[test]
fn echo_waits_for_own_mutation() {
    let (mut world, entry) = World::showing(1);
    world.at(1_000);
    // Added twice it would be doubled, as a row would be that has one id here and another in the event.
    let mutation = world.begin(add(10));
    world.paint(1, &set(11)).nothing_departed();
    assert_eq!(world.shown(entry), Some(11));
    world.commit(mutation, set(11));
    assert_eq!(world.shown(entry), Some(11));
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(11)).at(60_000).nothing_departed();
}

#[test]
fn hanging_mutation_releases_deferred_events() {
    let (mut world, entry) = World::showing(1);
    world.begin(or(64));
    world.paint(1, &or(2)).at(9_999);
    assert_eq!(world.shown(entry), Some(65));
    world.at(10_000);
    assert_eq!(world.shown(entry), Some(67));
}

#[test]
fn event_without_data_waits_for_fetch() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.paint(1, &or(64)).nothing_departed();
    assert_eq!(world.shown(entry), None);
    world.land(entry, flight, Ok(1));
    assert_eq!(world.shown(entry), Some(65));
    world.departed(entry);
}
