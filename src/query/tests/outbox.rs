//! Changes that have not left: combined, replaced, taken back, held back.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::any::Any;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::super::outbox::{Outbox, Sending};
use super::super::{AnyMutation, Backend, Edits, Mutation, SendContext};
use super::*;

/// A server that knows repetitions.
#[derive(Clone, Copy, PartialEq)]
struct Toy;

impl Backend for Toy {
    type Error = Fail;
    type Leftover = ();
}

/// Sets bits, in a lane of their own.
#[derive(Clone, Serialize, Deserialize)]
struct Set(u64);

impl Mutation for Set {
    type Backend = Toy;
    type Output = ();

    const NAME: &'static str = "set";
    const ATTEMPT: &'static str = "set the bits";

    fn edits(&self) -> Edits<()> {
        let (bits, bits_again) = (self.0, self.0);
        Edits::default()
            .in_lane(bits.into())
            .patched(key(1).into(), or(bits), move |()| or(bits_again))
    }

    fn is_repeatable(&self, _: &Toy) -> bool {
        true
    }

    async fn send(self, _: Toy, _: SendContext) -> Result<(), Fail> {
        Ok(())
    }
}

const LANE: Manner = Manner {
    lane: Some(1),
    ..MANNER
};
const HELD_BACK: Manner = Manner {
    delay: Duration::from_secs(10),
    ..LANE
};

fn offline() -> (World, EntryId) {
    let (mut world, entry) = World::showing(0);
    world.at(1_000).tell(|cache, now| {
        cache.set_pushed(now, false);
        cache.set_online(now, false);
    });
    world.effects.clear();
    (world, entry)
}

#[test]
fn change_that_has_not_left_can_be_replaced() {
    let (mut world, entry) = offline();
    let mutation = world.begin_in(LANE, or(1));
    assert_eq!(world.cache.unsent_in(1), Some(mutation));
    world.tell(|cache, now| cache.replace(now, mutation, Some(1), vec![(key(1).into(), or(2))]));
    assert_eq!((world.shown(entry), world.cache.pending()), (Some(2), 1));
    world.tell(|cache, now| cache.set_online(now, true));
    assert_eq!(world.sent(), [mutation], "as one change");
}

#[test]
fn change_that_was_taken_back_leaves_no_trace() {
    let (mut world, entry) = World::showing(0);
    let mutation = world.begin_in(HELD_BACK, or(1));
    assert_eq!(world.shown(entry), Some(1));
    world.tell(|cache, now| cache.cancel(now, mutation));
    assert_eq!((world.shown(entry), world.cache.pending()), (Some(0), 0));
    // The server knows nothing of it, so there is nothing to read.
    world.at(60_000);
    assert!(!world.is_stale(entry));
    world.nothing_departed();
}

#[test]
fn attempted_mutation_is_not_combined() {
    let (mut world, _) = World::showing(0);
    let mutation = world.begin_in(LANE, or(1));
    assert_eq!(world.cache.unsent_in(1), None, "it is on its way");
    world.fail(mutation, Fail::Away);
    assert_eq!(world.cache.unsent_in(1), None, "it may have arrived");
    let later = world.begin_in(LANE, or(2));
    assert_eq!(world.cache.unsent_in(1), Some(later));
    let restored = Manner {
        restored: true,
        lane: Some(2),
        ..MANNER
    };
    world.begin_in(restored, or(4));
    assert_eq!(world.cache.unsent_in(2), None, "an earlier visit may have sent it");
}

#[test]
fn change_follows_its_row_into_another_lane() {
    let (mut world, _) = World::showing(0);
    let created = world.begin_in(LANE, or(1));
    let update = world.begin_in(LANE, or(2));
    assert_eq!(world.sent(), [created]);
    let other = Manner {
        lane: Some(2),
        ..MANNER
    };
    world.tell(|cache, now| cache.replace(now, update, Some(2), vec![(key(1).into(), or(2))]));
    assert_eq!(world.sent(), [update]);
    let later = world.begin_in(other, or(4));
    assert_eq!(world.sent(), []);
    world.commit(update, or(2));
    assert_eq!(world.sent(), [later]);
}

#[test]
fn delayed_change_keeps_nothing_from_being_read() {
    let (mut world, entry) = World::showing(0);
    let mutation = world.begin_in(HELD_BACK, or(1));
    let flight = world.invalidate(1).departed(entry);
    world.land(entry, flight, Ok(2));
    assert_eq!(world.shown(entry), Some(3), "it is laid over what is read");
    assert_eq!(world.at(9_999).sent(), []);
    assert_eq!(world.at(10_000).sent(), [mutation]);
    // From then on it is a change like any other.
    world.invalidate(1).nothing_departed();
}

#[test]
fn delayed_change_shows_what_is_pushed_meanwhile() {
    let (mut world, entry) = World::showing(0);
    world.begin_in(HELD_BACK, or(1));
    world.paint(1, &or(4));
    assert_eq!(world.shown(entry), Some(5));
}

#[test]
fn settled_change_leaves_the_others_in_order() {
    let (mut world, _) = World::showing(0);
    let mut outbox = Outbox::default();
    for bits in [1, 2, 4, 8] {
        let named = (AnyMutation::new(Set(bits)), bits.to_string().into());
        outbox.mutate(&mut world.cache, world.now, &Toy, named, Box::new(|_| {}));
    }
    world.flush();
    let first = world.sent()[0];
    outbox.answered(&mut world.cache, world.now, first, &(Rc::new(()) as Rc<dyn Any>));
    let left = outbox.drain().into_iter();
    let keys: Vec<Rc<str>> = left.map(|Sending { key, .. }| key).collect();
    assert_eq!(keys.iter().map(|key| &**key).collect::<Vec<_>>(), ["2", "4", "8"]);
}
