//! The outbox: what is to be done beside the cache when a mutation is made, leaves, ends, or was left by an earlier visit.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::any::Any;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::super::outbox::{Chore, Outbox, Written};
use super::super::{AnyMutation, Backend, Combined, Edits, Mutation, SendContext};
use super::*;

/// A server that takes what arrives twice for one, or for two.
#[derive(Clone, Copy, PartialEq)]
struct Toy {
    knows_repetitions: bool,
}

impl Backend for Toy {
    type Error = Fail;
    type Leftover = &'static str;
}

/// Sets bits of a row. Two of them are one; the same bits again take them back.
#[derive(Clone, Serialize, Deserialize)]
struct Set(u64, u128);

/// Adds the row 1. The server gives it another id.
#[derive(Clone, Serialize, Deserialize)]
struct Add;

/// The id that the server has given to the row 1.
struct Named(u128);

impl Mutation for Add {
    type Backend = Toy;
    type Output = Named;

    const NAME: &'static str = "add";
    const ATTEMPT: &'static str = "add the row";

    fn edits(&self) -> Edits<Named> {
        Edits::default().in_lane(1).patched(key(1).into(), or(64), |_| or(64))
    }

    fn is_repeatable(&self, _: &Toy) -> bool {
        true
    }

    fn renames(&self) -> bool {
        true
    }

    fn new_id(&self, Named(id): &Named) -> Option<u128> {
        Some(*id)
    }

    async fn send(self, _: Toy, _: SendContext) -> Result<Named, Fail> {
        Ok(Named(2))
    }
}

impl Mutation for Set {
    type Backend = Toy;
    type Output = u64;

    const NAME: &'static str = "set";
    const ATTEMPT: &'static str = "set the bits";

    fn edits(&self) -> Edits<u64> {
        let (bits, bits_again) = (self.0, self.0);
        Edits::default()
            .in_lane(self.1)
            .patched(key(1).into(), or(bits), move |_| or(bits_again))
    }

    fn is_repeatable(&self, toy: &Toy) -> bool {
        toy.knows_repetitions
    }

    async fn send(self, _: Toy, _: SendContext) -> Result<u64, Fail> {
        Ok(self.0)
    }

    fn combine(&self, later: &dyn Any) -> Combined<Toy> {
        match later.downcast_ref() {
            Some(Self(bits, _)) if *bits == self.0 => Combined::Nothing,
            Some(Self(bits, _)) => Combined::One(AnyMutation::new(Self(self.0 | bits, self.1))),
            None => Combined::Separate,
        }
    }

    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<Toy>> {
        let Named(id) = answer.downcast_ref()?;
        Some(AnyMutation::new(Self(self.0, *id)))
    }

    fn leftover(&self, outcome: Result<&u64, &Fail>) -> Option<&'static str> {
        match outcome {
            Ok(bits) => (*bits != self.0).then_some("not all of it"),
            Err(Fail::Final) => Some("refused"),
            Err(_) => None,
        }
    }

    fn uncertain(&self) -> Option<&'static str> {
        Some("uncertain")
    }
}

const REPEATABLE: Toy = Toy {
    knows_repetitions: true,
};
const ONCE: Toy = Toy {
    knows_repetitions: false,
};

struct Page {
    toy: Toy,
    world: World,
    entry: EntryId,
    outbox: Outbox<Toy>,
}

impl Page {
    fn of(toy: Toy) -> Self {
        let (world, entry) = World::showing(0);
        Self {
            toy,
            world,
            entry,
            outbox: Outbox::default(),
        }
    }

    /// A page without a network.
    fn offline(toy: Toy) -> Self {
        let mut page = Self::of(toy);
        page.world.tell(|cache, now| {
            cache.set_pushed(now, false);
            cache.set_online(now, false);
        });
        page
    }

    /// Makes a change, and does the chores.
    fn set(&mut self, bits: u64) -> Vec<String> {
        self.mutate(AnyMutation::new(Set(bits, 1)), &format!("key {bits}"))
    }

    fn mutate(&mut self, mutation: AnyMutation<Toy>, key: &str) -> Vec<String> {
        let named = (mutation, key.into());
        let Self { toy, world, outbox, .. } = self;
        let chores = outbox.mutate(&mut world.cache, world.now, toy, named, Box::new(|_| {}));
        self.world.flush();
        self.told(chores)
    }

    fn told(&mut self, chores: Vec<Chore<Toy>>) -> Vec<String> {
        let tell = |chore: Chore<Toy>| match chore {
            Chore::WriteDown(id) => {
                self.outbox.note_place(id, "place".to_owned());
                let sending = self.outbox.get(id).unwrap();
                let (content, mark) = (sending.mutation.content().unwrap(), sending.is_uncertain(&self.toy));
                format!("write {content}{}", if mark { ", uncertain" } else { "" })
            }
            Chore::Rename(from, to) => format!("rename {from} to {to}"),
            Chore::StrikeOut(place) => format!("strike out {place}"),
            Chore::KeepLeftover(leftover) => format!("keep {leftover}"),
            Chore::TellFailure(failure) => format!("could not {}", failure.attempt),
        };
        chores.into_iter().map(tell).collect()
    }

