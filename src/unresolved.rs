//! Unresolved changes, which were not made and on which the person has to decide: conflicts, deleted rows, refusals.
//!
//! They outlive the tab and appear in every tab of the person. [`crate::kept`] stores them.

use std::collections::BTreeMap;

use intent::{Changes, FieldChange, FieldConflict, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wire::{Deletion, FieldAuthor, Timestamp, UserId};

use crate::api::{ApiError, Kind};
use crate::resources::Record;

/// A change that was not made as intended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unresolved {
    /// The id of the unresolved change. It is assigned when the change is stored, and empty before.
    pub id: String,
    /// The collection of the row.
    pub collection: String,
    /// The id of the row.
    pub row: Uuid,
    /// The row as the person saw it.
    pub seen: Row,
    /// The changed fields.
    pub changes: Changes,
    /// The row as the server has it, if it exists there.
    #[serde(default)]
    pub now: Option<Row>,
    /// The reason why the change was not made.
    pub problem: Problem,
    /// The other person, if known.
    #[serde(default)]
    pub by: Option<UserId>,
    /// The time of the other person's change, if known.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

/// The reason why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Problem {
    /// Both people changed the same fields to different values.
    BothChanged {
        /// The fields.
        fields: Vec<FieldConflict>,
    },
    /// This person changed the row, and another person deleted it.
    DeletedThere,
    /// This person deleted the row, and another person changed it.
    ChangedThere,
    /// The server does not accept the change.
    Refused {
        /// A sentence with the reason.
        message: String,
    },
    /// The outcome is unknown: the server could not be reached, and would carry out a repetition as another change.
    Uncertain,
}

impl Problem {
    /// Returns the problem for an error that no retry fixes. Returns `None` for the end of the session, because the
    /// change is sent after the next sign-in.
    #[must_use]
    pub fn refused(error: &ApiError) -> Option<Self> {
        let message = error.to_string();
        (!matches!(error.kind(), Kind::Unauthorized)).then_some(Self::Refused { message })
    }
}

impl Unresolved {
    /// Returns an unresolved change of a row.
    #[must_use]
    pub fn new<T: Record>(
        seen: &T,
        changes: Changes,
        problem: Problem,
        authors: &BTreeMap<String, FieldAuthor>,
    ) -> Self {
        let concerned = |field: &&String| changes.contains(field);
        let author = authors.keys().filter(concerned).find_map(|field| authors.get(field));
        Self {
            id: String::new(),
            collection: T::COLLECTION.to_owned(),
            row: seen.uuid(),
            seen: seen.to_row(),
            now: None,
            problem,
            by: author.map(|author| author.by),
            at: author.map(|author| author.at),
            changes,
        }
    }

    /// Sets the row as the server has it.
    #[must_use]
    pub fn now<T: Record>(mut self, row: &T) -> Self {
        self.now = Some(row.to_row());
        self
    }

    /// Sets the author and the time of the row's deletion.
    #[must_use]
    pub fn deleted(mut self, deletion: Option<Deletion>) -> Self {
        self.by = deletion.map(|deletion| deletion.deleted_by);
        self.at = deletion.map(|deletion| deletion.deleted_at);
        self
    }

    /// Returns the row as the person wants it.
    #[must_use]
    pub fn wanted<T: Record>(&self) -> Option<T> {
        T::from_row(self.changes.apply(&self.seen))
    }

    /// Returns the fields on which the person has to decide, if the row exists with the content `now`.
    #[must_use]
    pub fn conflicts(&self, now: &Row) -> Vec<FieldConflict> {
        let theirs = |field: &str| now.get(field).cloned().unwrap_or_default();
        match &self.problem {
            Problem::BothChanged { fields } => {
                let as_now = |conflict: &FieldConflict| FieldConflict {
                    theirs: theirs(&conflict.field),
                    ..conflict.clone()
                };
                fields.iter().map(as_now).collect()
            }
            // The row exists, or exists again because another person has undone its deletion.
            Problem::DeletedThere | Problem::Refused { .. } | Problem::Uncertain => {
                let conflict = |change: &FieldChange| FieldConflict {
                    field: change.field.clone(),
                    from: change.from.clone(),
                    mine: change.to.clone(),
                    theirs: theirs(&change.field),
                };
                let all = self.changes.iter().map(conflict);
                all.filter(|conflict| conflict.mine != conflict.theirs).collect()
            }
            Problem::ChangedThere => Vec::new(),
        }
    }

    /// Returns the change without a field on which the person has decided, or `None` if no other field is left.
    #[must_use]
    pub fn without(&self, field: &str) -> Option<Self> {
        let problem = match &self.problem {
            Problem::BothChanged { fields } => {
                let fields: Vec<_> = fields.iter().filter(|each| each.field != field).cloned().collect();
                (!fields.is_empty()).then_some(Problem::BothChanged { fields })?
            }
            problem => problem.clone(),
        };
        let changes = self.changes.without(field);
        (!changes.is_empty()).then(|| Self {
            problem,
            changes,
            ..self.clone()
        })
    }

    /// Merges this change with a later one of the same row, if the person can decide on both at once: the same fields
    /// are in conflict, and the later value is the wanted one.
    #[must_use]
    pub fn absorb(&self, later: &Self) -> Option<Self> {
        // Two changes that begin with the same value need two decisions.
        if self.row != later.row || !self.changes.leads_to(&later.changes) {
            return None;
        }
        let problem = match (&self.problem, &later.problem) {
            (Problem::BothChanged { fields }, Problem::BothChanged { fields: newer }) => {
                let mut fields: Vec<FieldConflict> = fields.clone();
                for conflict in newer {
                    fields.retain(|each| each.field != conflict.field);
                    fields.push(conflict.clone());
                }
                Problem::BothChanged { fields }
            }
            (Problem::DeletedThere, Problem::DeletedThere) => Problem::DeletedThere,
            // Both are the same addition. The later one contains the edits made since.
            (Problem::Uncertain, Problem::Uncertain) => {
                return Some(Self {
                    id: self.id.clone(),
                    ..later.clone()
                });
            }
            _ => return None,
        };
        Some(Self {
            id: self.id.clone(),
            seen: self.seen.clone(),
            changes: self.changes.then(&later.changes),
            problem,
            ..later.clone()
        })
    }
}
