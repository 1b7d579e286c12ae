//! The links between sessions and goals.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use wire::{CoachingSessionId, GoalId, SessionGoal};

use super::column::{Columns as _, micros};

/// Links a goal to a session. A second link of the same two fails on the constraint `session_goals_once`.
pub(crate) async fn insert(db: &mut SqliteConnection, link: &SessionGoal) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO session_goals (id, coaching_session_id, goal_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(link.id.0)
    .bind(link.coaching_session_id.0)
    .bind(link.goal_id.0)
    .bind(micros(link.created_at))
    .bind(micros(link.updated_at))
    .execute(db)
    .await?;
    Ok(())
}

/// Unlinks a goal from a session; says whether it was linked.
pub(crate) async fn delete(
    db: &mut SqliteConnection,
    session: CoachingSessionId,
    goal: GoalId,
) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query(
        "DELETE FROM session_goals WHERE coaching_session_id = ?1 AND goal_id = ?2
             AND EXISTS (SELECT 1 FROM goals WHERE id = ?2 AND deleted_at IS NULL)",
    )
    .bind(session.0)
    .bind(goal.0)
    .execute(db)
    .await?;
    Ok(removed.rows_affected() > 0)
}

/// The sessions that work on a goal, in the order in which they were linked.
pub(crate) async fn sessions_of(
    db: &mut SqliteConnection,
    goal: GoalId,
) -> Result<Vec<CoachingSessionId>, sqlx::Error> {
    sqlx::query("SELECT coaching_session_id FROM session_goals WHERE goal_id = ? ORDER BY created_at, id")
        .bind(goal.0)
        .try_map(|row: SqliteRow| row.id("coaching_session_id", CoachingSessionId))
        .fetch_all(db)
        .await
}
