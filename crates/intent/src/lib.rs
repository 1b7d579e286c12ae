//! Changes of a row as intents, and their three-way merge by field.
//!
//! An intent names the fields that it changes. For each field it has the value that was seen (`from`) and the value
//! that is wanted (`to`). It stays valid when the row changes meanwhile: [`Changes::apply`] applies it to any version
//! of the row, [`Changes::merge`] compares it with the current row of the server, and [`Changes::then`] combines two
//! intents that are not sent yet.
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
    /// Whether the row already had another value than `from` when the change was made, as may happen with an undo. In
    /// this case `from` as the wanted value is a change as well.
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

/// The changes that one person has made to one row: at most one for each field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(Vec<FieldChange>);

/// The outcome of comparing an intent with a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The fields that still have the value that was seen. They can be written.
    pub write: Changes,
    /// The fields that have neither the value that was seen nor the value that is wanted.
    pub conflicts: Vec<FieldConflict>,
}

impl Changes {
    /// Returns the fields in which `after` differs from `before`.
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

    /// Returns whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the changes, one for each field.
    pub fn iter(&self) -> impl Iterator<Item = &FieldChange> {
        self.0.iter()
    }

    /// Returns whether the intent changes this field.
    #[must_use]
    pub fn contains(&self, field: &str) -> bool {
        self.0.iter().any(|change| change.field == field)
    }

    /// Returns the row with the wanted values.
    #[must_use]
    pub fn apply(&self, row: &Row) -> Row {
        let mut row = row.clone();
        row.extend(self.patch());
        row
    }

    /// Returns the wanted values alone: a JSON Merge Patch (RFC 7396) of the row.
    #[must_use]
    pub fn patch(&self) -> Row {
        let fields = self.0.iter();
        fields.map(|change| (change.field.clone(), change.to.clone())).collect()
    }

    /// Returns the intent that reverses these changes.
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

    /// Returns the changes without the change of a field.
    #[must_use]
    pub fn without(&self, field: &str) -> Self {
        Self(self.0.iter().filter(|change| change.field != field).cloned().collect())
    }

    /// Returns whether later changes begin with the values with which these changes end, so that both are a single
    /// intent. This is not the case if the later changes were made on a screen that did not show these. Then it is
    /// unknown which of the two values the row has.
    #[must_use]
    pub fn leads_to(&self, later: &Self) -> bool {
        later.0.iter().all(|change| {
            let earlier = self.0.iter().find(|each| each.field == change.field);
            earlier.is_none_or(|earlier| [&change.from, &change.to].contains(&&earlier.to))
        })
    }

    /// Combines these changes and later ones into a single intent. A field that ends with its first value is not
    /// changed, unless it was overtaken.
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

    /// Returns the changes that the row does not have yet, as they apply to this row.
    #[must_use]
    pub fn beyond(&self, row: &Row) -> Self {
        let news = self.0.iter().filter(|change| *value(row, &change.field) != change.to);
        let made = news.map(|change| FieldChange {
            is_overtaken: change.is_overtaken || *value(row, &change.field) != change.from,
            ..change.clone()
        });
        Self(made.collect())
    }

    /// Returns whether the row still has all values that were seen.
    #[must_use]
    pub fn fits(&self, row: &Row) -> bool {
        self.0.iter().all(|change| *value(row, &change.field) == change.from)
    }

    /// Compares the intent with the current row (three-way merge, field by field):
    ///
    /// | value in the row | outcome |
    /// |---|---|
    /// | the value that is wanted | nothing to do |
    /// | the value that was seen | the field is written |
    /// | another value | a conflict: both people changed the field |
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
    /// Returns the change that overwrites the other person's value, which was seen meanwhile, with this person's value.
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

/// Returns the value of a field. An absent field is null, as in a JSON Merge Patch.
fn value<'row>(row: &'row Row, field: &str) -> &'row Value {
    row.get(field).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests;
