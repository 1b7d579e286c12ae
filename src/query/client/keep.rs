//! What outlives the page: the data that was shown last, and the mutations that have not settled.
//!
//! Data is kept as the bytes it was read from, under its key; what can not be read any more is dropped. Mutations are
//! kept in the order in which they were made, with the tab that made them: a tab takes over only what belongs to a tab
//! that is gone. All of it belongs to one person and goes when that person leaves. None of it is ever needed: a browser
//! that keeps nothing only shows less for a moment.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use super::super::effect::{EntryId, MutationId};
use super::super::key::Key;
use super::super::query::{Backend, Mutation};
use super::QueryClient;
use super::sending::Carried;
use super::source::Source;
use crate::browser::database::{Database, DatabaseError, Record, Schema};
use crate::browser::locks::{self, Lock, Mode};
use crate::browser::{self, Timeout, clock};
use crate::time::Instant;

const DATA: &str = "data";
const MUTATIONS: &str = "mutations";
/// Kept by another version, it is dropped.
const SCHEMA: Schema = Schema {
    name: "freshet",
    version: 1,
    stores: &[DATA, MUTATIONS],
};
/// How long the disk may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long data is gathered before it is written.
const GATHER: Duration = Duration::from_millis(500);
/// How much is kept of one key at most, and of all together, in bytes.
const MOST_OF_ONE: usize = 1 << 20;
const MOST: usize = 4 << 20;
/// How old what was kept may be.
const OLDEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is kept, and where.
pub(super) struct Keep<B: Backend> {
    /// Where; nowhere until somebody is known to be here, or if the browser keeps nothing.
    disk: Option<Rc<Disk>>,
    records: Vec<Kept>,
    /// What is to be written.
    changed: BTreeSet<EntryId>,
    writing: Option<Timeout>,
    /// The kinds of mutations that can be read back.
    kinds: Vec<(&'static str, Restore<B>)>,
}

/// What is known of one record of data.
struct Kept {
    /// The address of its key.
    address: String,
    /// Its content, if it was kept on an earlier visit and nobody has asked for it yet.
    body: Option<Vec<u8>>,
    /// What it weighs, in bytes.
    weight: usize,
    written: Instant,
}

/// Reads a mutation that was written down.
type Restore<B> = fn(&[u8]) -> Option<Rc<dyn Carried<B>>>;

impl<B: Backend> Default for Keep<B> {
    fn default() -> Self {
        Self {
            disk: None,
            records: Vec::new(),
            changed: BTreeSet::new(),
            writing: None,
            kinds: Vec::new(),
        }
    }
}

/// The disk of one person, as one tab sees it.
struct Disk {
    database: Database,
    owner: String,
    tab: String,
    /// Says that this tab lives. Where there are no locks, every tab is alone.
    #[expect(dead_code, reason = "held for its Drop")]
    lock: Option<Lock>,
    /// Numbers mutations that were made in the same millisecond.
    count: Cell<u32>,
}

impl Disk {
    async fn open(owner: &str) -> Result<Self, DatabaseError> {
        let tab = clock::unique();
        let lock = locks::try_request(&tab_lock(&tab), Mode::Exclusive).await;
        Ok(Self {
            database: Database::open(&SCHEMA, PATIENCE).await?,
            owner: owner.to_owned(),
            tab,
            lock: lock.ok().flatten(),
            count: Cell::new(0),
        })
    }

    async fn put(&self, store: &str, key: &str, record: &Record) {
        told(self.database.put(store, key, record).await);
    }

    async fn delete(&self, store: &str, key: &str) {
        told(self.database.delete(store, key).await);
    }
}

/// That something could not be kept is no trouble to anybody now.
fn told<T>(result: Result<T, DatabaseError>) -> Option<T> {
    result
        .inspect_err(|error| tracing::warn!("nothing is kept on this device: {error}"))
        .ok()
}

fn tab_lock(tab: &str) -> String {
    format!("freshet-tab-{tab}")
}

/// What there is to know about something that is kept: whose it is, when it was written, and more.
fn note(owner: &str, more: &[&str]) -> String {
    let written = clock::now().as_millis().to_string();
    [&[owner, written.as_str()], more].concat().join("\n")
}

impl<B: Backend> QueryClient<B> {
    /// Has the cache know a kind of mutation that may have been written down on an earlier visit.
    pub fn register<M: Mutation<Backend = B>>(&self) {
        let restore: Restore<B> = |content| Some(Rc::new(serde_json::from_slice::<M>(content).ok()?));
        self.0.state.borrow_mut().keep.kinds.push((M::NAME, restore));
    }

    /// From now on keeps on this device what this person is shown and does, and takes up what was kept before: data is
    /// shown until it has been read again, changes that have not been sent are sent.
    pub fn remember_for(&self, owner: &str) {
        let (client, owner) = (self.clone(), owner.to_owned());
        self.record(|cache, now| cache.set_recalling(now, true));
        browser::spawn(async move {
            client.open_disk(&owner).await;
            client.record(|cache, now| cache.set_recalling(now, false));
        });
    }

