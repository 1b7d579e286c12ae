//! Agreements.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use wire::{Agreement, AgreementId, CoachingSessionId, UserId};

use super::column::{Columns as _, micros};

pub(crate) async fn insert(db: &mut SqliteConnection, agreement: &Agreement) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO agreements (id, coaching_session_id, user_id, body, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(agreement.id.0)
    .bind(agreement.coaching_session_id.0)
    .bind(agreement.user_id.0)
    .bind(agreement.body.as_deref())
    .bind(micros(agreement.created_at))
    .bind(micros(agreement.updated_at))
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &mut SqliteConnection, id: AgreementId) -> Result<Option<Agreement>, sqlx::Error> {
    sqlx::query("SELECT * FROM agreements WHERE id = ?")
        .bind(id.0)
        .try_map(|row| agreement(&row))
        .fetch_optional(db)
        .await
}

/// The agreements of a session, oldest first.
pub(crate) async fn of_session(
    db: &mut SqliteConnection,
    session: CoachingSessionId,
) -> Result<Vec<Agreement>, sqlx::Error> {
    sqlx::query("SELECT * FROM agreements WHERE coaching_session_id = ? ORDER BY created_at, id")
        .bind(session.0)
        .try_map(|row| agreement(&row))
        .fetch_all(db)
        .await
}

/// Writes everything that can change about an agreement.
pub(crate) async fn update(db: &mut SqliteConnection, agreement: &Agreement) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE agreements SET body = ?2, updated_at = ?3 WHERE id = ?1")
        .bind(agreement.id.0)
        .bind(agreement.body.as_deref())
        .bind(micros(agreement.updated_at))
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn delete(db: &mut SqliteConnection, id: AgreementId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM agreements WHERE id = ?")
        .bind(id.0)
        .execute(db)
        .await?;
    Ok(())
}

fn agreement(row: &SqliteRow) -> Result<Agreement, sqlx::Error> {
    Ok(Agreement {
        id: row.id("id", AgreementId)?,
        coaching_session_id: row.id("coaching_session_id", CoachingSessionId)?,
        body: row.try_get("body")?,
        user_id: row.id("user_id", UserId)?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        version: None,
    })
}
