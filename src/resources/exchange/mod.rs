//! The requests and answers of an update and of a deletion, as machines without input or output.
//!
//! - A server with `PATCH`: an update is a `PATCH` on condition that the row has the version that was seen, or
//!   [`NO_VERSION`] if that version is unknown. If another person has written the row, the answer is the row with the
//!   authors of its fields. The update is then merged, and the rest is sent as another `PATCH`.
//! - A server without `PATCH`: an update is a `PUT` of the whole row. The row is read before it, unless nothing can
//!   have happened since the last read. If another person has written the row, the update is merged before the `PUT`.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::rc::Rc;

use intent::{Changes, FieldConflict, Row};
use wire::{Deletion, FieldAuthor};

use super::changes::{Removed, Saved};
use super::record::Record;
use crate::api::Changed;
use crate::query::Item;

/// The maximum number of times that a change is merged and sent again within one attempt, while other people write the
/// same row.
const MAX_ROUNDS: u32 = 8;

/// A version that no row has. A conditional write on it writes nothing. The server answers with the row, as to a read,
/// and with the authors of its fields, which a conflict names.
pub(crate) const NO_VERSION: u64 = 0;

/// A request about one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ask<T> {
    /// Read the row.
    Read,
    /// Write these fields, on condition that the row has this version.
    Patch(Row, u64),
    /// Write the status by its separate route, if there is one.
    Status(String),
    /// Write the whole row.
    Put {
        /// The row as it was read last.
        now: Box<T>,
        /// The row as it is wanted.
        wanted: Box<T>,
    },
    /// Delete the row, on condition that it has this version.
    Delete(Option<u64>),
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer<T> {
    /// The row as it is now, after a read or a write.
    Row(T),
    /// The row has another version, and nothing was written.
    Changed(Changed<T>),
    /// The row does not exist, or does not exist any more.
    Gone(Option<Deletion>),
    /// The row was deleted.
    Deleted,
    /// The server has no such route.
    NoRoute,
}

/// The next step of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step<T, O> {
    /// Send this request.
    Ask(Ask<T>),
    /// The exchange is complete.
    Done(O),
    /// Other people write this row all the time: retry later.
    Later,
}

/// The circumstances in which a mutation is sent.
#[derive(Clone, Debug)]
pub(crate) struct Circumstances<T> {
    /// Whether the server supports `PATCH`.
    pub(crate) patches: bool,
    /// Whether the server has a separate route for the status, as far as is known.
    pub(crate) has_status_route: bool,
    /// The row as the server last confirmed it, if that is known.
    pub(crate) confirmed: Option<Rc<T>>,
    /// Whether the confirmed row is certainly the current one.
    pub(crate) is_current: bool,
}

/// The state of an update that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Updating<T> {
    /// The fields that are still to be written.
    changes: Changes,
    conflicts: Vec<FieldConflict>,
    authors: BTreeMap<String, FieldAuthor>,
    rounds: u32,
    patches: bool,
    has_status_route: bool,
    /// Whether the row is being read.
    is_reading: bool,
    row: PhantomData<fn(T)>,
}

impl<T: Record> Updating<T> {
    /// Begins an update of a row, given as it was seen.
    pub(crate) fn begin(seen: &T, changes: &Changes, circumstances: Circumstances<T>) -> (Self, Step<T, Saved<T>>) {
        let Circumstances {
            patches,
            has_status_route,
            confirmed,
            is_current,
        } = circumstances;
        let mut updating = Self {
            changes: changes.clone(),
            conflicts: Vec::new(),
            authors: BTreeMap::new(),
            rounds: 0,
            patches,
            has_status_route,
            is_reading: false,
            row: PhantomData,
        };
        let step = if patches {
            // The condition must be a version at which every field had the value that was seen.
            let forms = [confirmed.as_deref(), Some(seen)];
            let known = forms.into_iter().flatten().find(|row| changes.fits(&row.to_row()));
            updating.patch(known.and_then(Item::version).unwrap_or(NO_VERSION))
        } else {
            match confirmed.filter(|_| is_current) {
                Some(row) => updating.merge(&row),
                None => updating.read(),
            }
        };
        (updating, step)
    }

    /// Handles the answer to the last request.
    pub(crate) fn handle(&mut self, answer: Answer<T>) -> Step<T, Saved<T>> {
        match answer {
            Answer::Gone(deletion) => Step::Done(Saved::Gone(deletion)),
            Answer::Changed(Changed { now, authors }) => {
                self.authors.extend(authors);
                self.merge(&now)
            }
            Answer::Row(row) if std::mem::take(&mut self.is_reading) => self.merge(&row),
            Answer::Row(row) => self.done(row),
            // The row may have changed while the route was tried.
            Answer::NoRoute => {
                self.has_status_route = false;
                self.read()
            }
            // An update never sends a request with this answer.
            Answer::Deleted => Step::Later,
        }
    }

