//! The disk of one person, as one tab sees it: what is to be done there is done in the order in which it was said.
//!
//! What is said before the browser has opened it waits. So nobody has to ask whether it is open, and whoever leaves
//! before it is leaves nothing on it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::mirror::{Mirror, Struck};
use crate::browser::database::{Database, DatabaseError, Record, Schema};
use crate::browser::locks::{self, Lock, Mode};
use crate::browser::{self, clock, storage};
use crate::time::EpochMillis;

pub(super) const DATA: &str = "data";
pub(super) const MUTATIONS: &str = "mutations";
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
    pub(super) tab: String,
    database: RefCell<Opening>,
    /// Says that this tab lives. Where there are no locks, every tab is alone.
    lock: RefCell<Option<Lock>>,
    is_left: Cell<bool>,
    /// Numbers mutations that were made in the same millisecond.
    count: Cell<u32>,
    /// The latest moment that a place names. No place after it names an earlier one, though the clock is set back.
    latest: Cell<EpochMillis>,
    /// What ought to be on it of this tab's mutations.
    mirror: RefCell<Mirror>,
    /// Whether it is being opened.
    is_opening: Cell<bool>,
}

enum Opening {
    /// It is not open yet. When it is, these are carried out, and then everything in the mirror.
    Waits(Vec<Act>),
    Open(Rc<Database>),
    /// The browser keeps nothing.
    Failed,
}

