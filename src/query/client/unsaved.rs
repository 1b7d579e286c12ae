//! What is not saved, and the components that show it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};

use yew::Callback;

use super::super::effect::MutationId;
use super::super::query::{Backend, Mutation, Query};
use super::super::value::Value;
use super::QueryClient;
use crate::time::Instant;

impl<B: Backend> QueryClient<B> {
    /// The mutations of a kind that have not settled, in the order in which they were made.
    pub(in crate::query) fn waiting<M: Mutation<Backend = B>>(&self) -> Vec<M> {
        let state = self.0.state.borrow();
        let mut waiting: Vec<(MutationId, M)> = state
            .outbox
            .iter()
            .filter_map(|(id, sending)| Some((id, sending.mutation.get::<M>()?.clone())))
            .collect();
        waiting.sort_by_key(|(id, _)| *id);
        waiting.into_iter().map(|(_, mutation)| mutation).collect()
    }

    /// The data that mutations alone make of a query.
    pub(in crate::query) fn added<Q: Query<Backend = B, Data: Default>>(&self, query: &Q) -> Option<Rc<Q::Data>> {
        let nothing = Value::new(Q::Data::default());
        self.0.state.borrow().cache.laid_over(&query.key(), &nothing)?.get()
    }

    /// Since when this lane has had mutations that have not settled; `None` if it has none.
    pub(in crate::query) fn unsaved_since(&self, lane: u128) -> Option<Instant> {
        self.0.state.borrow().unsaved.lanes.get(&lane).copied()
    }
}

/// Keeps a component informed; dropping it ends that.
#[must_use = "a watch that is dropped never calls back"]
pub(in crate::query) struct UnsavedWatch(#[expect(dead_code, reason = "held so that it lives")] Rc<Callback<()>>);

/// What a component shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum Subject {
    /// Whether a lane has mutations that have not settled.
    Lane(u128),
    /// How many mutations have not settled.
    Count,
    /// What the mutations show.
    Edits,
}

#[derive(Default)]
pub(super) struct Unsaved {
    /// Since when each lane has had some.
    lanes: BTreeMap<u128, Instant>,
    count: usize,
    /// How often what the mutations show was changed.
    edited: u64,
    watches: Vec<(Subject, Weak<Callback<()>>)>,
}

impl Unsaved {
    pub(super) fn watch(&mut self, subject: Subject, wake: Callback<()>) -> UnsavedWatch {
        let wake = Rc::new(wake);
        self.watches.retain(|(_, watch)| watch.strong_count() > 0);
        self.watches.push((subject, Rc::downgrade(&wake)));
        UnsavedWatch(wake)
    }

    /// So many mutations have not settled, these lanes have some, and what they show was changed so often. Returns the
    /// components that show another state.
    pub(super) fn update(
        &mut self,
        now: Instant,
        (count, edited): (usize, u64),
        lanes: &BTreeSet<u128>,
    ) -> Vec<Callback<()>> {
        // What is shown of the mutations is changed whenever there are others.
        if edited == self.edited {
            return Vec::new();
        }
        self.edited = edited;
        let counted = std::mem::replace(&mut self.count, count) != count;
        let before: BTreeSet<u128> = self.lanes.keys().copied().collect();
        let changed: BTreeSet<u128> = before.symmetric_difference(lanes).copied().collect();
        self.lanes.retain(|lane, _| lanes.contains(lane));
        for lane in lanes {
            self.lanes.entry(*lane).or_insert(now);
        }
        let watches = self.watches.iter().filter(|(subject, _)| match subject {
            Subject::Lane(lane) => changed.contains(lane),
            Subject::Count => counted,
            Subject::Edits => true,
        });
        watches
            .filter_map(|(_, watch)| watch.upgrade().map(|wake| (*wake).clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn wakes_each_component_whose_subject_changes() {
        let mut unsaved = Unsaved::default();
        let woken = Rc::new(RefCell::new(Vec::new()));
        let subjects = [
            Subject::Lane(1),
            Subject::Count,
            Subject::Lane(2),
            Subject::Edits,
            Subject::Count,
        ];
        let mut watches: Vec<_> = (0..)
            .zip(subjects)
            .map(|(component, subject)| {
                let woken = Rc::clone(&woken);
                unsaved.watch(subject, Callback::from(move |()| woken.borrow_mut().push(component)))
            })
            .collect();
        let mut update = |count, edited, lanes: &[u128]| {
            let lanes = lanes.iter().copied().collect();
            for wake in unsaved.update(Instant::default(), (count, edited), &lanes) {
                wake.emit(());
            }
            std::mem::take(&mut *woken.borrow_mut())
        };
        assert_eq!(update(1, 1, &[1]), [0, 1, 3, 4]);
        assert_eq!(update(2, 2, &[1]), [1, 3, 4], "two changes of one row");
        assert_eq!(update(2, 3, &[1]), [3], "the second is another one");
        assert_eq!(update(2, 4, &[2]), [0, 2, 3]);
        assert!(update(2, 4, &[2]).is_empty());
        watches.pop();
        assert_eq!(update(0, 5, &[]), [1, 2, 3]);
    }

    #[test]
    fn lane_waits_since_its_first_change() {
        let mut unsaved = Unsaved::default();
        let mut since = |ms, lanes: &[u128]| {
            let lanes: BTreeSet<u128> = lanes.iter().copied().collect();
            drop(unsaved.update(Instant::from_millis(ms), (lanes.len(), ms), &lanes));
            unsaved.lanes.get(&1).copied()
        };
        assert_eq!(since(10, &[1]), Some(Instant::from_millis(10)));
        assert_eq!(since(20, &[1, 2]), Some(Instant::from_millis(10)));
        assert_eq!(since(30, &[]), None);
        assert_eq!(since(40, &[1]), Some(Instant::from_millis(40)));
    }
}
