//! Lists of things that have an id.

use std::cell::Cell;
use std::rc::Rc;

use crate::query::{Edits, Query};
use wire::{Action, ActionId, Agreement, AgreementId, CoachingSession, CoachingSessionId, Goal, GoalId};

/// A list whose items are shared: an item that did not change stays the same allocation from one version of the list
/// to the next.
pub type List<T> = Vec<Rc<T>>;

/// Something with an id.
pub trait Item: PartialEq {
    /// Its id.
    type Id: Copy + PartialEq + std::fmt::Display + From128 + 'static;

    /// Its id.
    fn id(&self) -> Self::Id;

    /// Whether the server has not given it an id yet.
    fn is_draft(&self) -> bool {
        self.id().bits() >> 64 == DRAFT
    }
}

/// An id of 128 bits.
pub trait From128 {
    /// From its bits.
    fn from_bits(bits: u128) -> Self;
    /// Its bits.
    fn bits(self) -> u128;
}

macro_rules! items {
    ($($item:ty, $id:ty;)*) => {$(
        impl Item for $item {
            type Id = $id;

            fn id(&self) -> $id {
                self.id
            }
        }

        impl From128 for $id {
            fn from_bits(bits: u128) -> Self {
                Self::from_u128(bits)
            }

            fn bits(self) -> u128 {
                self.as_u128()
            }
        }
    )*};
}

items! {
    Action, ActionId;
    Agreement, AgreementId;
    CoachingSession, CoachingSessionId;
    Goal, GoalId;
}

/// The upper half of every id that was made up here. No UUID looks like this: it has version 0.
const DRAFT: u128 = 0xd4af_7000_0000_0000;

thread_local! {
    static NEXT_DRAFT: Cell<u64> = const { Cell::new(1) };
}

/// An id for something that the server has not given one yet, different from all others on this page.
pub(super) fn draft_id<Id: From128>() -> Id {
    let number = NEXT_DRAFT.get();
    NEXT_DRAFT.set(number + 1);
    Id::from_bits(DRAFT << 64 | u128::from(number))
}

/// Shows a new item at the end at once, and what the server has made of it once it has answered.
pub(super) fn creation<Q: Query<Data = List<T>>, T: Item + Clone + 'static>(query: &Q, draft: Rc<T>) -> Edits<T> {
    Edits::default().edit(
        query,
        move |list| with(list, &draft),
        |created: &T| {
            let created = Rc::new(created.clone());
            move |list| with(list, &created)
        },
    )
}

/// Shows an item as changed.
pub(super) fn change<Q: Query<Data = List<T>>, T: Item + Clone + 'static>(query: &Q, changed: &T) -> Edits<T> {
    let changed = Rc::new(changed.clone());
    Edits::default().in_lane(changed.id().bits()).edit(
        query,
        move |list| replaced(list, &changed),
        |saved: &T| {
            let saved = Rc::new(saved.clone());
            move |list| replaced(list, &saved)
        },
    )
}

/// No longer shows an item.
pub(super) fn removal<Q: Query<Data = List<T>>, T: Item + 'static>(query: &Q, id: T::Id) -> Edits<()> {
    Edits::default().in_lane(id.bits()).edit(
        query,
        move |list| without(list, id),
        move |()| move |list| without(list, id),
    )
}

/// The list with this item in the place of its like, or at the end.
pub(super) fn with<T: Item>(list: &List<T>, item: &Rc<T>) -> List<T> {
    let mut list = list.clone();
    match list.iter_mut().find(|each| each.id() == item.id()) {
        Some(place) => *place = Rc::clone(item),
        None => list.push(Rc::clone(item)),
    }
    list
}

/// The list with this item in the place of its like; one that is gone stays gone.
fn replaced<T: Item>(list: &List<T>, item: &Rc<T>) -> List<T> {
    list.iter()
        .map(|each| Rc::clone(if each.id() == item.id() { item } else { each }))
        .collect()
}

/// The list without the item with this id.
fn without<T: Item>(list: &List<T>, id: T::Id) -> List<T> {
    list.iter().filter(|item| item.id() != id).cloned().collect()
}

/// The fresh list, with the previous allocation of every item that is equal.
pub(super) fn share<T: Item>(previous: &List<T>, mut fresh: List<T>) -> List<T> {
    for (index, item) in fresh.iter_mut().enumerate() {
        let same_place = previous.get(index).filter(|each| each.id() == item.id());
        let old = same_place.or_else(|| previous.iter().find(|each| each.id() == item.id()));
        if let Some(old) = old.filter(|old| *old == item) {
            *item = Rc::clone(old);
        }
    }
    fresh
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    use wire::{CoachingSessionId, Timestamp, UserId};

    use super::*;

    fn agreement(id: u128, body: &str) -> Rc<Agreement> {
        Rc::new(Agreement {
            id: AgreementId::from_u128(id),
            coaching_session_id: CoachingSessionId::from_u128(1),
            body: Some(body.to_owned()),
            user_id: UserId::from_u128(1),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        })
    }

    fn texts(list: &List<Agreement>) -> Vec<&str> {
        list.iter().map(|item| item.body.as_deref().unwrap()).collect()
    }

    #[test]
    fn an_item_replaces_its_like_or_comes_last_and_twice_is_once() {
        let list = vec![agreement(1, "a"), agreement(2, "b")];
        assert_eq!(texts(&with(&list, &agreement(1, "A"))), ["A", "b"]);
        let grown = with(&with(&list, &agreement(3, "c")), &agreement(3, "c"));
        assert_eq!(texts(&grown), ["a", "b", "c"]);
        assert_eq!(texts(&replaced(&list, &agreement(2, "B"))), ["a", "B"]);
        assert_eq!(texts(&replaced(&list, &agreement(3, "c"))), ["a", "b"]);
        assert_eq!(
            texts(&without(
                &without(&list, AgreementId::from_u128(2)),
                AgreementId::from_u128(2)
            )),
            ["a"]
        );
    }

    #[test]
    fn equal_items_stay_the_same_allocation_wherever_they_stand() {
        let list = vec![agreement(1, "a"), agreement(2, "b"), agreement(3, "c")];
        let fresh = share(&list, vec![agreement(3, "c"), agreement(2, "B"), agreement(1, "a")]);
        assert!(Rc::ptr_eq(&fresh[0], &list[2]) && Rc::ptr_eq(&fresh[2], &list[0]));
        assert_eq!(texts(&fresh), ["c", "B", "a"]);
    }

    #[test]
    fn drafts_are_told_from_what_the_server_has_named() {
        let draft = Agreement {
            id: draft_id(),
            ..(*agreement(1, "a")).clone()
        };
        assert!(draft.is_draft() && !agreement(1, "a").is_draft());
        assert_ne!(draft_id::<AgreementId>(), draft_id::<AgreementId>());
    }
}
