//! Soft deletion: a row is marked as deleted and hidden; it can be restored until it is purged. Those that are not
//! deleted are counted here.

use sqlx::SqliteConnection;
use uuid::Uuid;
use wire::{Deletion, Timestamp, UserId};

use super::column::{Columns as _, micros};
use super::history::{Author, Versioned};

/// A row that is marked when it is deleted.
pub(crate) trait Deletable: Versioned {
    /// The statements for its table.
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
    /// Of these statements; see [`table!`].
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

/// How many rows of a table belong to a session or relationship and are not deleted, counted no further than `$most`.
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

/// The [`Table`] of this name, and the column that says to which session or relationship a row belongs.
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

/// How many rows of this session or relationship are not deleted, counted no further than `most`.
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

/// The deletion of a row that is marked.
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

/// Marks a row; says its version.
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

/// Takes the mark away; says the version of the row.
pub(super) async fn unmark<R: Deletable>(db: &mut SqliteConnection, id: Uuid) -> Result<u64, sqlx::Error> {
    sqlx::query(R::TABLE.unmark)
        .bind(id)
        .try_map(|row: sqlx::sqlite::SqliteRow| row.version("version"))
        .fetch_one(db)
        .await
}

/// Removes the rows that were marked at this moment or before, with their history.
pub(crate) async fn purge<R: Deletable>(db: &mut SqliteConnection, before: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(R::TABLE.purge).bind(micros(before)).execute(db).await?;
    Ok(())
}
