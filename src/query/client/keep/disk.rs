//! The disk of one person, as one tab sees it: what is to be done there is done in the order in which it was said.
//!
//! What is said before the browser has opened it waits. So nobody has to ask whether it is open, and whoever leaves
//! before it is leaves nothing on it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use crate::browser::database::{Database, DatabaseError, Record, Schema};
use crate::browser::locks::{self, Lock, Mode};
use crate::browser::{self, clock, storage};
use crate::time::EpochMillis;

pub(super) const DATA: &str = "data";
const MUTATIONS: &str = "mutations";
/// Kept by another version, it is dropped.
const SCHEMA: Schema = Schema {
    name: "freshet",
    version: 1,
    stores: &[DATA, MUTATIONS],
};
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Disk {
    pub(super) owner: String,
    tab: String,
    database: RefCell<Opening>,
    /// Says that this tab lives. Where there are no locks, every tab is alone.
    lock: RefCell<Option<Lock>>,
    is_left: Cell<bool>,
    /// Numbers mutations that were made in the same millisecond.
    count: Cell<u32>,
    /// The latest moment that a place names. No place after it names an earlier one, though the clock is set back.
    latest: Cell<EpochMillis>,
    /// How many mutations are written down as this tab's.
    unsent: Cell<usize>,
    /// Whether the last mutation that was to be written down could not be.
    is_failing: Cell<bool>,
    /// Whether it is being opened.
    is_opening: Cell<bool>,
    /// Called when it can be written to again.
    on_reopened: Box<dyn Fn()>,
}

enum Opening {
    /// Not yet; this is to be done once it is open.
    Waits(Vec<Act>),
    Open(Rc<Database>),
    /// The browser keeps nothing.
    Failed,
}