    /// Compares the change with the current row, and writes the fields without conflict.
    fn merge(&mut self, now: &T) -> Step<T, Saved<T>> {
        let merged = self.changes.merge(&now.to_row());
        self.conflicts.extend(merged.conflicts);
        self.changes = merged.write;
        if self.changes.is_empty() {
            return self.done(now.clone());
        }
        if self.patches {
            return now.version().map_or(Step::Later, |version| self.patch(version));
        }
        match only_status(&self.changes).filter(|_| self.has_status_route) {
            Some(status) => Step::Ask(Ask::Status(status)),
            None => Step::Ask(Ask::Put {
                wanted: Box::new(apply(&self.changes, now)),
                now: Box::new(now.clone()),
            }),
        }
    }

    const fn read(&mut self) -> Step<T, Saved<T>> {
        self.is_reading = true;
        Step::Ask(Ask::Read)
    }

    fn patch(&mut self, version: u64) -> Step<T, Saved<T>> {
        self.rounds += 1;
        if self.rounds > MAX_ROUNDS {
            return Step::Later;
        }
        Step::Ask(Ask::Patch(self.changes.patch(), version))
    }

    fn done(&mut self, row: T) -> Step<T, Saved<T>> {
        Step::Done(Saved::Row {
            row,
            conflicts: std::mem::take(&mut self.conflicts),
            authors: std::mem::take(&mut self.authors),
        })
    }
}

/// The state of a deletion that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Deleting {
    /// The fields of the row as it was seen.
    seen: Row,
    rounds: u32,
    patches: bool,
}

impl Deleting {
    /// Begins the deletion of a row, given as it was seen.
    pub(crate) fn begin<T: Record>(seen: &T, circumstances: Circumstances<T>) -> (Self, Step<T, Removed<T>>) {
        let Circumstances {
            patches,
            confirmed,
            is_current,
            ..
        } = circumstances;
        let mut deleting = Self {
            seen: seen.fields(),
            rounds: 0,
            patches,
        };
        let known = confirmed.filter(|row| row.fields() == deleting.seen);
        let version = known.as_ref().map_or_else(|| seen.version(), |row| row.version());
        let step = if patches {
            deleting.delete(Some(version.unwrap_or(NO_VERSION)))
        } else if !patches && known.is_some() && is_current {
            deleting.delete(None)
        } else {
            Step::Ask(Ask::Read)
        };
        (deleting, step)
    }

    /// Handles the answer to the last request.
    pub(crate) fn handle<T: Record>(&mut self, answer: Answer<T>) -> Step<T, Removed<T>> {
        let (now, authors) = match answer {
            Answer::Deleted | Answer::Gone(_) => return Step::Done(Removed::Gone),
            Answer::Changed(Changed { now, authors }) => (now, authors),
            Answer::Row(now) => (now, BTreeMap::new()),
            Answer::NoRoute => return Step::Later,
        };
        if now.fields() != self.seen {
            return Step::Done(Removed::Kept(Changed { now, authors }));
        }
        // Only fields that people do not edit have changed.
        self.delete(now.version().filter(|_| self.patches))
    }

    fn delete<T>(&mut self, version: Option<u64>) -> Step<T, Removed<T>> {
        self.rounds += 1;
        if self.rounds > MAX_ROUNDS {
            return Step::Later;
        }
        Step::Ask(Ask::Delete(version))
    }
}

/// Applies changes to a row. If the result can not be parsed, the row stays as it is.
pub(super) fn apply<T: Record>(changes: &Changes, row: &T) -> T {
    T::from_row(changes.apply(&row.to_row())).unwrap_or_else(|| row.clone())
}

/// Applies changes to a row that the server has not confirmed. The result has no version: the server never had these
/// values together, so a condition on the version of the original row would not protect them.
pub(super) fn unconfirmed<T: Record>(changes: &Changes, row: &T) -> T {
    let changed = T::from_row(changes.apply(&row.to_row()));
    changed.map_or_else(|| row.clone(), |row| row.at_version(None))
}

/// Returns the new status if no other field changes.
fn only_status(changes: &Changes) -> Option<String> {
    let mut changes = changes.iter();
    match (changes.next(), changes.next()) {
        (Some(change), None) if change.field == "status" => change.to.as_str().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests;
