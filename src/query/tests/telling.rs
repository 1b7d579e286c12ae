//! What observers are told: what changed, once, and nothing that they need not know.

use std::rc::Rc;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{Diff, Item, List};
use super::*;

#[test]
fn error_notifies_after_the_last_retry() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Passing));
    assert!(world.told().iter().all(|changed| !changed.intersects(Changed::ERROR)));
    assert_eq!(world.snapshot(entry).final_error(), None, "it is tried again");
    world.at(1_000);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Final));
    assert_eq!(world.told(), [Changed::ERROR.and(Changed::FETCHING)]);
    assert_eq!(world.snapshot(entry).final_error(), Some(&Fail::Final));
    world.tell(|cache, now| cache.refetch(now, entry));
    assert_eq!(world.snapshot(entry).final_error(), None, "somebody asked again");
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(1));
    assert_eq!(world.snapshot(entry).error, None);
}

#[test]
fn failed_fetch_keeps_data_and_error() {
    let (mut world, entry) = World::showing(1);
    world.tell(|cache, now| cache.refetch(now, entry));
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Final));
    assert_eq!(world.told(), [Changed::ERROR.and(Changed::FETCHING)]);
    assert_eq!(world.snapshot(entry).final_error(), Some(&Fail::Final));
    assert_eq!(world.shown(entry), Some(1));
}

#[test]
fn a_refused_change_is_no_failure_to_read() {
    let (mut world, entry) = World::showing(1);
    let mutation = world.begin(or(64));
    world.roll_back(mutation);
    assert_eq!(world.snapshot(entry).error, None);
}

#[test]
fn change_after_first_look_notifies() {
    let mut world = World::new();
    let (entry, _) = world.cache.observe(world.now, key(1), OPTIONS);
    assert_eq!(world.shown(entry), None);
    world.tell(|cache, now| cache.restore(now, entry, Value::new(5_u64), 8));
    let told = world.told();
    assert_eq!(told.len(), 1);
    assert!(told[0].intersects(Changed::DATA));
}

#[test]
fn known_staleness_does_not_notify_again() {
    let (mut world, _) = World::showing(1);
    world.tell(|cache, now| cache.set_visible(now, false)).told();
    world.invalidate(1);
    assert_eq!(world.told(), [Changed::STALE.and(Changed::PAUSED)]);
    world.invalidate(1);
    assert_eq!(world.told(), []);
}

#[derive(Debug, PartialEq)]
struct Row(u128, &'static str);

impl Item for Row {
    fn id(&self) -> u128 {
        self.0
    }
}

fn rows(rows: &[(u128, &'static str)]) -> Value {
    let rows = rows.iter().map(|(id, text)| Rc::new(Row(*id, text)));
    Value::new(rows.collect::<List<Row>>())
}

#[test]
fn changed_row_notifies_by_id() {
    let mut world = World::new();
    let entry = world.observe(1);
    let read = |world: &mut World, value: Value| {
        let flight = world.departed(entry);
        world.tell(|cache, now| cache.land(now, entry, flight, Ok((value, 8))));
        world.snapshot(entry).data.unwrap().get::<List<Row>>().unwrap()
    };
    let before = read(&mut world, rows(&[(1, "a"), (2, "b")]));
    world.effects.clear();
    world.invalidate(1);
    let after = read(&mut world, rows(&[(1, "a"), (2, "B")]));
    assert!(Rc::ptr_eq(&before[0], &after[0]), "not even copied");
    let told = world.effects.iter().find_map(|effect| match effect {
        Effect::Notify { changed, diff, .. } => Some((*changed, diff.clone())),
        _ => None,
    });
    let (changed, diff) = told.unwrap();
    assert!(changed.intersects(Changed::DATA) && !changed.intersects(Changed::SHAPE));
    let ids = vec![2];
    assert_eq!(diff, Diff::Parts { shape: false, ids });
}
