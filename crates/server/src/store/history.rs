//! The history of rows: one entry for each write, in the transaction of the write.
//!
//! The functions that write a row also record the entry, so that no write lacks one.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use serde::Serialize;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;
use wire::{FieldAuthor, FieldChange, HistoryEntry, HistoryEntryId, HistoryKind, Timestamp, UserId};

use super::column::{Columns as _, decode, micros, new_id};

/// The version of a new row.
pub(crate) const FIRST_VERSION: u64 = 1;

/// A row that has a version and a history.
pub(crate) trait Versioned: Serialize + Sync {
    /// The fields whose changes the history contains, by their names in JSON.
    const FIELDS: &'static [&'static str];

    /// Returns the id of the row.
    fn key(&self) -> Uuid;

    /// Returns the version of the row.
    fn version(&self) -> u64;
}

/// The person who writes, and the time of the write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author {
    pub(crate) by: UserId,
    pub(crate) at: Timestamp,
}

/// Adds the history entry of a write. `before` is `None` for a new row.
pub(super) async fn record<R: Versioned>(
    db: &mut SqliteConnection,
    kind: HistoryKind,
    before: Option<&R>,
    after: &R,
    author: Author,
) -> Result<(), sqlx::Error> {
    let encode = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    let fields = differences(before, after).map_err(encode)?;
    let kind: &str = kind.into();
    sqlx::query(
        "INSERT INTO row_changes (id, row_id, version, kind, changed_by, changed_at, fields)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new_id())
    .bind(after.key())
    .bind(after.version().cast_signed())
    .bind(kind)
    .bind(author.by.0)
    .bind(micros(author.at))
    .bind(serde_json::to_string(&fields).map_err(encode)?)
    .execute(db)
    .await?;
    Ok(())
}

fn differences<R: Versioned>(before: Option<&R>, after: &R) -> Result<Vec<FieldChange>, serde_json::Error> {
    let (mut before, mut after) = (serde_json::to_value(before)?, serde_json::to_value(after)?);
    let mut take = |name: &str| {
        let [from, to] = [&mut before, &mut after].map(|row| row.get_mut(name).map_or(Value::Null, Value::take));
        (from != to).then(|| FieldChange {
            name: name.to_owned(),
            from,
            to,
        })
    };
    Ok(R::FIELDS.iter().filter_map(|name| take(name)).collect())
}

/// Returns the newest entries of a row, and whether there are more. Returns at most `limit` entries, and no further
/// entry once their fields have `bytes` bytes. If `before` is given, only entries of lower versions are returned.
pub(crate) async fn page(
    db: &mut SqliteConnection,
    row: Uuid,
    before: Option<u64>,
    limit: u32,
    bytes: usize,
) -> Result<(Vec<HistoryEntry>, bool), sqlx::Error> {
    let mut rows = sqlx::query(
        "SELECT * FROM row_changes WHERE row_id = ?1 AND (?2 IS NULL OR version < ?2) ORDER BY version DESC LIMIT ?3",
    )
    .bind(row)
    .bind(before.map(u64::cast_signed))
    // One row more than the limit, to know whether there is a next page.
    .bind(i64::from(limit) + 1)
    .fetch(db);
    let (mut entries, mut count, mut size) = (Vec::new(), 0, 0);
    while let Some(row) = rows.try_next().await? {
        if count == limit || size >= bytes {
            return Ok((entries, true));
        }
        count += 1;
        size += row.try_get::<&str, _>("fields")?.len();
        entries.push(entry(&row)?);
    }
    Ok((entries, false))
}

/// The maximum number of recent writes of a row that are searched for authors.
const AUTHORS: u32 = 200;

/// Returns the last author of each field that was written after this version. Searches the last [`AUTHORS`] writes
/// only.
pub(crate) async fn authors_since(
    db: &mut SqliteConnection,
    row: Uuid,
    version: u64,
) -> Result<BTreeMap<String, FieldAuthor>, sqlx::Error> {
    let later = sqlx::query("SELECT * FROM row_changes WHERE row_id = ? AND version > ? ORDER BY version DESC LIMIT ?")
        .bind(row)
        .bind(version.cast_signed())
        .bind(AUTHORS)
        .try_map(|row| entry(&row))
        .fetch_all(db)
        .await?;
    let mut authors = BTreeMap::new();
    for entry in later {
        let author = FieldAuthor {
            by: entry.by,
            at: entry.at,
        };
        for field in entry.fields {
            authors.entry(field.name).or_insert(author);
        }
    }
    Ok(authors)
}

fn entry(row: &SqliteRow) -> Result<HistoryEntry, sqlx::Error> {
    let (kind, fields): (&str, &str) = (row.try_get("kind")?, row.try_get("fields")?);
    Ok(HistoryEntry {
        id: row.id("id", HistoryEntryId)?,
        version: row.version("version")?,
        at: row.moment("changed_at")?,
        by: row.id("changed_by", UserId)?,
        kind: kind.parse().map_err(|error| decode("kind", error))?,
        fields: serde_json::from_str(fields).map_err(|error| decode("fields", error))?,
    })
}
