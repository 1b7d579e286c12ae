//! Changes of a row as intents, and their three-way merge by field.
//!
//! An intent names the fields it changes and, for each, the value that was seen (`from`) and the value that is wanted
//! (`to`). It stays valid however the row changes meanwhile: [`Changes::apply`] lays it over any form of the row,
//! [`Changes::merge`] compares it with the row as the server has it now, [`Changes::then`] combines two intents that
//! have not left yet.
//!
//! A row is a JSON object. This crate knows no entity, no clock and no network.
//!
//! ```
//! use intent::{Changes, Row};
//! use serde_json::json;
//!
//! let row = |value: serde_json::Value| -> Row { serde_json::from_value(value).unwrap() };
//! let seen = row(json!({ "body": "Call Ada", "status": "InProgress" }));
//! let wanted = row(json!({ "body": "Call Ada", "status": "Completed" }));
//! let changes = Changes::between(&seen, &wanted);
//!
//! // The other person has reworded the row meanwhile. Both changes survive.
//! let now = row(json!({ "body": "Call Ada on Friday", "status": "InProgress" }));
//! let merged = changes.merge(&now);
//! assert_eq!(merged.write.patch(), row(json!({ "status": "Completed" })));
//! assert!(merged.conflicts.is_empty());
//! ```

use serde::{Deserialize, Serialize};
pub use serde_json::Value;

/// A row: a JSON object.
pub type Row = serde_json::Map<String, Value>;

/// The change of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The name of the field, as on the wire.
    pub field: String,
    /// The value that the person saw.
    pub from: Value,
    /// The value that the person wants.
    pub to: Value,
    /// Whether the row had another value than `from` already when the change was made, as an undo may find. Then
    /// `from` as the wanted value is a change as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_overtaken: bool,
}

/// A field that two people have changed to different values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldConflict {
    /// The name of the field, as on the wire.
    pub field: String,
    /// The value that both saw.
    pub from: Value,
    /// The value that this person wants.
    pub mine: Value,
    /// The value that the row has now.
    pub theirs: Value,
}

/// The changes of one row that one person has made: at most one for each field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(Vec<FieldChange>);

/// The outcome of comparing an intent with a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The fields that still have the value that was seen: they can be written.
    pub write: Changes,
    /// The fields that have another value than was seen and than is wanted.
    pub conflicts: Vec<FieldConflict>,
}

impl Changes {
    /// The fields in which `after` differs from `before`.
    #[must_use]
    pub fn between(before: &Row, after: &Row) -> Self {
        let changed = after.iter().filter_map(|(field, to)| {
            let from = value(before, field);
            (from != to).then(|| FieldChange {
                field: field.clone(),
                from: from.clone(),
                to: to.clone(),
                is_overtaken: false,
            })
        });
        Self(changed.collect())
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes, one for each field.
    pub fn iter(&self) -> impl Iterator<Item = &FieldChange> {
        self.0.iter()
    }

    /// Whether this field is changed.
    #[must_use]
    pub fn contains(&self, field: &str) -> bool {
        self.0.iter().any(|change| change.field == field)
    }

    /// The row with the wanted values in it.
    #[must_use]
    pub fn apply(&self, row: &Row) -> Row {
        let mut row = row.clone();
        row.extend(self.patch());
        row
    }

    /// The wanted values alone: a JSON Merge Patch (RFC 7396) of the row.
    #[must_use]
    pub fn patch(&self) -> Row {
        let fields = self.0.iter();
        fields.map(|change| (change.field.clone(), change.to.clone())).collect()
    }

    /// The change that takes these back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let reverse = |change: &FieldChange| FieldChange {
            field: change.field.clone(),
            from: change.to.clone(),
            to: change.from.clone(),
            is_overtaken: false,
        };
        Self(self.0.iter().map(reverse).collect())
    }

    /// These changes without that of a field.
    #[must_use]
    pub fn without(&self, field: &str) -> Self {
        Self(self.0.iter().filter(|change| change.field != field).cloned().collect())
    }

    /// Whether later changes begin where these end, so that both are a single intent. They do not if they were made on a
    /// screen that did not show these: it is then not known which of the two values the row has.
    #[must_use]
    pub fn leads_to(&self, later: &Self) -> bool {
        later.0.iter().all(|change| {
            let earlier = self.0.iter().find(|each| each.field == change.field);
            earlier.is_none_or(|earlier| [&change.from, &change.to].contains(&&earlier.to))
        })
    }

    /// These changes and later ones as a single intent. A field that ends where it began is not changed, unless it had
    /// been overtaken.
    #[must_use]
    pub fn then(&self, later: &Self) -> Self {
        let mut combined = self.clone();
        for change in &later.0 {
            match combined.0.iter_mut().find(|each| each.field == change.field) {
                Some(earlier) => earlier.to.clone_from(&change.to),
                None => combined.0.push(change.clone()),
            }
        }
        combined
            .0
            .retain(|change| change.is_overtaken || change.from != change.to);
        combined
    }

    /// The changes that a row does not have yet, as they are made to it.
    #[must_use]
    pub fn beyond(&self, row: &Row) -> Self {
        let news = self.0.iter().filter(|change| *value(row, &change.field) != change.to);
        let made = news.map(|change| FieldChange {
            is_overtaken: change.is_overtaken || *value(row, &change.field) != change.from,
            ..change.clone()
        });
        Self(made.collect())
    }

    /// Whether the row still has every value that was seen.
    #[must_use]
    pub fn fits(&self, row: &Row) -> bool {
        self.0.iter().all(|change| *value(row, &change.field) == change.from)
    }

    /// Compares the intent with the row as it is now (three-way merge, field by field):
    ///
    /// | the row has | outcome |
    /// |---|---|
    /// | the value that is wanted | nothing is left to do |
    /// | the value that was seen | it is written |
    /// | another value | both people changed the field: a conflict |
    #[must_use]
    pub fn merge(&self, now: &Row) -> Merged {
        let mut merged = Merged::default();
        for change in &self.0 {
            let theirs = value(now, &change.field);
            if *theirs == change.to {
                continue;
            }
            if *theirs == change.from {
                merged.write.0.push(change.clone());
            } else {
                merged.conflicts.push(FieldConflict {
                    field: change.field.clone(),
                    from: change.from.clone(),
                    mine: change.to.clone(),
                    theirs: theirs.clone(),
                });
            }
        }
        merged
    }
}

impl FromIterator<FieldChange> for Changes {
    fn from_iter<I: IntoIterator<Item = FieldChange>>(changes: I) -> Self {
        let all = Self(changes.into_iter().collect());
        Self::default().then(&all)
    }
}

impl FieldConflict {
    /// The change that overwrites the other person's value with this person's, now that it was seen.
    #[must_use]
    pub fn overwrite(&self) -> FieldChange {
        FieldChange {
            field: self.field.clone(),
            from: self.theirs.clone(),
            to: self.mine.clone(),
            is_overtaken: false,
        }
    }
}

/// The value of a field. An absent field is null, as in a JSON Merge Patch.
fn value<'row>(row: &'row Row, field: &str) -> &'row Value {
    row.get(field).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests;
