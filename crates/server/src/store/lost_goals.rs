//! The former goals of actions whose goal was deleted.

use sqlx::SqliteConnection;
use wire::{ActionId, GoalId};

/// Records the goal that was removed from an action.
pub(super) async fn remember(db: &mut SqliteConnection, action: ActionId, goal: GoalId) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT OR REPLACE INTO lost_goals (action_id, goal_id) VALUES (?, ?)")
        .bind(action.0)
        .bind(goal.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes the record of an action's former goal, because the action has a goal again.
pub(super) async fn clear(db: &mut SqliteConnection, action: ActionId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM lost_goals WHERE action_id = ?")
        .bind(action.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Determines the goal of a deleted action before its restoration. The goal may have been deleted or restored while the
/// action was deleted.
pub(super) async fn settle(db: &mut SqliteConnection, action: ActionId) -> Result<(), sqlx::Error> {
    for statement in [
        "INSERT OR REPLACE INTO lost_goals (action_id, goal_id)
             SELECT a.id, a.goal_id FROM actions a JOIN goals g ON g.id = a.goal_id
             WHERE a.id = ? AND g.deleted_at IS NOT NULL",
        "UPDATE actions SET goal_id = NULL
             WHERE id = ? AND goal_id IN (SELECT id FROM goals WHERE deleted_at IS NOT NULL)",
        "UPDATE actions SET goal_id = (SELECT goal_id FROM lost_goals WHERE action_id = actions.id)
             WHERE id = ? AND goal_id IS NULL AND EXISTS (
                 SELECT 1 FROM lost_goals l JOIN goals g ON g.id = l.goal_id
                 WHERE l.action_id = actions.id AND g.deleted_at IS NULL)",
        "DELETE FROM lost_goals WHERE action_id = ?
             AND EXISTS (SELECT 1 FROM actions a WHERE a.id = action_id AND a.goal_id IS NOT NULL)",
    ] {
        sqlx::query(statement).bind(action.0).execute(&mut *db).await?;
    }
    Ok(())
}
