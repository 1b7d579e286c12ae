//! A component's interest in one entry.

use std::cell::Cell;
use std::collections::HashMap;
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
    wake: Callback<()>,
}

/// Everybody who waits for something of one entry. Those who wait for a part are found by it: a long list has one for
/// each of its rows.
#[derive(Default)]
pub(super) struct Watches {
    whole: Vec<Rc<Watch>>,
    parts: HashMap<u128, Vec<Rc<Watch>>>,
}

impl Watches {
    pub(super) fn add(&mut self, part: Option<u128>, watch: &Rc<Watch>) {
        let watches = match part {
            Some(part) => self.parts.entry(part).or_default(),
            None => &mut self.whole,
        };
        watches.push(Rc::clone(watch));
    }

    pub(super) fn remove(&mut self, part: Option<u128>, watch: &Rc<Watch>) {
        let is_other = |each: &Rc<Watch>| !Rc::ptr_eq(each, watch);
        let Some(part) = part else {
            self.whole.retain(is_other);
            return;
        };
        if let Some(watches) = self.parts.get_mut(&part) {
            watches.retain(is_other);
            if watches.is_empty() {
                self.parts.remove(&part);
            }
        }
    }

    /// Whom to wake because of a change.
    pub(super) fn wakes(&self, changed: Changed, diff: &Diff, wakes: &mut Vec<Callback<()>>) {
        let wake = |watch: &Rc<Watch>| watch.wake.clone();
        let whole = self
            .whole
            .iter()
            .filter(|watch| watch.interest.get().intersects(changed));
        wakes.extend(whole.map(wake));
        match diff {
            Diff::Everything => wakes.extend(self.parts.values().flatten().map(wake)),
            Diff::Parts { ids, .. } => {
                let parts = ids.iter().filter_map(|id| self.parts.get(id));
                wakes.extend(parts.flatten().map(wake));
            }
        }
    }
}

/// A component's interest in one entry; dropping it ends the interest.
#[must_use = "an observer that is dropped observes nothing"]
pub(in crate::query) struct Observer<B: Backend> {
    client: QueryClient<B>,
    entry: EntryId,
    id: ObserverId,
    part: Option<u128>,
    watch: Rc<Watch>,
}

impl<B: Backend> Observer<B> {
    pub(super) fn new(
        client: QueryClient<B>,
        (entry, id): (EntryId, ObserverId),
        part: Option<u128>,
        wake: Callback<()>,
    ) -> Self {
        let watch = Rc::new(Watch {
            interest: Cell::new(Changed::default()),
            wake,
        });
        Self {
            client,
            entry,
            id,
            part,
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
        self.client.forget_watch(self.entry, self.part, &self.watch);
    }
}
