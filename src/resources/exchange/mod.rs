//! The requests and answers of an update and of a deletion, as machines without input or output.
//!
//! | the server | an update is | if another person has written the row |
//! |---|---|---|
//! | patches | `PATCH` on condition that the row has the version that was seen, or [`NO_VERSION`] if that is unknown | the answer is the row and who has written what: merge, `PATCH` the rest |
//! | does not | `PUT` of the whole row | a read before it, unless nothing can have happened since the last: merge, `PUT` |

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::rc::Rc;

use intent::{Changes, FieldConflict, Row};
use wire::{Deletion, FieldAuthor};

use super::changes::{Removed, Saved};
use super::record::Record;
use crate::api::Changed;
use crate::query::Item;

/// How often a change is merged and sent anew within one attempt, while others write the same row.
const MAX_ROUNDS: u32 = 8;

/// A version that no row has. A change on condition of it writes nothing and is answered with the row, as a read is, and
/// with the authors of its fields, whom a conflict names.
pub(crate) const NO_VERSION: u64 = 0;

/// A request about one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ask<T> {
    /// Read the row.
    Read,
    /// Write these fields, on condition of this version.
    Patch(Row, u64),
    /// Write the status by the route that is made for it, if there is one.
    Status(String),
    /// Write the whole row.
    Put {
        /// The row as it was read last.
        now: Box<T>,
        /// The row as it is wanted.
        wanted: Box<T>,
    },
    /// Delete the row, on condition of this version.
    Delete(Option<u64>),
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer<T> {
    /// The row as it is now: it was read, or written.
    Row(T),
    /// Nothing was written: the row has another version.
    Changed(Changed<T>),
    /// There is no such row, or not any more.
    Gone(Option<Deletion>),
    /// The row was deleted.
    Deleted,
    /// The server has no route for that.
    NoRoute,
}

/// The next step of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step<T, O> {
    /// Send this request.
    Ask(Ask<T>),
    /// It is done.
    Done(O),
    /// Others write this row all the time: try again later.
    Later,
}

/// The circumstances in which a change leaves.
#[derive(Clone, Debug)]
pub(crate) struct Circumstances<T> {
    /// Whether the server patches.
    pub(crate) patches: bool,
    /// Whether it has a route for the status alone, as far as is known.
    pub(crate) has_status_route: bool,
    /// The row as the server has confirmed it, if that is known.
    pub(crate) confirmed: Option<Rc<T>>,
    /// Whether nothing can have happened to it since.
    pub(crate) is_current: bool,
}

/// An update under way.
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
    /// Begins an update of a row that was seen like this.
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

    /// The answer to the request before.
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
            // Not an answer to anything that an update asks.
            Answer::Deleted => Step::Later,
        }
    }

    /// Compares the change with the row as it is, and writes what can be written.
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

/// A deletion under way.
#[derive(Clone, Debug)]
pub(crate) struct Deleting {
    /// The fields of the row as it was seen.
    seen: Row,
    rounds: u32,
    patches: bool,
}

impl Deleting {
    /// Begins the deletion of a row that was seen like this.
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

    /// The answer to the request before.
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
        // Only fields that people do not write have changed.
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

/// A row with changes in it. A row that can not be read with them stays as it is.
pub(super) fn apply<T: Record>(changes: &Changes, row: &T) -> T {
    T::from_row(changes.apply(&row.to_row())).unwrap_or_else(|| row.clone())
}

/// A row with changes in it that the server has not confirmed: it has no version, since the server never had it like
/// this, and a condition on the version of the row below would not be one on these values.
pub(super) fn unconfirmed<T: Record>(changes: &Changes, row: &T) -> T {
    let changed = T::from_row(changes.apply(&row.to_row()));
    changed.map_or_else(|| row.clone(), |row| row.at_version(None))
}

/// The new status, if nothing else changes.
fn only_status(changes: &Changes) -> Option<String> {
    let mut changes = changes.iter();
    match (changes.next(), changes.next()) {
        (Some(change), None) if change.field == "status" => change.to.as_str().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests;