enum Act {
    Put(&'static str, String, Record),
    Delete(&'static str, String),
    Clear(&'static str),
}

/// A mutation that was written down.
pub(super) struct Unsent {
    /// Where.
    pub(super) place: String,
    /// Its kind.
    pub(super) name: String,
    /// What it is called, however often it is sent.
    pub(super) key: String,
    /// Whether it has left, and must not be sent again.
    pub(super) is_uncertain: bool,
    /// What it is.
    pub(super) content: Vec<u8>,
}

/// What is written down beside the content of a mutation.
pub(super) struct Form<'a> {
    /// Its kind.
    pub(super) name: &'a str,
    /// Its name, however often it is sent.
    pub(super) key: &'a str,
    /// Whether it has left, and must not be sent again.
    pub(super) is_uncertain: bool,
}

/// The last line of the note of a mutation that has left, and must not be sent again.
const UNCERTAIN: &str = "uncertain";

impl Disk {
    pub(super) fn of(owner: &str, on_reopened: impl Fn() + 'static) -> Rc<Self> {
        Rc::new(Self {
            owner: owner.to_owned(),
            tab: clock::unique(),
            database: RefCell::new(Opening::Waits(Vec::new())),
            lock: RefCell::default(),
            is_left: Cell::new(false),
            count: Cell::new(0),
            latest: Cell::default(),
            unsent: Cell::new(0),
            is_failing: Cell::new(false),
            is_opening: Cell::new(true),
            on_reopened: Box::new(on_reopened),
        })
    }

    /// Whether any tab may have left mutations that were not sent: this is known at once, unlike which.
    pub(super) fn may_have_unsent() -> bool {
        storage::tabs_with_unsent().is_none_or(|tabs| !tabs.is_empty())
    }

    /// Whether another tab has changes that were not sent, be it alive or gone.
    pub(super) fn others_have_unsent(&self) -> bool {
        storage::tabs_with_unsent().is_some_and(|tabs| tabs.iter().any(|tab| *tab != self.tab))
    }

    fn set_unsent(&self, unsent: usize) {
        let before = self.unsent.replace(unsent);
        if (before == 0) != (unsent == 0) {
            self.say_whether_unsent();
        }
    }

    fn say_whether_unsent(&self) {
        let is_kept = !matches!(*self.database.borrow(), Opening::Failed);
        storage::set_has_unsent(&self.tab, is_kept && self.unsent.get() > 0);
    }

    /// Opens it, and does what has waited for that. Returns what can be read of it, unless the browser keeps nothing.
    pub(super) async fn open(self: &Rc<Self>) -> Option<Rc<Database>> {
        // First, so that no other tab takes what this one writes for what is left of one that is gone.
        let lock = locks::try_request(&tab_lock(&self.tab), Mode::Exclusive).await;
        *self.lock.borrow_mut() = lock.ok().flatten();
        self.open_database().await
    }

    /// Whether what is written down is kept.
    pub(super) fn keeps(&self) -> bool {
        let is_there = matches!(&*self.database.borrow(), Opening::Open(database) if database.is_open());
        // Cleared records tell before the database does that it was cleared as well.
        is_there && !self.is_failing.get() && !storage::was_cleared()
    }

    async fn open_database(self: &Rc<Self>) -> Option<Rc<Database>> {
        let database = told(Database::open(&SCHEMA, PATIENCE).await).map(Rc::new);
        self.is_opening.set(false);
        let opened = database.clone().map_or(Opening::Failed, Opening::Open);
        if let Opening::Waits(acts) = self.database.replace(opened) {
            for act in acts {
                self.carry_out(act);
            }
        }
        // Until the lock was held, another tab may have taken this one for one that is gone.
        if self.unsent.get() > 0 {
            self.say_whether_unsent();
        }
        database
    }

    /// Opens it again: the browser had taken it away, or had kept nothing.
    fn reopen(self: &Rc<Self>) {
        if self.is_opening.replace(true) || self.is_left() {
            return;
        }
        let disk = Rc::clone(self);
        browser::spawn(async move {
            if disk.open_database().await.is_some() && !disk.is_left() {
                (disk.on_reopened)();
            }
        });
    }

    pub(super) fn put_data(self: &Rc<Self>, address: String, bytes: Vec<u8>) {
        let note = note(&self.owner, &[]);
        self.act(Act::Put(DATA, address, Record { note, bytes }));
    }

    /// Writes a mutation down as this tab's: there, or in a place of its own. Returns where.
    pub(super) fn write_down(self: &Rc<Self>, place: Option<String>, form: &Form<'_>, content: Vec<u8>) -> String {
        let is_new = place.is_none();
        let unsent = Unsent {
            place: place.unwrap_or_else(|| self.new_place()),
            name: form.name.to_owned(),
            key: form.key.to_owned(),
            is_uncertain: form.is_uncertain,
            content,
        };
        let record = self.record(&unsent);
        self.set_unsent(self.unsent.get() + usize::from(is_new));
        self.act(Act::Put(MUTATIONS, unsent.place.clone(), record));
        unsent.place
    }

    fn note_latest(&self, moment: EpochMillis) {
        self.latest.set(self.latest.get().max(moment));
    }

    /// A place after all others.
    fn new_place(&self) -> String {
        let count = self.count.get();
        self.count.set(count.wrapping_add(1));
        self.note_latest(clock::wall());
        format!("{:014}-{count:010}", self.latest.get().as_millis())
    }

    /// A mutation that is written down as this tab's has settled.
    pub(super) fn strike_out(self: &Rc<Self>, place: String) {
        self.act(Act::Delete(MUTATIONS, place));
        self.set_unsent(self.unsent.get().saturating_sub(1));
    }

    fn record(&self, unsent: &Unsent) -> Record {
        Record {
            note: {
                let uncertain = unsent.is_uncertain.then_some(UNCERTAIN);
                let lines = [self.tab.as_str(), &unsent.name, &unsent.key]
                    .into_iter()
                    .chain(uncertain);
                note(&self.owner, &lines.collect::<Vec<_>>())
            },
            bytes: unsent.content.clone(),
        }
    }

    pub(super) fn delete(self: &Rc<Self>, store: &'static str, key: String) {
        self.act(Act::Delete(store, key));
    }

    /// Its owner leaves: what is said after this is not done any more.
    pub(super) fn leave(self: &Rc<Self>, keeps_mutations: bool) {
        self.act(Act::Clear(DATA));
        if !keeps_mutations {
            self.act(Act::Clear(MUTATIONS));
            self.set_unsent(0);
        }
        self.is_left.set(true);
        // What they leave behind is for whoever takes it up.
        self.lock.take();
    }

    pub(super) fn is_left(&self) -> bool {
        self.is_left.get()
    }

    fn act(self: &Rc<Self>, act: Act) {
        if self.is_left() {
            return;
        }
        self.carry_out(act);
    }

    fn carry_out(self: &Rc<Self>, act: Act) {
        let mut state = self.database.borrow_mut();
        match &mut *state {
            Opening::Waits(acts) => acts.push(act),
            // What is lost with this is written down again once it can be.
            Opening::Failed => {
                drop(state);
                self.reopen();
            }
            Opening::Open(database) if !database.is_open() => {
                *state = Opening::Waits(vec![act]);
                drop(state);
                self.reopen();
            }
            Opening::Open(database) => {
                let (database, disk) = (Rc::clone(database), Rc::clone(self));
                browser::spawn(async move {
                    let is_mutation = matches!(act, Act::Put(MUTATIONS, ..));
                    let done = told(match act {
                        Act::Put(store, key, record) => database.put(store, &key, &record).await,
                        Act::Delete(store, key) => database.delete(store, &key).await,
                        Act::Clear(store) => database.clear(store).await,
                    });
                    if is_mutation {
                        disk.note_written(done.is_some());
                    }
                });
            }
        }
    }

    /// A mutation was written down, or could not be.
    fn note_written(self: &Rc<Self>, is_written: bool) {
        let was_failing = self.is_failing.replace(!is_written);
        if is_written && was_failing && !self.is_left() {
            (self.on_reopened)();
        }
    }

    /// The mutations of tabs that are gone, from now on this tab's. Those of anybody else are deleted.
    pub(super) async fn adopt(self: &Rc<Self>, database: &Database) -> Vec<Unsent> {
        // One tab at a time, so that no two take the same.
        let turn = locks::request("freshet-adopt", Mode::Exclusive).await;
        let have_unsent = storage::tabs_with_unsent().unwrap_or_default();
        let alive = locks::held_names().await.unwrap_or_default();
        let Some(written) = told(database.get_all(MUTATIONS).await) else {
            return Vec::new();
        };
        let mut adopted = Vec::new();
        for (place, record) in written {
            if self.is_left() {
                break;
            }
            let lines: Vec<&str> = record.note.lines().collect();
            match *lines.as_slice() {
                [owner, _, tab, name, key, ref mark @ ..] if owner == self.owner => {
                    if tab != self.tab && !alive.contains(&tab_lock(tab)) {
                        let unsent = Unsent {
                            place,
                            name: name.to_owned(),
                            key: key.to_owned(),
                            is_uncertain: mark.contains(&UNCERTAIN),
                            content: record.bytes,
                        };
                        if let Some(moment) = unsent.place.split('-').next().and_then(|millis| millis.parse().ok()) {
                            // After it: this tab counts from zero, as the one before did.
                            self.note_latest(EpochMillis::from_millis(u64::saturating_add(moment, 1)));
                        }
                        told(database.put(MUTATIONS, &unsent.place, &self.record(&unsent)).await);
                        adopted.push(unsent);
                    }
                }
                _ => self.delete(MUTATIONS, place),
            }
        }
        if !self.is_left() {
            self.set_unsent(self.unsent.get() + adopted.len());
            // What they left is this tab's now.
            for tab in have_unsent.iter().filter(|tab| !alive.contains(&tab_lock(tab))) {
                storage::set_has_unsent(tab, false);
            }
        }
        drop(turn);
        adopted
    }
}

/// That something could not be kept is no trouble to anybody now.
pub(super) fn told<T>(result: Result<T, DatabaseError>) -> Option<T> {
    result
        .inspect_err(|error| log::warn!("nothing is kept on this device: {error}"))
        .ok()
}

fn tab_lock(tab: &str) -> String {
    format!("freshet-tab-{tab}")
}

/// What there is to know about something that is kept: whose it is, when it was written, and more.
fn note(owner: &str, more: &[&str]) -> String {
    let written = clock::wall().as_millis().to_string();
    [&[owner, written.as_str()], more].concat().join("\n")
}
