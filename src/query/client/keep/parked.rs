//! Mutations that outlive a visit: those that only this page has, of a person who was signed out without meaning to
//! leave, and those that are found on the disk.

use std::rc::Rc;

use super::super::super::outbox::{Sending, Written};
use super::super::super::query::Backend;
use super::super::QueryClient;
use super::disk::{Disk, Unsent};

/// A mutation that no disk has, of a person who was signed out without meaning to leave.
pub(in super::super) struct Parked<B: Backend> {
    owner: String,
    written: Written<B>,
}

impl<B: Backend> QueryClient<B> {
    /// Whether there are mutations that have not settled and that go with this page.
    #[must_use]
    pub fn has_unkept_mutations(&self) -> bool {
        let state = self.0.state.borrow();
        let disk = state.keep.disk.as_deref();
        let is_kept = |sending: &Sending<B>| disk.is_some_and(|disk| is_on(disk, sending));
        !state.parked.is_empty() || state.outbox.iter().any(|(_, sending)| !is_kept(sending))
    }

    /// The mutations of a person who leaves without meaning to: those that the disk does not have stay with this page.
    /// Returns how many can be taken up when the person comes back.
    pub(in super::super) fn park(&self, sendings: Vec<Sending<B>>) -> usize {
        let mut state = self.0.state.borrow_mut();
        let Some(disk) = state.keep.disk.clone() else { return 0 };
        let unsent = sendings.len();
        let unwritten = sendings.into_iter().filter(|sending| !is_on(&disk, sending));
        state.parked.extend(unwritten.map(|sending| Parked {
            owner: disk.owner.clone(),
            written: Written {
                mutation: sending.mutation,
                key: sending.key,
                attempted: sending.attempted,
                place: sending.place,
            },
        }));
        unsent
    }

    /// Takes up the mutations that were found on the disk and those that only this page has, in the order in which they
    /// were made.
    pub(super) fn take_up_mutations(&self, disk: &Disk, found: Vec<Unsent>) {
        let mut parked = std::mem::take(&mut self.0.state.borrow_mut().parked);
        parked.retain(|parked| parked.owner == disk.owner && !self.has_pending(&parked.written.key));
        let parked: Vec<Written<B>> = parked.into_iter().map(|parked| parked.written).collect();
        // What the disk has of one of them is an earlier form.
        let found = found
            .into_iter()
            .filter(|unsent| parked.iter().all(|written| *written.key != *unsent.key))
            .filter_map(|unsent| self.read(disk, unsent));
        let mut all: Vec<_> = found.map(|written| (written, true)).collect();
        all.extend(parked.into_iter().map(|written| (written, false)));
        // The names of places are in that order. What never had one was made before there was a disk.
        all.sort_by(|(one, _), (other, _)| one.place.cmp(&other.place));
        for (written, is_on_disk) in all {
            let key = Rc::clone(&written.key);
            let has_place = written.place.is_some();
            if let Some(place) = &written.place {
                disk.go_on_after(place);
            }
            self.take_up_written(written);
            if has_place && !is_on_disk {
                self.write_down_again(&key);
            }
        }
    }

    /// What is written there, unless this version can not read it.
    fn read(&self, disk: &Disk, unsent: Unsent) -> Option<Written<B>> {
        let mutation = self.0.state.borrow().keep.kinds.read(&unsent.name, &unsent.content);
        let Some(mutation) = mutation else {
            log::warn!("a change of an earlier visit is left to a version that can read it");
            disk.set_aside(&unsent.place);
            return None;
        };
        Some(Written {
            mutation,
            key: unsent.key.into(),
            attempted: unsent.is_uncertain,
            place: Some(unsent.place),
        })
    }

    /// Writes the mutation with this key down, unless it has settled.
    fn write_down_again(&self, key: &str) {
        let id = {
            let state = self.0.state.borrow();
            let mut sendings = state.outbox.iter();
            sendings.find_map(|(id, sending)| (*sending.key == *key).then_some(id))
        };
        if let Some(id) = id {
            self.write_down(id);
        }
    }

    /// Whether a mutation with this key has not settled.
    fn has_pending(&self, key: &str) -> bool {
        let state = self.0.state.borrow();
        state.outbox.iter().any(|(_, sending)| *sending.key == *key)
    }
}

fn is_on<B: Backend>(disk: &Disk, sending: &Sending<B>) -> bool {
    sending.place.as_deref().is_some_and(|place| disk.keeps(place))
}
