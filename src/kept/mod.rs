//! Text that a person has written and that is not saved: what is typed into a form or an editor, and changes that were
//! not made and that the person has to decide on.
//!
//! It is kept on the device, per person, from the moment it is written: it outlives a reload, a closed tab, and a
//! sign-out by force or by time. It goes when it is saved, discarded, or its person signs out on purpose.
//!
//! Where the browser keeps nothing, it lives as long as the page; [`Kept::is_at_risk`] says so, so that the browser can
//! ask before the page is closed.

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

/// The begin of the name of every record on the device; the owner and the place follow.
const PREFIX: &str = "freshet-kept/";
const TEXT: &str = "text/";
const UNRESOLVED: &str = "unresolved/";

/// Text that is typed and not saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptText {
    /// The text.
    pub text: String,
    /// The text that was there when the person began.
    #[serde(default)]
    pub opened: String,
    /// The same, or the one that they have seen since.
    #[serde(default)]
    pub seen: String,
    /// The version of the row that had it.
    #[serde(default)]
    pub version: Option<u64>,
    /// The row as it was then, so that it can be added again if it is deleted meanwhile; of a row that is not there yet,
    /// the other fields of its form.
    #[serde(default)]
    pub row: Option<intent::Row>,
}

impl KeptText {
    /// The text of a row, to be edited.
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

    /// Whether the person has written nothing.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.text.trim() == self.opened
    }
}

/// Whether this device keeps anything that was not saved, of any person.
#[must_use]
pub fn is_any_on_device() -> bool {
    !storage::names(PREFIX).is_empty() || storage::tabs_with_unsent().is_some_and(|tabs| !tabs.is_empty())
}

/// The unsaved text of the person who is signed in. Cheap to clone; equal only to its own clones.
#[derive(Clone)]
pub struct Kept(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    owner: Option<String>,
    records: Records,
    /// The unresolved changes, oldest first.
    unresolved: Rc<Vec<Unresolved>>,
    /// The moment that the latest name of an unresolved change tells, in milliseconds.
    latest: u64,
    watches: Vec<Weak<Callback<()>>>,
}

/// Keeps a component informed; dropping it ends that.
#[must_use = "a watch that is dropped never calls back"]
struct Watch(#[expect(dead_code, reason = "held so that it lives")] Rc<Callback<()>>);

impl Kept {
    /// Nothing, of nobody.
    #[must_use]
    pub fn new() -> Self {
        Self(Rc::default())
    }

    /// The person who is signed in from now on. Takes up their records; those of other people go.
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

    /// The person has signed out on purpose: nothing stays.
    pub fn clear(&self) {
        let names: Vec<String> = self.0.borrow().records.names().map(str::to_owned).collect();
        for name in names {
            self.put(&name, None);
        }
        self.0.borrow_mut().owner = None;
    }

    /// Takes note of what other tabs have changed on the device. What it would not take before is written again; if its
    /// records were cleared, everything is.
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

    /// The text that is typed and not saved in this place.
    #[must_use]
    pub fn text(&self, place: &str) -> Option<KeptText> {
        let state = self.0.borrow();
        serde_json::from_str(state.records.get(&format!("{TEXT}{place}"))?).ok()
    }

    /// The record of the text in this place.
    fn raw_text(&self, place: &str) -> Option<String> {
        self.0.borrow().records.get(&format!("{TEXT}{place}")).cloned()
    }

    /// Whether this is the record of the text in this place.
    fn is_text(&self, place: &str, record: Option<&String>) -> bool {
        self.0.borrow().records.get(&format!("{TEXT}{place}")) == record
    }

    /// Keeps the text that is typed in this place. Text that does not differ from what is saved is not worth keeping.
    pub fn set_text(&self, place: &str, text: Option<&KeptText>) {
        let content = text.and_then(|text| serde_json::to_string(text).ok());
        let name = format!("{TEXT}{place}");
        if self.0.borrow().records.get(&name) != content.as_ref() {
            self.put(&name, content);
        }
    }

    /// A row was given another id: what is typed in places that are named after it follows.
    pub fn rename_row(&self, from: Uuid, to: Uuid) {
        let (from, to) = (from.to_string(), to.to_string());
        for (place, text) in self.texts_below("") {
            if place.contains(&from) {
                self.set_text(&place.replace(&from, &to), Some(&text));
                self.set_text(&place, None);
            }
        }
    }

    /// The places below this one in which text is typed and not saved.
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

    /// Whether any text is typed and not saved.
    #[must_use]
    pub fn has_texts(&self) -> bool {
        self.0.borrow().records.with_prefix(TEXT).next().is_some()
    }

    /// The changes that the person has to decide on, oldest first.
    #[must_use]
    pub fn unresolved(&self) -> Rc<Vec<Unresolved>> {
        Rc::clone(&self.0.borrow().unresolved)
    }

    /// Keeps a change that the person has to decide on; together with an earlier one of the same row if one decision is
    /// enough.
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

    /// Keeps a change again on which the person had decided, or a part of one.
    pub fn put_back(&self, unresolved: &Unresolved) {
        let content = serde_json::to_string(unresolved).ok();
        self.put(&unresolved_name(unresolved), content);
    }

    /// The person has decided on one field.
    pub fn resolve_field(&self, unresolved: &Unresolved, field: &str) {
        match unresolved.without(field) {
            Some(rest) => self.put_back(&rest),
            None => self.resolve(unresolved),
        }
    }

    /// An id after all that this page has given and, as far as the clock knows, after those of earlier visits: records are
    /// shown in this order.
    fn new_id(&self) -> String {
        let latest = &mut self.0.borrow_mut().latest;
        // Changes are left over faster than the clock ticks, and it may be set back.
        *latest = clock::wall().as_millis().max(*latest + 1);
        format!("{latest:014}-{}", clock::unique())
    }

    /// The person has decided.
    pub fn resolve(&self, unresolved: &Unresolved) {
        self.put(&unresolved_name(unresolved), None);
    }

    /// Whether anything would be lost if the page were closed now.
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