    async fn open_disk(&self, owner: &str) {
        let epoch = self.epoch();
        let Some(disk) = told(Disk::open(owner).await) else {
            return;
        };
        let data = told(disk.database.get_all(DATA).await).unwrap_or_default();
        let mutations = self.adopt(&disk).await;
        // Whoever this was for may have left meanwhile.
        if epoch != self.epoch() || self.0.state.borrow().keep.disk.is_some() {
            return;
        }
        let disk = Rc::new(disk);
        let oldest = clock::now();
        let mut useless = Vec::new();
        {
            let keep = &mut self.0.state.borrow_mut().keep;
            keep.disk = Some(Rc::clone(&disk));
            for (address, record) in data {
                let mut lines = record.note.lines();
                let is_own = lines.next() == Some(owner);
                let written = lines
                    .next()
                    .and_then(|millis| millis.parse().ok())
                    .map(Instant::from_millis);
                match written.filter(|written| is_own && oldest.since(*written) < OLDEST) {
                    Some(written) => keep.records.push(Kept {
                        address,
                        weight: record.bytes.len(),
                        body: Some(record.bytes),
                        written,
                    }),
                    None => useless.push(address),
                }
            }
        }
        for (place, name, key, content) in mutations {
            let restore = {
                let state = self.0.state.borrow();
                let kind = state.keep.kinds.iter().find(|(kind, _)| *kind == name);
                kind.map(|(_, restore)| *restore)
            };
            match restore.and_then(|restore| restore(&content)) {
                Some(mutation) => {
                    let id = self.begin(mutation, &key.into(), true, Box::new(|_| {}));
                    self.note_place(id, place);
                }
                None => disk.delete(MUTATIONS, &place).await,
            }
        }
        let waiting: Vec<_> = {
            let state = self.0.state.borrow();
            state
                .sources
                .iter()
                .map(|(entry, source)| (entry, Rc::clone(source)))
                .collect()
        };
        for (entry, source) in waiting {
            self.remember(entry, &*source);
        }
        for address in useless {
            disk.delete(DATA, &address).await;
        }
    }

    /// The mutations of tabs that are gone, from now on this tab's: where each is written down, its kind, its key and
    /// its content.
    async fn adopt(&self, disk: &Disk) -> Vec<(String, String, String, Vec<u8>)> {
        // One tab at a time, so that no two take the same.
        let turn = locks::request("freshet-adopt", Mode::Exclusive).await;
        let alive = locks::held_names().await.unwrap_or_default();
        let mut adopted = Vec::new();
        for (place, record) in told(disk.database.get_all(MUTATIONS).await).unwrap_or_default() {
            let lines: Vec<&str> = record.note.lines().collect();
            let &[owner, _, tab, name, key] = lines.as_slice() else {
                disk.delete(MUTATIONS, &place).await;
                continue;
            };
            if owner != disk.owner {
                disk.delete(MUTATIONS, &place).await;
            } else if !alive.contains(&tab_lock(tab)) {
                let note = note(owner, &[&disk.tab, name, key]);
                let (name, key, bytes) = (name.to_owned(), key.to_owned(), record.bytes);
                let record = Record {
                    note,
                    bytes: bytes.clone(),
                };
                disk.put(MUTATIONS, &place, &record).await;
                adopted.push((place, name, key, bytes));
            }
        }
        drop(turn);
        adopted
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
            keep.writing = Some(Timeout::new(GATHER, move || {
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
            (keep.disk.clone(), std::mem::take(&mut keep.changed))
        };
        let Some(disk) = disk else { return };
        let mut records = Vec::new();
        for entry in changed {
            let source = self.0.state.borrow().sources.get(entry).map(Rc::clone);
            let body = source.and_then(|source| source.body());
            if let Some((address, bytes)) = self.address(entry).zip(body.filter(|body| body.len() <= MOST_OF_ONE)) {
                let note = note(&disk.owner, &[]);
                records.push((address, Record { note, bytes }));
            }
        }
        let surplus = self.0.state.borrow_mut().keep.weigh(&records);
        browser::spawn(async move {
            for (address, record) in records {
                disk.put(DATA, &address, &record).await;
            }
            for address in surplus {
                disk.delete(DATA, &address).await;
            }
        });
    }

    /// Writes a mutation down, so that it is sent even if this page ends before it has settled.
    pub(super) fn write_down(&self, id: MutationId, name: &str, key: &str, content: String) {
        let Some(disk) = self.0.state.borrow().keep.disk.clone() else {
            return;
        };
        let count = disk.count.get();
        disk.count.set(count.wrapping_add(1));
        let place = format!("{:014}-{count:010}", clock::now().as_millis());
        self.note_place(id, place.clone());
        let record = Record {
            note: note(&disk.owner, &[&disk.tab, name, key]),
            bytes: content.into_bytes(),
        };
        browser::spawn(async move { disk.put(MUTATIONS, &place, &record).await });
    }

    fn note_place(&self, id: MutationId, place: String) {
        if let Some(sending) = self.0.state.borrow_mut().sending_mut(id) {
            sending.place = Some(place);
        }
    }

    /// What was written down there has settled.
    pub(super) fn strike_out(&self, place: Option<String>) {
        let disk = self.0.state.borrow().keep.disk.clone();
        if let Some((disk, place)) = disk.zip(place) {
            browser::spawn(async move { disk.delete(MUTATIONS, &place).await });
        }
    }

    /// The person has left: nothing of theirs stays on this device.
    pub(super) fn forget_what_was_kept(&self) {
        let keep = &mut self.0.state.borrow_mut().keep;
        let kinds = std::mem::take(&mut keep.kinds);
        let before = std::mem::replace(
            keep,
            Keep {
                kinds,
                ..Keep::default()
            },
        );
        let Some(disk) = before.disk else { return };
        browser::spawn(async move {
            told(disk.database.clear(DATA).await);
            told(disk.database.clear(MUTATIONS).await);
        });
    }
}

impl<B: Backend> Keep<B> {
    /// Takes note of what is about to be written, and returns what has to go for it: what was written first.
    fn weigh(&mut self, records: &[(String, Record)]) -> Vec<String> {
        let written = clock::now();
        for (address, record) in records {
            self.records.retain(|kept| kept.address != *address);
            self.records.push(Kept {
                address: address.clone(),
                body: None,
                weight: record.bytes.len(),
                written,
            });
        }
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
