//! What outlives the page: the data that was shown last, and the mutations that have not settled.
//!
//! Data is kept as the bytes it was read from, under its key; what can not be read any more is dropped. Mutations are
//! kept in the order in which they were made, with the tab that made them: a tab takes over only what belongs to a tab
//! that is gone. All of it belongs to one person and goes when that person leaves; only who did not mean to leave finds
//! their mutations again. None of it is ever needed: a browser that keeps nothing only shows less for a moment.

mod disk;
mod mirror;
mod others;
mod parked;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use super::super::any_mutation::Kinds;
use super::super::effect::{EntryId, MutationId};
use super::super::key::Key;
use super::super::query::{Backend, Mutation};
use super::QueryClient;
use super::source::Source;
use crate::browser::database::Record;
use crate::browser::{self, Timeout, clock};
use crate::time::{EpochMillis, Instant};
use disk::{DATA, Disk, Form, told};
use mirror::Struck;
pub(super) use parked::Parked;

/// How long data is gathered before it is written.
const GATHER: Duration = Duration::from_millis(500);
/// How long after that nothing more is written: to write a long list takes the page some milliseconds.
const REST: Duration = Duration::from_secs(3);
/// How much is kept of one key at most, and of all together, in bytes.
const MOST_OF_ONE: usize = 1 << 20;
const MOST: usize = 4 << 20;
/// How old what was kept may be.
const OLDEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is kept, and where.
pub(super) struct Keep<B: Backend> {
    /// Where; nowhere until somebody is known to be here.
    disk: Option<Rc<Disk>>,
    /// That of whoever was here before.
    left: Option<Rc<Disk>>,
    struck: Struck,
    records: Vec<Kept>,
    /// What is to be written.
    changed: BTreeSet<EntryId>,
    writing: Option<Timeout>,
    /// When something was written last.
    wrote_at: Option<Instant>,
    /// The kinds of mutations that can be read back.
    kinds: Kinds<B>,
    /// The tabs whose end is waited for.
    watched: BTreeSet<String>,
}

/// What is known of one record of data.
struct Kept {
    /// The address of its key.
    address: String,
    /// Its content, if it was kept on an earlier visit and nobody has asked for it yet.
    body: Option<Vec<u8>>,
    /// What it weighs, in bytes.
    weight: usize,
    written: EpochMillis,
}

impl<B: Backend> Default for Keep<B> {
    fn default() -> Self {
        Self {
            disk: None,
            left: None,
            struck: Struck::default(),
            records: Vec::new(),
            changed: BTreeSet::new(),
            writing: None,
            wrote_at: None,
            kinds: Kinds::default(),
            watched: BTreeSet::new(),
        }
    }
}

impl<B: Backend> QueryClient<B> {
    /// Has the cache know a kind of mutation that may have been written down on an earlier visit.
    pub fn register<M: Mutation<Backend = B>>(&self) {
        self.register_all(Kinds::default().with::<M>());
    }

    /// As [`register`](Self::register), for several kinds.
    pub fn register_all(&self, kinds: Kinds<B>) {
        self.0.state.borrow_mut().keep.kinds.extend(kinds);
    }

    /// From now on keeps on this device what this person is shown and does, and takes up what was kept before: data is
    /// shown until it has been read again, changes that have not been sent are sent.
    pub fn remember_for(&self, owner: &str) {
        if self.0.state.borrow().keep.disk.is_some() {
            return;
        }
        let disk = {
            let keep = &mut self.0.state.borrow_mut().keep;
            if let Some(left) = keep.left.take() {
                left.give_up();
            }
            let disk = Disk::of(owner, Rc::clone(&keep.struck));
            keep.disk = Some(Rc::clone(&disk));
            disk
        };
        // What was left of an earlier visit goes before anything is read.
        let recalls = Disk::may_have_unsent();
        if recalls {
            self.record(|cache, now| cache.set_recalling(now, true));
        }
        let client = self.clone();
        browser::spawn(async move {
            client.take_up(&disk).await;
            if recalls && !disk.is_left() {
                client.record(|cache, now| cache.set_recalling(now, false));
            }
            client.watch_other_tabs();
        });
    }

    /// Takes up what was kept on earlier visits. Whoever it is for may leave at any moment.
    async fn take_up(&self, disk: &Rc<Disk>) {
        let (data, mutations) = match disk.open().await {
            Some(database) => {
                let data = told(database.get_all(DATA).await).unwrap_or_default();
                (data, disk.adopt(&database).await)
            }
            None => (Vec::new(), Vec::new()),
        };
        if disk.is_left() {
            return;
        }
        self.take_up_data(disk, data);
        self.take_up_mutations(disk, mutations);
        let waiting: Vec<_> = {
            let state = self.0.state.borrow();
            let sources = state.sources.iter();
            sources.map(|(entry, source)| (entry, Rc::clone(source))).collect()
        };
        for (entry, source) in waiting {
            self.remember(entry, &*source);
        }
    }

