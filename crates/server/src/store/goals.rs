//! Goals.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use wire::{CoachingRelationshipId, CoachingSessionId, Goal, GoalId, ItemStatus, UserId};

use super::column::{Columns as _, micros, status_name};

pub(crate) async fn insert(db: &mut SqliteConnection, goal: &Goal) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO goals (id, coaching_relationship_id, created_in_session_id, user_id, title, body, status,
             status_changed_at, completed_at, target_date, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )
    .bind(goal.id.0)
    .bind(goal.coaching_relationship_id.0)
    .bind(goal.created_in_session_id.map(|id| id.0))
    .bind(goal.user_id.0)
    .bind(goal.title.as_deref())
    .bind(goal.body.as_deref())
    .bind(status_name(goal.status))
    .bind(goal.status_changed_at.map(micros))
    .bind(goal.completed_at.map(micros))
    .bind(goal.target_date)
    .bind(micros(goal.created_at))
    .bind(micros(goal.updated_at))
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &mut SqliteConnection, id: GoalId) -> Result<Option<Goal>, sqlx::Error> {
    sqlx::query("SELECT * FROM goals WHERE id = ?")
        .bind(id.0)
        .try_map(|row| goal(&row))
        .fetch_optional(db)
        .await
}

/// The goals of a relationship, oldest first.
pub(crate) async fn of_relationship(
    db: &mut SqliteConnection,
    relationship: CoachingRelationshipId,
    status: Option<ItemStatus>,
) -> Result<Vec<Goal>, sqlx::Error> {
    sqlx::query(
        "SELECT * FROM goals WHERE coaching_relationship_id = ?1 AND (?2 IS NULL OR status = ?2)
         ORDER BY created_at, id",
    )
    .bind(relationship.0)
    .bind(status.map(status_name))
    .try_map(|row| goal(&row))
    .fetch_all(db)
    .await
}

/// The goals that a session works on, in the order in which they were linked.
pub(crate) async fn of_session(
    db: &mut SqliteConnection,
    session: CoachingSessionId,
) -> Result<Vec<Goal>, sqlx::Error> {
    sqlx::query(
        "SELECT g.* FROM session_goals l JOIN goals g ON g.id = l.goal_id
         WHERE l.coaching_session_id = ? ORDER BY l.created_at, l.id",
    )
    .bind(session.0)
    .try_map(|row| goal(&row))
    .fetch_all(db)
    .await
}

/// Writes everything that can change about a goal.
pub(crate) async fn update(db: &mut SqliteConnection, goal: &Goal) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE goals SET title = ?2, body = ?3, status = ?4, status_changed_at = ?5, completed_at = ?6,
             target_date = ?7, updated_at = ?8
         WHERE id = ?1",
    )
    .bind(goal.id.0)
    .bind(goal.title.as_deref())
    .bind(goal.body.as_deref())
    .bind(status_name(goal.status))
    .bind(goal.status_changed_at.map(micros))
    .bind(goal.completed_at.map(micros))
    .bind(goal.target_date)
    .bind(micros(goal.updated_at))
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a goal, its links to sessions with it; actions lose it.
pub(crate) async fn delete(db: &mut SqliteConnection, id: GoalId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM goals WHERE id = ?")
        .bind(id.0)
        .execute(db)
        .await?;
    Ok(())
}

fn goal(row: &SqliteRow) -> Result<Goal, sqlx::Error> {
    Ok(Goal {
        id: row.id("id", GoalId)?,
        coaching_relationship_id: row.id("coaching_relationship_id", CoachingRelationshipId)?,
        created_in_session_id: row.maybe_id("created_in_session_id", CoachingSessionId)?,
        user_id: row.id("user_id", UserId)?,
        title: row.try_get("title")?,
        body: row.try_get("body")?,
        status: row.status("status")?,
        status_changed_at: row.maybe_moment("status_changed_at")?,
        completed_at: row.maybe_moment("completed_at")?,
        target_date: row.maybe_date("target_date")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        version: None,
    })
}