/// What is done to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Put(&'static str, String, Record),
    Delete(&'static str, String),
    Clear(&'static str),
}

impl Act {
    async fn carry_out(&self, database: &Database) -> Result<(), DatabaseError> {
        match self {
            Self::Put(store, key, record) => database.put(store, key, record).await,
            Self::Delete(store, key) => database.delete(store, key).await,
            Self::Clear(store) => database.clear(store).await,
        }
    }
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
    /// That of this person. `struck` is what earlier ones of this page could not delete.
    pub(super) fn of(owner: &str, struck: Struck) -> Rc<Self> {
        Rc::new(Self {
            owner: owner.to_owned(),
            tab: clock::unique(),
            database: RefCell::new(Opening::Waits(Vec::new())),
            lock: RefCell::default(),
            is_left: Cell::new(false),
            count: Cell::new(0),
            latest: Cell::default(),
            mirror: RefCell::new(Mirror::new(struck)),
            is_opening: Cell::new(true),
        })
    }

    /// Whether any tab may have left mutations that were not sent: this is known at once, unlike which.
    pub(super) fn may_have_unsent() -> bool {
        storage::tabs_with_unsent().is_none_or(|tabs| !tabs.is_empty())
    }

    /// It, if it is open.
    pub(super) fn database(&self) -> Option<Rc<Database>> {
        match &*self.database.borrow() {
            Opening::Open(database) => Some(Rc::clone(database)),
            Opening::Waits(_) | Opening::Failed => None,
        }
    }

    fn has_unsent(&self) -> bool {
        self.mirror.borrow().has_unsent()
    }

    /// Changes what ought to be there, and says so if other tabs have to know.
    fn mirror(&self, change: impl FnOnce(&mut Mirror)) {
        let had_unsent = self.has_unsent();
        change(&mut self.mirror.borrow_mut());
        if had_unsent != self.has_unsent() {
            self.say_whether_unsent();
        }
    }

    fn say_whether_unsent(&self) {
        let is_kept = !matches!(*self.database.borrow(), Opening::Failed);
        storage::set_has_unsent(&self.tab, is_kept && self.has_unsent());
    }

    /// Opens it, and does what has waited for that. Returns what can be read of it, unless the browser keeps nothing.
    pub(super) async fn open(self: &Rc<Self>) -> Option<Rc<Database>> {
        // First, so that no other tab takes what this one writes for what is left of one that is gone.
        let lock = locks::try_request(&tab_lock(&self.tab), Mode::Exclusive).await;
        *self.lock.borrow_mut() = lock.ok().flatten();
        self.open_database().await
    }

    /// Whether what is written down there is kept.
    pub(super) fn keeps(&self, place: &str) -> bool {
        let is_there = matches!(&*self.database.borrow(), Opening::Open(database) if database.is_open());
        // Cleared records tell before the database does that it was cleared as well.
        is_there && self.mirror.borrow().is_kept(place) && !storage::was_cleared()
    }

    async fn open_database(self: &Rc<Self>) -> Option<Rc<Database>> {
        let database = told(Database::open(&SCHEMA, PATIENCE).await).map(Rc::new);
        self.is_opening.set(false);
        let opened = database.clone().map_or(Opening::Failed, Opening::Open);
        let waited = self.database.replace(opened);
        if let (Opening::Waits(acts), Some(_)) = (waited, &database) {
            self.carry_out_again(acts);
            // The browser may have taken it away with all that was on it.
            let all = self.mirror.borrow().all();
            self.carry_out_again(all);
        }
        // Until the lock was held, another tab may have taken this one for one that is gone.
        if self.has_unsent() {
            self.say_whether_unsent();
        }
        database
    }

    /// Opens it again: the browser had taken it away, or had kept nothing.
    fn reopen(self: &Rc<Self>) {
        if self.is_left() || self.is_opening.replace(true) {
            return;
        }
        let disk = Rc::clone(self);
        browser::spawn(async move { drop(disk.open_database().await) });
    }

    pub(super) fn put_data(self: &Rc<Self>, address: String, bytes: Vec<u8>) {
        let note = note(&self.owner, &[]);
        self.act(Act::Put(DATA, address, Record { note, bytes }));
    }

    /// Writes a mutation down as this tab's: there, or in a place of its own. Returns where.
    pub(super) fn write_down(self: &Rc<Self>, place: Option<String>, form: &Form<'_>, content: Vec<u8>) -> String {
        let unsent = Unsent {
            place: place.unwrap_or_else(|| self.new_place()),
            name: form.name.to_owned(),
            key: form.key.to_owned(),
            is_uncertain: form.is_uncertain,
            content,
        };
        let record = self.record(&unsent);
        self.mirror(|mirror| mirror.write(&unsent.place, record.clone()));
        self.act(Act::Put(MUTATIONS, unsent.place.clone(), record));
        unsent.place
    }

    fn note_latest(&self, moment: EpochMillis) {
        self.latest.set(self.latest.get().max(moment));
    }

    /// Places of this tab come after this one: it counts from zero, as the one before did.
    pub(super) fn go_on_after(&self, place: &str) {
        let moment = place.split('-').next().and_then(|millis| millis.parse().ok());
        if let Some(moment) = moment {
            self.note_latest(EpochMillis::from_millis(u64::saturating_add(moment, 1)));
        }
    }

    /// A place after all others.
    fn new_place(&self) -> String {
        let count = self.count.get();
        self.count.set(count.wrapping_add(1));
        self.note_latest(clock::wall());
        // Another tab may count the same in the same millisecond.
        format!("{:014}-{count:010}-{}", self.latest.get().as_millis(), self.tab)
    }

    /// A mutation that is written down as this tab's has settled.
    pub(super) fn strike_out(self: &Rc<Self>, place: String) {
        self.mirror(|mirror| mirror.strike_out(&place));
        self.act(Act::Delete(MUTATIONS, place));
    }

    /// A mutation that this version can not read stays on the disk, for a version that can. It does not count as unsent.
    pub(super) fn set_aside(&self, place: &str) {
        self.mirror(|mirror| mirror.set_aside(place));
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
            self.mirror(Mirror::strike_out_all);
            self.act(Act::Clear(MUTATIONS));
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
        self.carry_out(act, false);
    }

    /// Another disk of this page has taken over: this one writes nothing any more.
    pub(super) fn give_up(&self) {
        self.mirror.borrow_mut().give_up();
    }

    fn carry_out(self: &Rc<Self>, act: Act, is_again: bool) {
        let open = match &*self.database.borrow() {
            Opening::Open(database) if database.is_open() => Some(Rc::clone(database)),
            _ => None,
        };
        let Some(database) = open else {
            self.wait_with(act);
            return;
        };
        let disk = Rc::clone(self);
        browser::spawn(async move {
            let is_done = told(act.carry_out(&database).await).is_some();
            disk.mirror.borrow_mut().note(&act, is_done);
            // There may be room for more now. What comes of that is no reason to try again.
            if is_done && !is_again && !disk.is_left() {
                let acts = disk.mirror.borrow_mut().again();
                disk.carry_out_again(acts);
            }
        });
    }

    fn carry_out_again(self: &Rc<Self>, acts: Vec<Act>) {
        for act in acts {
            self.carry_out(act, true);
        }
    }

    /// This is to be done once it is open.
    fn wait_with(self: &Rc<Self>, act: Act) {
        let state = &mut *self.database.borrow_mut();
        if !matches!(state, Opening::Waits(_)) {
            *state = Opening::Waits(Vec::new());
        }
        match (state, act) {
            // The mirror has it.
            (_, Act::Put(MUTATIONS, ..)) => {}
            (_, act @ Act::Delete(MUTATIONS, _)) => self.mirror.borrow_mut().note(&act, false),
            (Opening::Waits(acts), act) => acts.push(act),
            _ => {}
        }
        self.reopen();
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
            if self.mirror.borrow().is_struck(&place) {
                self.delete(MUTATIONS, place);
                continue;
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
                        self.go_on_after(&unsent.place);
                        let record = self.record(&unsent);
                        let act = Act::Put(MUTATIONS, unsent.place.clone(), record.clone());
                        let is_done = told(act.carry_out(database).await).is_some();
                        if !self.is_left() {
                            self.mirror(|mirror| mirror.write(&unsent.place, record));
                            self.mirror.borrow_mut().note(&act, is_done);
                        }
                        adopted.push(unsent);
                    }
                }
                _ => self.delete(MUTATIONS, place),
            }
        }
        if !self.is_left() {
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

/// The lock that a tab holds as long as it lives.
pub(super) fn tab_lock(tab: &str) -> String {
    format!("freshet-tab-{tab}")
}

/// What there is to know about something that is kept: whose it is, when it was written, and more.
fn note(owner: &str, more: &[&str]) -> String {
    let written = clock::wall().as_millis().to_string();
    [&[owner, written.as_str()], more].concat().join("\n")
}