    fn take_up_data(&self, disk: &Rc<Disk>, data: Vec<(String, Record)>) {
        let now = clock::wall();
        let keep = &mut self.0.state.borrow_mut().keep;
        for (address, record) in data {
            let mut lines = record.note.lines();
            let is_own = lines.next() == Some(&disk.owner);
            let written = lines.next().and_then(|millis| millis.parse().ok());
            let written = written.map(EpochMillis::from_millis);
            match written.filter(|written| is_own && now.since(*written) < OLDEST) {
                // What was read on this visit is about to be written there.
                Some(_) if keep.records.iter().any(|kept| kept.address == address) => {}
                Some(written) => keep.records.push(Kept {
                    address,
                    weight: record.bytes.len(),
                    body: Some(record.bytes),
                    written,
                }),
                None => disk.delete(DATA, address),
            }
        }
    }

    /// Shows what is remembered of an entry.
    pub(super) fn remember(&self, entry: EntryId, source: &dyn Source<B::Error>) {
        let Some(address) = self.address(entry) else { return };
        let body = {
            let records = &mut self.0.state.borrow_mut().keep.records;
            let record = records.iter_mut().find(|record| record.address == address);
            record.and_then(|record| record.body.take())
        };
        if let Some((value, weight)) = body.and_then(|body| source.restore(body)) {
            self.record(|cache, now| cache.restore(now, entry, value, weight));
        }
    }

    fn address(&self, entry: EntryId) -> Option<String> {
        self.0.state.borrow().cache.key(entry).map(Key::address)
    }

    /// Keeps what was just read of an entry, before long.
    pub(super) fn keep(&self, entry: EntryId) {
        let keep = &mut self.0.state.borrow_mut().keep;
        if keep.disk.is_none() {
            return;
        }
        keep.changed.insert(entry);
        if keep.writing.is_none() {
            let client = self.downgrade();
            let rest = keep.wrote_at.map(|at| clock::now().until(at + REST).min(REST));
            let delay = rest.unwrap_or_default().max(GATHER);
            keep.writing = Some(Timeout::new(delay, move || {
                if let Some(client) = client.upgrade() {
                    client.write_data();
                }
            }));
        }
    }

    fn write_data(&self) {
        let (disk, changed) = {
            let keep = &mut self.0.state.borrow_mut().keep;
            let written = keep.writing.take();
            drop(written);
            keep.wrote_at = Some(clock::now());
            (keep.disk.clone(), std::mem::take(&mut keep.changed))
        };
        let Some(disk) = disk else { return };
        for entry in changed {
            let source = self.0.state.borrow().sources.get(entry).map(Rc::clone);
            let body = source.and_then(|source| source.body());
            if let Some((address, body)) = self.address(entry).zip(body.filter(|body| body.len() <= MOST_OF_ONE)) {
                self.0.state.borrow_mut().keep.note_written(&address, body.len());
                disk.put_data(address, body);
            }
        }
        for address in self.0.state.borrow_mut().keep.take_surplus() {
            disk.delete(DATA, address);
        }
    }

    /// Writes a mutation down, so that it is sent even if this page ends before it has settled; in place of its earlier
    /// form if it has changed.
    pub(super) fn write_down(&self, id: MutationId) {
        let written = {
            let state = self.0.state.borrow();
            let sending = state.outbox.get(id);
            let content = sending.and_then(|sending| Some((sending, sending.mutation.content()?)));
            content.zip(state.keep.disk.clone()).map(|((sending, content), disk)| {
                let form = Form {
                    name: sending.mutation.name(),
                    key: &sending.key,
                    is_uncertain: sending.is_uncertain(self.backend()),
                };
                disk.write_down(sending.place.clone(), &form, content.into_bytes())
            })
        };
        if let Some(place) = written {
            self.note_place(id, place);
        }
    }

    fn note_place(&self, id: MutationId, place: String) {
        self.0.state.borrow_mut().outbox.note_place(id, place);
    }

    /// What was written down there has settled.
    pub(super) fn strike_out(&self, place: String) {
        let disk = self.0.state.borrow().keep.disk.clone();
        if let Some(disk) = disk {
            disk.strike_out(place);
        }
    }

    /// The person has left: nothing of theirs stays on this device, except for unsent mutations if those are kept.
    pub(super) fn forget_what_was_kept(&self, keeps_mutations: bool) {
        let keep = &mut self.0.state.borrow_mut().keep;
        let kinds = std::mem::take(&mut keep.kinds);
        let struck = Rc::clone(&keep.struck);
        let before = std::mem::replace(
            keep,
            Keep {
                kinds,
                struck,
                ..Keep::default()
            },
        );
        if let Some(disk) = &before.disk {
            disk.leave(keeps_mutations);
        }
        keep.left = before.disk.or(before.left);
    }
}

impl<B: Backend> Keep<B> {
    fn note_written(&mut self, address: &str, weight: usize) {
        self.records.retain(|kept| kept.address != *address);
        self.records.push(Kept {
            address: address.to_owned(),
            body: None,
            weight,
            written: clock::wall(),
        });
    }

    /// What has to go to make room: what was written first.
    fn take_surplus(&mut self) -> Vec<String> {
        let mut total: usize = self.records.iter().map(|kept| kept.weight).sum();
        let mut surplus = Vec::new();
        while total > MOST {
            let ages = self.records.iter().enumerate();
            let Some((first, _)) = ages.min_by_key(|(_, kept)| kept.written) else {
                break;
            };
            let first = self.records.swap_remove(first);
            total -= first.weight;
            surplus.push(first.address);
        }
        surplus
    }
}