    /// The one mutation that leaves, and what is to be done then.
    fn depart(&mut self) -> (MutationId, Vec<String>) {
        let [id] = *self.world.sent() else { panic!("not one") };
        let departure = self.outbox.depart(&self.world.cache, &self.toy, id).unwrap();
        let told = self.told(departure.chores);
        (id, told)
    }

    fn answer(&mut self, id: MutationId, answer: impl Any) -> Vec<String> {
        let answer: Rc<dyn Any> = Rc::new(answer);
        let settled = self.outbox.answered(&mut self.world.cache, self.world.now, id, &answer);
        self.world.flush();
        self.told(settled.unwrap().chores)
    }

    fn refuse(&mut self, id: MutationId, error: Fail) -> Vec<String> {
        let Self { toy, world, outbox, .. } = self;
        let settled = outbox.refused(&mut world.cache, world.now, toy, id, &error);
        self.told(settled.unwrap().chores)
    }

    fn take_up(&mut self, attempted: bool) -> Vec<String> {
        let written = Written {
            mutation: AnyMutation::new(Set(1, 1)),
            key: "key 1".into(),
            attempted,
            place: Some("place".to_owned()),
        };
        let Self { toy, world, outbox, .. } = self;
        let chores = outbox.take_up(&mut world.cache, world.now, toy, written);
        self.world.flush();
        self.told(chores)
    }

    fn shown(&self) -> Option<u64> {
        self.world.shown(self.entry)
    }
}

#[test]
fn change_is_written_down_until_it_is_answered() {
    let mut page = Page::of(REPEATABLE);
    assert_eq!(page.set(1), ["write [1,1]"]);
    let (id, told) = page.depart();
    assert_eq!(told, [""; 0]);
    assert_eq!(page.answer(id, 1_u64), ["strike out place"]);
    assert_eq!(page.shown(), Some(1));
}

#[test]
fn waiting_changes_become_one_under_the_first_key() {
    let mut page = Page::offline(REPEATABLE);
    page.set(1);
    assert_eq!(page.set(2), ["write [3,1]"]);
    assert_eq!((page.shown(), page.world.cache.pending()), (Some(3), 1));
    page.world.tell(|cache, now| cache.set_online(now, true));
    let (id, _) = page.depart();
    assert_eq!(page.outbox.get(id).map(|sending| &*sending.key), Some("key 1"));
}

#[test]
fn changes_that_come_to_nothing_are_struck_out() {
    let mut page = Page::offline(REPEATABLE);
    page.set(1);
    assert_eq!(page.set(1), ["strike out place"]);
    assert_eq!((page.shown(), page.world.cache.pending()), (Some(0), 0));
}

#[test]
fn change_that_has_left_is_combined_with_nothing() {
    let mut page = Page::of(REPEATABLE);
    page.set(1);
    page.depart();
    assert_eq!(page.set(1), ["write [1,1]"]);
    assert_eq!(page.world.cache.pending(), 2);
}

#[test]
fn non_idempotent_mutation_is_marked_when_sent() {
    let mut page = Page::of(ONCE);
    assert_eq!(page.set(1), ["write [1,1]"]);
    let (id, told) = page.depart();
    assert_eq!(told, ["write [1,1], uncertain"]);
    // It was certainly not made: its person finds it again.
    assert_eq!(page.refuse(id, Fail::SignedOut), ["write [1,1]"]);
    assert_eq!(page.world.cache.pending(), 1);
}

#[test]
fn refusal_keeps_leftover_or_notifies() {
    for (error, expected) in [(Fail::Final, "keep refused"), (Fail::Passing, "could not set the bits")] {
        let mut page = Page::of(ONCE);
        page.set(1);
        let (id, _) = page.depart();
        assert_eq!(page.refuse(id, error), [expected, "strike out place"]);
        assert_eq!(page.shown(), Some(0));
    }
}

#[test]
fn leftover_is_stored_before_mutation_removal() {
    let mut page = Page::of(REPEATABLE);
    page.set(3);
    let (id, _) = page.depart();
    assert_eq!(page.answer(id, 1_u64), ["keep not all of it", "strike out place"]);
}

#[test]
fn restored_mutation_is_sent_or_uncertain() {
    let sent = [(REPEATABLE, false), (REPEATABLE, true), (ONCE, false)];
    for (toy, attempted) in sent {
        let mut page = Page::of(toy);
        assert_eq!(page.take_up(attempted), [""; 0]);
        assert_eq!((page.shown(), page.world.cache.pending()), (Some(1), 1));
        page.depart();
    }
    let mut page = Page::of(ONCE);
    assert_eq!(page.take_up(true), ["keep uncertain", "strike out place"]);
    assert_eq!((page.shown(), page.world.cache.pending()), (Some(0), 0));
}

#[test]
fn mutation_follows_renamed_row() {
    let mut page = Page::of(REPEATABLE);
    page.mutate(AnyMutation::new(Add), "key");
    let (id, _) = page.depart();
    assert_eq!(page.set(1), ["write [1,1]"]);
    assert_eq!(
        page.answer(id, Named(2)),
        ["rename 1 to 2", "strike out place", "write [1,2]"]
    );
    let (id, _) = page.depart();
    page.answer(id, 1_u64);
    // Made by what still knows the row by its temporary id: an undo, an open editor.
    assert_eq!(page.set(4), ["write [4,2]"]);
}
