//! The history of every field, and of the existence of every row. The model of the server keeps it for the checks.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use wire::UserId;

/// The history of all rows. Changes are numbered across the whole server.
#[derive(Default)]
pub(super) struct History {
    fields: HashMap<(u128, String), Vec<Write>>,
    /// For each row: the numbers of the changes that created or deleted it.
    existence: HashMap<u128, Vec<(u64, bool)>>,
    /// For each coaching session and goal: the numbers of the changes that linked or unlinked them.
    links: BTreeMap<(usize, u128), Vec<(u64, bool)>>,
}

/// A write of a field.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) number: u64,
    /// The version of the row after the write.
    pub(super) version: u64,
    pub(super) value: Value,
    pub(super) by: Option<UserId>,
}

impl History {
    pub(super) fn note(&mut self, row: u128, field: &str, write: Write) {
        self.fields.entry((row, field.to_owned())).or_default().push(write);
    }

    pub(super) fn note_existence(&mut self, row: u128, number: u64, exists: bool) {
        self.existence.entry(row).or_default().push((number, exists));
    }

    pub(super) fn note_link(&mut self, session: usize, goal: u128, number: u64, exists: bool) {
        self.links.entry((session, goal)).or_default().push((number, exists));
    }

    /// Returns the last write of a field.
    pub(super) fn last(&self, row: u128, field: &str) -> Option<&Write> {
        self.writes(row, field).last()
    }

    fn writes(&self, row: u128, field: &str) -> &[Write] {
        let writes = self.fields.get(&(row, field.to_owned()));
        writes.map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the first value of a field.
    pub(super) fn first(&self, row: u128, field: &str) -> Option<&Value> {
        self.writes(row, field).first().map(|write| &write.value)
    }

    /// Whether a field had this value at any moment since that change.
    pub(super) fn held(&self, row: u128, field: &str, value: &Value, since: u64) -> bool {
        let writes = self.writes(row, field);
        let numbered = writes.iter().map(|write| (write.number, &write.value == value));
        held(numbered, since)
    }

    /// Whether a row existed, or did not exist, at any moment since that change.
    pub(super) fn existed(&self, row: u128, exists: bool, since: u64) -> bool {
        let Some(all) = self.existence.get(&row) else {
            return !exists;
        };
        held(all.iter().map(|(number, is)| (*number, *is == exists)), since)
    }

    /// Whether a row was ever restored.
    pub(super) fn is_restored(&self, row: u128) -> bool {
        self.existence.get(&row).is_some_and(|all| all.len() > 2)
    }

    /// Whether a goal was linked to a coaching session, or was not, at any moment since that change.
    pub(super) fn linked(&self, session: usize, goal: u128, exists: bool, since: u64) -> bool {
        let Some(all) = self.links.get(&(session, goal)) else {
            return !exists;
        };
        let begins_without = !exists && all.first().is_some_and(|(number, _)| *number > since);
        begins_without || held(all.iter().map(|(number, is)| (*number, *is == exists)), since)
    }
}

/// Whether any of these states lasts beyond that change. Each state lasts until the next one.
fn held(states: impl Iterator<Item = (u64, bool)>, since: u64) -> bool {
    let mut is = false;
    for (number, holds) in states {
        // The state before has lasted until here.
        if is && number > since {
            return true;
        }
        is = holds;
    }
    is
}
