//! Soft deletion: a row is marked as deleted and hidden. It can be restored until it is purged. This module also counts
//! the rows that are not deleted.

use sqlx::SqliteConnection;
use uuid::Uuid;
use wire::{Deletion, Timestamp, UserId};

use super::column::{Columns as _, micros};
use super::history::{Author, Versioned};

/// A row that supports soft deletion.
pub(crate) trait Deletable: Versioned {
    /// The statements for the table of the row.
    const TABLE: Table;
}

/// The statements that mark and count the rows of one table.
pub(crate) struct Table {
    find: &'static str,
    mark: &'static str,
    unmark: &'static str,
    purge: &'static str,
    count: &'static str,
}

impl Table {
    /// Creates the set of statements; see [`table!`].
    pub(super) const fn new([find, mark, unmark, purge, count]: [&'static str; 5]) -> Self {
        Self {
            find,
            mark,
            unmark,
            purge,
            count,
        }
    }
}

/// The SQL expression that counts the rows of a coaching session or relationship that are not deleted, up to `$most`.
macro_rules! rows_of {
    ($name:literal, $parent:literal, $of:literal, $most:literal) => {
        concat!(
            "(SELECT count(*) FROM (SELECT 1 FROM ",
            $name,
            " INDEXED BY ",
            $name,
            "_listed WHERE ",
            $parent,
            " = ",
            $of,
            " AND deleted_at IS NULL LIMIT ",
            $most,
            "))"
        )
    };
}
pub(super) use rows_of;

/// The [`Table`] with this name. `$parent` is the column with the coaching session or relationship of a row.
macro_rules! table {
    ($name:literal, $parent:literal) => {
        $crate::store::deletion::Table::new([
            concat!(
                "SELECT deleted_by, deleted_at FROM ",
                $name,
                " WHERE id = ? AND deleted_at IS NOT NULL"
            ),
            concat!(
                "UPDATE ",
                $name,
                " SET deleted_by = ?2, deleted_at = ?3, version = version + 1 WHERE id = ?1 RETURNING version"
            ),
            concat!(
                "UPDATE ",
                $name,
                " SET deleted_by = NULL, deleted_at = NULL, version = version + 1 WHERE id = ?1 RETURNING version"
            ),
            concat!("DELETE FROM ", $name, " WHERE deleted_at <= ?"),
            concat!("SELECT ", $crate::store::deletion::rows_of!($name, $parent, "?1", "?2")),
        ])
    };
}
pub(super) use table;

/// Returns the number of rows of this coaching session or relationship that are not deleted. Counts up to `most`.
pub(crate) async fn count<R: Deletable>(
    db: &mut SqliteConnection,
    parent: Uuid,
    most: u32,
) -> Result<u32, sqlx::Error> {
    sqlx::query_scalar(R::TABLE.count)
        .bind(parent)
        .bind(most)
        .fetch_one(db)
        .await
}

/// Returns the deletion of a row, if it is marked as deleted.
pub(crate) async fn find<R: Deletable>(db: &mut SqliteConnection, id: Uuid) -> Result<Option<Deletion>, sqlx::Error> {
    sqlx::query(R::TABLE.find)
        .bind(id)
        .try_map(|row: sqlx::sqlite::SqliteRow| {
            Ok(Deletion {
                deleted_by: row.id("deleted_by", UserId)?,
                deleted_at: row.moment("deleted_at")?,
            })
        })
        .fetch_optional(db)
        .await
}

/// Marks a row as deleted. Returns its new version.
pub(super) async fn mark<R: Deletable>(
    db: &mut SqliteConnection,
    id: Uuid,
    author: Author,
) -> Result<u64, sqlx::Error> {
    sqlx::query(R::TABLE.mark)
        .bind(id)
        .bind(author.by.0)
        .bind(micros(author.at))
        .try_map(|row: sqlx::sqlite::SqliteRow| row.version("version"))
        .fetch_one(db)
        .await
}

/// Removes the mark of a deleted row. Returns its new version.
pub(super) async fn unmark<R: Deletable>(db: &mut SqliteConnection, id: Uuid) -> Result<u64, sqlx::Error> {
    sqlx::query(R::TABLE.unmark)
        .bind(id)
        .try_map(|row: sqlx::sqlite::SqliteRow| row.version("version"))
        .fetch_one(db)
        .await
}

/// Removes the rows that were deleted at this time or earlier, with their history.
pub(crate) async fn purge<R: Deletable>(db: &mut SqliteConnection, before: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(R::TABLE.purge).bind(micros(before)).execute(db).await?;
    Ok(())
}
