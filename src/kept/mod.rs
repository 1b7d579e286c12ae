//! The unsaved text of a person: drafts in forms and editors, and unresolved changes, on which the person has to
//! decide.
//!
//! It is stored on the device, per person, from the first keystroke. It outlives a reload, a closed tab, and the end of
//! a session by force or by expiry. A text is removed when it is saved or discarded, or when its person signs out on
//! purpose.
//!
//! If the browser stores nothing, the text lives until the tab is reloaded or closed. [`Kept::is_at_risk`] reports
//! this, so that the browser can ask before.

mod hooks;
mod records;

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use yew::Callback;

use crate::browser::{clock, storage};
use crate::unresolved::Unresolved;
pub use hooks::{
    KeptProvider, KeptProviderProperties, UseKeptText, use_from_kept, use_kept, use_kept_text, use_unresolved,
};
use records::Records;

/// The prefix of the name of every record on the device. The owner and the key follow.
const PREFIX: &str = "freshet-kept/";
const TEXT: &str = "text/";
const UNRESOLVED: &str = "unresolved/";

/// A draft: text that is typed and not saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptText {
    /// The text.
    pub text: String,
    /// The saved text when the person began.
    #[serde(default)]
    pub opened: String,
    /// The latest saved text that the person has seen; at first the same as `opened`.
    #[serde(default)]
    pub seen: String,
    /// The version of the row with the text `seen`.
    #[serde(default)]
    pub version: Option<u64>,
    /// The row at that version, so that it can be added again if it is deleted meanwhile. For a row that does not exist
    /// yet, the other fields of its form.
    #[serde(default)]
    pub row: Option<intent::Row>,
}

impl KeptText {
    /// Returns an untouched draft of a row's text.
    #[must_use]
    pub fn of_row(text: String, version: Option<u64>, row: intent::Row) -> Self {
        Self {
            opened: text.clone(),
            seen: text.clone(),
            text,
            version,
            row: Some(row),
        }
    }

    /// Returns whether the person has typed nothing.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.text.trim() == self.opened
    }
}

/// Returns whether this device has unsaved text or unsent mutations of any person.
#[must_use]
pub fn is_any_on_device() -> bool {
    !storage::names(PREFIX).is_empty() || storage::tabs_with_unsent().is_some_and(|tabs| !tabs.is_empty())
}

/// The unsaved text of the signed-in person. Cheap to clone; equal only to its own clones.
#[derive(Clone)]
pub struct Kept(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    owner: Option<String>,
    records: Records,
    /// The unresolved changes, oldest first.
    unresolved: Rc<Vec<Unresolved>>,
    /// The latest time in the id of an unresolved change, in milliseconds.
    latest: u64,
    watches: Vec<Weak<Callback<()>>>,
}

