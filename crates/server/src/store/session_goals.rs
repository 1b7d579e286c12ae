//! The links between coaching sessions and goals.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};
use uuid::Uuid;
use wire::{CoachingRelationshipId, CoachingSessionId, Goal, GoalId, SessionGoal, SessionGoalId};

use super::column::{Columns as _, micros};
use super::goals;
use super::list::{Position, Wanted};

/// Links a goal to a coaching session. A duplicate link fails on the constraint `session_goals_once`.
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

/// Returns whether a goal is linked to a coaching session.
pub(crate) async fn exists(
    db: &mut SqliteConnection,
    session: CoachingSessionId,
    goal: GoalId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM session_goals WHERE coaching_session_id = ? AND goal_id = ?)")
        .bind(session.0)
        .bind(goal.0)
        .fetch_one(db)
        .await
}

/// Unlinks a goal from a coaching session. Returns whether it was linked.
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

/// Returns the coaching sessions to which a goal is linked, in the order of the links.
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

/// The coaching sessions whose goals are read.
#[derive(Debug)]
pub(crate) enum Sessions {
    /// The coaching sessions of a relationship.
    Of(CoachingRelationshipId),
    /// The listed coaching sessions.
    Named(Vec<CoachingSessionId>),
}

/// Returns a page of the goals of several coaching sessions, ordered by coaching session and then by link. Coaching
/// sessions without goals are included. Ignores the requested order.
pub(crate) async fn page(
    db: &mut SqliteConnection,
    sessions: &Sessions,
    wanted: &Wanted,
) -> Result<(BTreeMap<CoachingSessionId, Vec<Goal>>, Option<Position>), sqlx::Error> {
    let mut query = page_query(sessions, wanted);
    let mut rows = query.build().fetch(db);
    let mut page = BTreeMap::<_, Vec<Goal>>::new();
    let (mut count, mut bytes, mut last) = (0, 0, None);
    while let Some(row) = rows.try_next().await? {
        let session = row.id("session_id", CoachingSessionId)?;
        let link = row.maybe_id("link_id", SessionGoalId)?;
        let begun = wanted.after.as_ref().and_then(Position::parent) == Some(session.0);
        if begun && link.is_none() {
            // All goals of this coaching session were on the previous page.
            continue;
        }
        if last.is_some() && (count >= wanted.size.rows || bytes >= wanted.size.bytes) {
            return Ok((page, last));
        }
        count += 1;
        let listed = page.entry(session).or_default();
        let Some(link) = link else {
            last = Some(Position::within(session.0, i64::MAX, Uuid::max()));
            continue;
        };
        last = Some(Position::within(session.0, row.try_get("linked_at")?, link.0));
        if row.try_get::<Option<Uuid>, _>("id")?.is_some() {
            let goal = goals::goal(&row)?;
            bytes += serde_json::to_vec(&goal)
                .map_err(|error| sqlx::Error::Encode(error.into()))?
                .len();
            listed.push(goal);
        }
    }
    Ok((page, None))
}

pub(super) fn page_query(sessions: &Sessions, wanted: &Wanted) -> QueryBuilder<Sqlite> {
    // The query reads along the indexes, in the order of the page. A sort would have to hold the texts of all goals.
    let mut query = QueryBuilder::new(
        "SELECT p.id AS session_id, l.id AS link_id, l.created_at AS linked_at, g.*
         FROM (SELECT id FROM coaching_sessions WHERE ",
    );
    match sessions {
        Sessions::Of(relationship) => {
            query.push("coaching_relationship_id = ").push_bind(relationship.0);
        }
        Sessions::Named(ids) => {
            query.push("id IN (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id.0);
            }
            list.push_unseparated(")");
        }
    }
    let begun = wanted.after.as_ref().and_then(Position::parent);
    if let Some(session) = begun {
        query.push(" AND id >= ").push_bind(session);
    }
    // The last coaching session of the previous page, those of this page, and one more to know whether there is a next
    // page.
    query
        .push(" ORDER BY id LIMIT ")
        .push_bind(i64::from(wanted.size.rows) + 2)
        .push(") p LEFT JOIN session_goals l INDEXED BY session_goals_listed ON l.coaching_session_id = p.id");
    if let (Some(session), Some(after)) = (begun, &wanted.after) {
        query.push(" AND (p.id > ").push_bind(session);
        query.push(" OR (l.created_at, l.id) > (").push_bind(after.created_at());
        query.push(", ").push_bind(after.id()).push("))");
    }
    query.push(" LEFT JOIN goals g ON g.id = l.goal_id AND g.deleted_at IS NULL");
    query
}
