//! Agreements.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;
use wire::{Agreement, AgreementId, AgreementPatch, CoachingSessionId, HistoryKind, UserId};

use super::column::{Columns as _, micros};
use super::deletion::{self, Deletable, Table, rows_of, table};
use super::history::{self, Author, Versioned};
use super::list::{Listing, Page, PageQuery, Wanted};

impl Versioned for Agreement {
    const FIELDS: &'static [&'static str] = AgreementPatch::FIELDS;

    fn key(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> u64 {
        self.version.unwrap_or(history::FIRST_VERSION)
    }
}

impl Deletable for Agreement {
    const TABLE: Table = table!("agreements", "coaching_session_id");
}

/// Adds an agreement. Returns whether it was added: it is not if its coaching session already has `most` agreements.
pub(crate) async fn insert(db: &mut SqliteConnection, agreement: &Agreement, most: u32) -> Result<bool, sqlx::Error> {
    let added = sqlx::query(concat!(
        "INSERT INTO agreements (id, coaching_session_id, user_id, body, created_at, updated_at, version)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE ",
        rows_of!("agreements", "coaching_session_id", "?2", "?8"),
        " < ?8"
    ))
    .bind(agreement.id.0)
    .bind(agreement.coaching_session_id.0)
    .bind(agreement.user_id.0)
    .bind(agreement.body.as_deref())
    .bind(micros(agreement.created_at))
    .bind(micros(agreement.updated_at))
    .bind(agreement.version().cast_signed())
    .bind(most)
    .execute(&mut *db)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    let author = Author {
        by: agreement.user_id,
        at: agreement.created_at,
    };
    history::record(db, HistoryKind::Created, None, agreement, author).await?;
    Ok(true)
}

pub(crate) async fn find(db: &mut SqliteConnection, id: AgreementId) -> Result<Option<Agreement>, sqlx::Error> {
    sqlx::query("SELECT * FROM agreements WHERE id = ? AND deleted_at IS NULL")
        .bind(id.0)
        .try_map(|row| agreement(&row))
        .fetch_optional(db)
        .await
}

/// Returns a page of the agreements of a coaching session.
pub(crate) async fn of_session(
    db: &mut SqliteConnection,
    session: CoachingSessionId,
    wanted: Wanted,
) -> Result<Page, sqlx::Error> {
    let listing = Listing {
        columns: "item.*",
        tables: "agreements item ON item.id = p.sort_id",
    };
    let query = PageQuery::new(wanted, &listing, |from| {
        from.push(
            "agreements item INDEXED BY agreements_listed
             WHERE item.deleted_at IS NULL AND item.coaching_session_id = ",
        )
        .push_bind(session.0);
    });
    query.read(db, agreement).await
}

/// Writes all fields of an agreement that can change. Returns the agreement with its new version.
pub(crate) async fn update(
    db: &mut SqliteConnection,
    before: &Agreement,
    mut after: Agreement,
    author: Author,
) -> Result<Agreement, sqlx::Error> {
    let version = sqlx::query(
        "UPDATE agreements SET body = ?2, updated_at = ?3, version = version + 1 WHERE id = ?1 RETURNING version",
    )
    .bind(after.id.0)
    .bind(after.body.as_deref())
    .bind(micros(after.updated_at))
    .try_map(|row: SqliteRow| row.version("version"))
    .fetch_one(&mut *db)
    .await?;
    after.version = Some(version);
    history::record(db, HistoryKind::Updated, Some(before), &after, author).await?;
    Ok(after)
}

/// Marks an agreement as deleted.
pub(crate) async fn delete(
    db: &mut SqliteConnection,
    agreement: &Agreement,
    author: Author,
) -> Result<(), sqlx::Error> {
    let after = Agreement {
        version: Some(deletion::mark::<Agreement>(db, agreement.id.0, author).await?),
        ..agreement.clone()
    };
    history::record(db, HistoryKind::Deleted, Some(agreement), &after, author).await
}

/// Restores a deleted agreement.
pub(crate) async fn restore(
    db: &mut SqliteConnection,
    id: AgreementId,
    author: Author,
) -> Result<Option<Agreement>, sqlx::Error> {
    deletion::unmark::<Agreement>(db, id.0).await?;
    let restored = find(db, id).await?;
    if let Some(agreement) = &restored {
        history::record(db, HistoryKind::Restored, Some(agreement), agreement, author).await?;
    }
    Ok(restored)
}

fn agreement(row: &SqliteRow) -> Result<Agreement, sqlx::Error> {
    Ok(Agreement {
        id: row.id("id", AgreementId)?,
        coaching_session_id: row.id("coaching_session_id", CoachingSessionId)?,
        body: row.try_get("body")?,
        user_id: row.id("user_id", UserId)?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        version: Some(row.version("version")?),
    })
}
