//! What a mutation does to what is shown.

use std::any::Any;
use std::marker::PhantomData;

use super::list::{Item, List};
use super::query::Query;
use super::selector::Target;
use super::value::Patch;

/// What a mutation does to what is shown: at once, and once the server has answered.
pub struct Edits<O> {
    pub(crate) edits: Vec<Edit>,
    pub(crate) lane: Option<u128>,
    answer: PhantomData<fn(O)>,
}

/// One change of what is shown. What the answer is, is forgotten, so that mutations of every kind are carried out by
/// the same code.
pub(crate) struct Edit {
    pub(crate) target: Target,
    pub(crate) optimistic: Patch,
    pub(crate) outcome: Box<Outcome>,
}

/// What an answer makes of what is shown; `None` if it is no answer to this.
type Outcome = dyn FnOnce(&dyn Any) -> Option<Patch>;

impl<O> Default for Edits<O> {
    fn default() -> Self {
        Self {
            edits: Vec::new(),
            lane: None,
            answer: PhantomData,
        }
    }
}

impl<O> std::fmt::Debug for Edits<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.edits.iter().map(|edit| &edit.target))
            .finish()
    }
}

impl<O: 'static> Edits<O> {
    /// Has the mutation sent only when those before it in the same lane have settled. For what must arrive in the order
    /// in which it was done: two changes of one row that are on their way together may land in any order.
    #[must_use]
    pub const fn in_lane(mut self, lane: u128) -> Self {
        self.lane = Some(lane);
        self
    }

    /// Changes the data of a query: `optimistic` at once, what `outcome` makes of the answer once there is one.
    ///
    /// Both may be applied more than once, to data that has changed since; see [`Patch`].
    #[must_use]
    pub fn edit<Q: Query, P: Fn(&Q::Data) -> Q::Data + 'static>(
        self,
        query: &Q,
        optimistic: impl Fn(&Q::Data) -> Q::Data + 'static,
        outcome: impl FnOnce(&O) -> P + 'static,
    ) -> Self {
        self.patched(query.key().into(), Patch::new(optimistic), move |answer| {
            Patch::new(outcome(answer))
        })
    }

    /// As [`edit`](Self::edit), with the changes as patches of the data of a target.
    #[must_use]
    pub fn patched(mut self, target: Target, optimistic: Patch, outcome: impl FnOnce(&O) -> Patch + 'static) -> Self {
        self.edits.push(Edit {
            target,
            optimistic,
            outcome: Box::new(move |answer| answer.downcast_ref().map(outcome)),
        });
        self
    }
}

/// An item is no longer shown.
#[must_use]
pub fn removal<Q: Query<Data = List<T>>, T: Item, O: 'static>(query: &Q, id: u128) -> Edits<O> {
    Edits::default()
        .in_lane(id)
        .patched(query.key().into(), Patch::removal::<T>(id), move |_: &O| {
            Patch::removal::<T>(id)
        })
}
