//! A component's interest in one entry.

use std::cell::Cell;
use std::rc::Rc;

use yew::Callback;

use super::super::effect::{Changed, EntryId, ObserverId};
use super::super::entry::Snapshot;
use super::super::query::Backend;
use super::super::value::Diff;
use super::QueryClient;

/// What somebody waits for.
pub(super) struct Watch {
    /// A change of which fields wakes.
    interest: Cell<Changed>,
    /// A change of which parts of the data wakes, whatever the interest.
    part: Cell<Option<u128>>,
    wake: Callback<()>,
}

impl Watch {
    pub(super) fn is_woken_by(&self, changed: Changed, diff: &Diff) -> bool {
        let part = self.part.get().is_some_and(|part| match diff {
            Diff::Everything => true,
            Diff::Parts { ids, .. } => ids.contains(&part),
        });
        part || self.interest.get().intersects(changed)
    }

    pub(super) fn wake(&self) -> Callback<()> {
        self.wake.clone()
    }
}

/// A component's interest in one entry; dropping it ends the interest.
#[must_use = "an observer that is dropped observes nothing"]
pub(in crate::query) struct Observer<B: Backend> {
    client: QueryClient<B>,
    entry: EntryId,
    id: ObserverId,
    watch: Rc<Watch>,
}

impl<B: Backend> Observer<B> {
    pub(super) fn new(client: QueryClient<B>, (entry, id): (EntryId, ObserverId), wake: Callback<()>) -> Self {
        let watch = Rc::new(Watch {
            interest: Cell::new(Changed::default()),
            part: Cell::new(None),
            wake,
        });
        Self {
            client,
            entry,
            id,
            watch,
        }
    }

    pub(super) const fn watch(&self) -> &Rc<Watch> {
        &self.watch
    }

    /// What there is to see. From now on a change of any of these fields wakes the observer.
    pub(in crate::query) fn look(&self, fields: Changed) -> Option<Snapshot<B::Error>> {
        self.watch.interest.set(self.watch.interest.get().and(fields));
        self.client.snapshot(self.entry)
    }

    /// From now on a change of this part of the data wakes the observer, and of no other.
    pub(in crate::query) fn look_at_part(&self, part: u128) {
        self.watch.part.set(Some(part));
    }

    /// What there is to see, whoever it wakes.
    pub(in crate::query) fn peek(&self) -> Option<Snapshot<B::Error>> {
        self.client.snapshot(self.entry)
    }

    pub(in crate::query) fn refetch(&self) {
        self.client.record(|cache, now| cache.refetch(now, self.entry));
    }

    pub(in crate::query) fn fetch_more(&self) {
        self.client.record(|cache, now| cache.fetch_more(now, self.entry));
    }
}

impl<B: Backend> Drop for Observer<B> {
    fn drop(&mut self) {
        self.client.record(|cache, now| cache.release(now, self.entry, self.id));
        self.client.forget_watch(self.entry, &self.watch);
    }
}
