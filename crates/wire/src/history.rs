//! The history of a row: who changed which field, from what to what, and when.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::{FromFields, FromJson, Object, Unreadable};
use crate::{HistoryEntryId, Timestamp, UserId, time};

/// One page of the history of a row, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryPage {
    /// The writes, newest first.
    pub entries: Vec<HistoryEntry>,
    /// The `before` of the next page; none on the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// One write of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Its id.
    pub id: HistoryEntryId,
    /// The version that the write gave to the row.
    pub version: u64,
    /// The moment of the write.
    #[serde(deserialize_with = "time::moment")]
    pub at: Timestamp,
    /// The person who wrote.
    pub by: UserId,
    /// The kind of write.
    pub kind: HistoryKind,
    /// The fields that it changed. None, if it wrote what was there already.
    pub fields: Vec<FieldChange>,
}

/// The kind of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HistoryKind {
    /// The row is new.
    Created,
    /// Fields were written.
    Updated,
    /// The row was deleted.
    Deleted,
    /// The row was deleted and is back.
    Restored,
}

/// What one write did to one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The name of the field on the wire.
    pub name: String,
    /// The value before; `null` for a row that is new.
    #[serde(default)]
    pub from: Value,
    /// The value since.
    #[serde(default)]
    pub to: Value,
}

/// The last write of a field, in the `details.changed` of a 412.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldAuthor {
    /// The person who wrote it.
    pub by: UserId,
    /// The moment of the write.
    #[serde(deserialize_with = "time::moment")]
    pub at: Timestamp,
}

/// The end of a row, in the `details` of a 404.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// The person who deleted it.
    pub deleted_by: UserId,
    /// The moment of the deletion.
    #[serde(deserialize_with = "time::moment")]
    pub deleted_at: Timestamp,
}

impl FromJson for HistoryKind {
    fn from_json(text: &str) -> Result<Self, Unreadable> {
        String::from_json(text)?.parse().or(Err(Unreadable))
    }
}

impl FromFields for HistoryPage {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            entries: fields.take("entries")?,
            next: fields.take("next")?,
        })
    }
}

impl FromFields for HistoryEntry {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id: fields.take("id")?,
            version: fields.take("version")?,
            at: fields.take("at")?,
            by: fields.take("by")?,
            kind: fields.take("kind")?,
            fields: fields.take("fields")?,
        })
    }
}

impl FromFields for FieldChange {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            name: fields.take("name")?,
            from: fields.take("from")?,
            to: fields.take("to")?,
        })
    }
}

impl FromFields for FieldAuthor {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            by: fields.take("by")?,
            at: fields.take("at")?,
        })
    }
}

impl FromFields for Deletion {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            deleted_by: fields.take("deleted_by")?,
            deleted_at: fields.take("deleted_at")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Deletion, FieldAuthor, HistoryPage};
    use crate::json;

    const PAGE: &str = r#"{"entries":[{"id":"00000000-0000-0000-0000-000000000001","version":2,
        "at":"2026-11-21T11:18:12.550066Z","by":"616b8c55-d382-4ba7-a491-1c6c084eeb18","kind":"updated",
        "fields":[{"name":"body","from":null,"to":"We start on time"},{"name":"assignee_ids","from":[],"to":["7"]}]}],
        "next":"2"}"#;

    #[test]
    fn a_history_reads_the_same_both_ways() {
        let page: HistoryPage = serde_json::from_str(PAGE).unwrap();
        assert_eq!(json::read::<HistoryPage>(PAGE.as_bytes()), Ok(page.clone()));
        let written = serde_json::to_string(&page).unwrap();
        assert_eq!(json::read::<HistoryPage>(written.as_bytes()), Ok(page));
    }

    #[test]
    fn authors_and_deletions_read_both_ways() {
        let author = r#"{"by":"616b8c55-d382-4ba7-a491-1c6c084eeb18","at":"2026-11-21T11:18:12Z"}"#;
        let read: FieldAuthor = serde_json::from_str(author).unwrap();
        assert_eq!(json::read::<FieldAuthor>(author.as_bytes()), Ok(read));
        let deletion = author.replace("by", "deleted_by").replace("at", "deleted_at");
        let read: Deletion = serde_json::from_str(&deletion).unwrap();
        assert_eq!(json::read::<Deletion>(deletion.as_bytes()), Ok(read));
    }
}
