//! The rows with changes that are not saved, and the components that show it.

use std::collections::BTreeSet;
use std::rc::{Rc, Weak};

use yew::Callback;

/// Keeps a component informed; dropping it ends that.
#[must_use = "a watch that is dropped never calls back"]
pub(in crate::query) struct LaneWatch(#[expect(dead_code, reason = "held so that it lives")] Rc<Callback<()>>);

#[derive(Default)]
pub(super) struct Unsaved {
    lanes: BTreeSet<u128>,
    watches: Vec<(u128, Weak<Callback<()>>)>,
}

impl Unsaved {
    pub(super) fn watch(&mut self, lane: u128, wake: Callback<()>) -> LaneWatch {
        let wake = Rc::new(wake);
        self.watches.retain(|(_, watch)| watch.strong_count() > 0);
        self.watches.push((lane, Rc::downgrade(&wake)));
        LaneWatch(wake)
    }

    /// These lanes have mutations that have not settled. Returns the components that show another state.
    pub(super) fn update(&mut self, lanes: BTreeSet<u128>) -> Vec<Callback<()>> {
        if lanes == self.lanes {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.lanes, lanes);
        let changed: BTreeSet<u128> = before.symmetric_difference(&self.lanes).copied().collect();
        let watches = self.watches.iter().filter(|(lane, _)| changed.contains(lane));
        watches
            .filter_map(|(_, watch)| watch.upgrade().map(|wake| (*wake).clone()))
            .collect()
    }
}