/// The subscription of a component. Dropping it ends the subscription.
#[must_use = "a watch that is dropped never calls back"]
struct Watch(#[expect(dead_code, reason = "held so that it lives")] Rc<Callback<()>>);

impl Kept {
    /// Returns an empty store without an owner.
    #[must_use]
    pub fn new() -> Self {
        Self(Rc::default())
    }

    /// Sets the signed-in person. Loads the records of that person, and deletes those of other people.
    pub fn set_owner(&self, owner: &str) {
        {
            let state = &mut *self.0.borrow_mut();
            if state.owner.as_deref() != Some(owner) {
                state.records = Records::default();
                state.owner = Some(owner.to_owned());
            }
        }
        let own = format!("{PREFIX}{owner}/");
        for name in storage::names(PREFIX).iter().filter(|name| !name.starts_with(&own)) {
            storage::write(name, None);
        }
        self.reload();
    }

    /// Deletes everything, because the person has signed out on purpose.
    pub fn clear(&self) {
        let names: Vec<String> = self.0.borrow().records.names().map(str::to_owned).collect();
        for name in names {
            self.put(&name, None);
        }
        self.0.borrow_mut().owner = None;
    }

    /// Reads the changes of other tabs from the device. Records that the device rejected before are written again. If
    /// the storage was cleared, all records are.
    pub fn reload(&self) {
        let Some(prefix) = self.prefix() else { return };
        {
            let write = |name: &str, content: &str| storage::write(&format!("{prefix}{name}"), Some(content));
            let records = &mut self.0.borrow_mut().records;
            if storage::was_cleared() {
                records.write_all(write);
            } else {
                records.write_missing(write);
            }
        }
        let on_disk = storage::names(&prefix).into_iter().filter_map(|name| {
            let content = storage::read(&name)?;
            Some((name.strip_prefix(&prefix)?.to_owned(), content))
        });
        let on_disk = on_disk.collect();
        self.0.borrow_mut().records.reload(on_disk);
        self.changed();
    }

    fn prefix(&self) -> Option<String> {
        let state = self.0.borrow();
        state.owner.as_ref().map(|owner| format!("{PREFIX}{owner}/"))
    }

    /// Writes a record, or removes it.
    fn put(&self, name: &str, content: Option<String>) {
        let Some(prefix) = self.prefix() else { return };
        let is_on_disk = storage::write(&format!("{prefix}{name}"), content.as_deref());
        self.0.borrow_mut().records.put(name, content, is_on_disk);
        self.changed();
    }

    fn changed(&self) {
        let watches: Vec<_> = {
            let state = &mut *self.0.borrow_mut();
            let read = |content: &String| serde_json::from_str(content).ok();
            let unresolved = state
                .records
                .with_prefix(UNRESOLVED)
                .filter_map(|(_, content)| read(content));
            let unresolved: Vec<Unresolved> = unresolved.collect();
            if unresolved != *state.unresolved {
                state.unresolved = Rc::new(unresolved);
            }
            state.watches.retain(|watch| watch.strong_count() > 0);
            state.watches.iter().filter_map(Weak::upgrade).collect()
        };
        for watch in watches {
            watch.emit(());
        }
    }

    fn watch(&self, wake: Callback<()>) -> Watch {
        let wake = Rc::new(wake);
        self.0.borrow_mut().watches.push(Rc::downgrade(&wake));
        Watch(wake)
    }

    /// Returns the draft under this key.
    #[must_use]
    pub fn text(&self, place: &str) -> Option<KeptText> {
        let state = self.0.borrow();
        serde_json::from_str(state.records.get(&format!("{TEXT}{place}"))?).ok()
    }

    /// Returns the record of the draft under this key.
    fn raw_text(&self, place: &str) -> Option<String> {
        self.0.borrow().records.get(&format!("{TEXT}{place}")).cloned()
    }

    /// Returns whether this is the record of the draft under this key.
    fn is_text(&self, place: &str, record: Option<&String>) -> bool {
        self.0.borrow().records.get(&format!("{TEXT}{place}")) == record
    }

    /// Stores the draft under this key. A draft that is equal to the stored one is not written.
    pub fn set_text(&self, place: &str, text: Option<&KeptText>) {
        let content = text.and_then(|text| serde_json::to_string(text).ok());
        let name = format!("{TEXT}{place}");
        if self.0.borrow().records.get(&name) != content.as_ref() {
            self.put(&name, content);
        }
    }

    /// Moves the drafts of a row whose id has changed to the keys with the new id.
    pub fn rename_row(&self, from: Uuid, to: Uuid) {
        let (from, to) = (from.to_string(), to.to_string());
        for (place, text) in self.texts_below("") {
            if place.contains(&from) {
                self.set_text(&place.replace(&from, &to), Some(&text));
                self.set_text(&place, None);
            }
        }
    }

    /// Returns the drafts whose keys begin with this one, with their keys.
    #[must_use]
    pub fn texts_below(&self, place: &str) -> Vec<(String, KeptText)> {
        let state = self.0.borrow();
        let prefix = format!("{TEXT}{place}");
        let records = state.records.with_prefix(&prefix);
        records
            .filter_map(|(name, content)| {
                let place = name.strip_prefix(TEXT)?.to_owned();
                Some((place, serde_json::from_str(content).ok()?))
            })
            .collect()
    }

    /// Returns whether there are drafts.
    #[must_use]
    pub fn has_texts(&self) -> bool {
        self.0.borrow().records.with_prefix(TEXT).next().is_some()
    }

    /// Returns the changes on which the person has to decide, the oldest first.
    #[must_use]
    pub fn unresolved(&self) -> Rc<Vec<Unresolved>> {
        Rc::clone(&self.0.borrow().unresolved)
    }

    /// Stores an unresolved change. It is merged with an earlier one of the same row if one decision is enough for
    /// both.
    pub fn add_unresolved(&self, new: &Unresolved) {
        let all = self.unresolved();
        let absorbed = all.iter().find_map(|earlier| earlier.absorb(new));
        let record = absorbed.unwrap_or_else(|| Unresolved {
            id: self.new_id(),
            ..new.clone()
        });
        let content = serde_json::to_string(&record).ok();
        self.put(&unresolved_name(&record), content);
    }

    /// Stores an unresolved change again after a decision on it, or on a part of it.
    pub fn put_back(&self, unresolved: &Unresolved) {
        let content = serde_json::to_string(unresolved).ok();
        self.put(&unresolved_name(unresolved), content);
    }

    /// Records the decision on one field.
    pub fn resolve_field(&self, unresolved: &Unresolved, field: &str) {
        match unresolved.without(field) {
            Some(rest) => self.put_back(&rest),
            None => self.resolve(unresolved),
        }
    }

    /// Returns an id that sorts after all ids of this tab and, as far as the clock is right, after those of earlier
    /// visits. Records are shown in the order of their ids.
    fn new_id(&self) -> String {
        let latest = &mut self.0.borrow_mut().latest;
        // Unresolved changes can arrive faster than the clock ticks, and the clock may be set back.
        *latest = clock::wall().as_millis().max(*latest + 1);
        format!("{latest:014}-{}", clock::unique())
    }

    /// Records the decision on the whole change.
    pub fn resolve(&self, unresolved: &Unresolved) {
        self.put(&unresolved_name(unresolved), None);
    }

    /// Returns whether anything would be lost if the tab were closed now.
    #[must_use]
    pub fn is_at_risk(&self) -> bool {
        self.0.borrow().records.is_any_only_here()
    }
}

fn unresolved_name(unresolved: &Unresolved) -> String {
    format!("{UNRESOLVED}{}", unresolved.id)
}

impl Default for Kept {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept(..)")
    }
}
