//! Actions and who will do them.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;
use wire::{
    Action, ActionId, ActionPatch, CoachingRelationshipId, CoachingSessionId, GoalId, HistoryKind, ItemStatus, UserId,
};

use super::column::{Columns as _, micros, status_name};
use super::deletion::{self, Deletable, Table, table};
use super::history::{self, Author, Versioned};
use super::lost_goals;

impl Versioned for Action {
    const FIELDS: &'static [&'static str] = ActionPatch::FIELDS;

    fn key(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> u64 {
        self.version.unwrap_or(history::FIRST_VERSION)
    }
}

impl Deletable for Action {
    const TABLE: Table = table!("actions");
}

/// Whose actions a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Those of every session that this person takes part in.
    SessionsOf(UserId),
    /// Those that this person is to do.
    AssignedTo(UserId),
}

/// Which actions a list shows. `None` does not narrow it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<ItemStatus>,
    pub(crate) session: Option<CoachingSessionId>,
    pub(crate) relationship: Option<CoachingRelationshipId>,
    pub(crate) goal: Option<GoalId>,
}

/// Every column, and the assignees in the order in which they were named.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT a.*, (SELECT group_concat(hex(n.user_id), ',' ORDER BY n.position)
                 FROM action_assignees n WHERE n.action_id = a.id) AS assignee_ids
             FROM actions a ",
            $rest
        )
    };
}

pub(crate) async fn insert(db: &mut SqliteConnection, action: &Action) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO actions (id, coaching_session_id, goal_id, user_id, body, due_by, status, status_changed_at,
             created_at, updated_at, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .bind(action.id.0)
    .bind(action.coaching_session_id.0)
    .bind(action.goal_id.map(|id| id.0))
    .bind(action.user_id.0)
    .bind(action.body.as_deref())
    .bind(action.due_by.map(micros))
    .bind(status_name(action.status))
    .bind(micros(action.status_changed_at))
    .bind(micros(action.created_at))
    .bind(micros(action.updated_at))
    .bind(action.version().cast_signed())
    .execute(&mut *db)
    .await?;
    insert_assignees(db, action.id, &action.assignee_ids).await?;
    let author = Author {
        by: action.user_id,
        at: action.created_at,
    };
    history::record(db, HistoryKind::Created, None, action, author).await
}

pub(crate) async fn find(db: &mut SqliteConnection, id: ActionId) -> Result<Option<Action>, sqlx::Error> {
    sqlx::query(select!("WHERE a.id = ? AND a.deleted_at IS NULL"))
        .bind(id.0)
        .try_map(|row| action(&row))
        .fetch_optional(db)
        .await
}

/// The actions of a session, oldest first.
pub(crate) async fn of_session(
    db: &mut SqliteConnection,
    session: CoachingSessionId,
    goal: Option<GoalId>,
) -> Result<Vec<Action>, sqlx::Error> {
    sqlx::query(select!(
        "WHERE a.coaching_session_id = ?1 AND (?2 IS NULL OR a.goal_id = ?2) AND a.deleted_at IS NULL
         ORDER BY a.created_at, a.id"
    ))
    .bind(session.0)
    .bind(goal.map(|id| id.0))
    .try_map(|row| action(&row))
    .fetch_all(db)
    .await
}

/// Somebody's actions, oldest first, as far as `viewer` takes part in the sessions they belong to.
pub(crate) async fn of_user(
    db: &mut SqliteConnection,
    viewer: UserId,
    whose: Whose,
    filter: Filter,
) -> Result<Vec<Action>, sqlx::Error> {
    let (participant, assignee) = match whose {
        Whose::SessionsOf(user) => (Some(user.0), None),
        Whose::AssignedTo(user) => (None, Some(user.0)),
    };
    sqlx::query(select!(
        "JOIN coaching_sessions s ON s.id = a.coaching_session_id
         JOIN coaching_relationships r ON r.id = s.coaching_relationship_id
         WHERE ?1 IN (r.coach_id, r.coachee_id)
             AND EXISTS (SELECT 1 FROM user_roles m WHERE m.user_id = ?1 AND m.organization_id = r.organization_id)
             AND (?2 IS NULL OR ?2 IN (r.coach_id, r.coachee_id))
             AND (?3 IS NULL OR EXISTS (
                 SELECT 1 FROM action_assignees n WHERE n.action_id = a.id AND n.user_id = ?3))
             AND (?4 IS NULL OR a.status = ?4) AND (?5 IS NULL OR s.id = ?5)
             AND (?6 IS NULL OR r.id = ?6) AND (?7 IS NULL OR a.goal_id = ?7) AND a.deleted_at IS NULL
         ORDER BY a.created_at, a.id"
    ))
    .bind(viewer.0)
    .bind(participant)
    .bind(assignee)
    .bind(filter.status.map(status_name))
    .bind(filter.session.map(|id| id.0))
    .bind(filter.relationship.map(|id| id.0))
    .bind(filter.goal.map(|id| id.0))
    .try_map(|row| action(&row))
    .fetch_all(db)
    .await
}

/// Writes everything that can change about an action, its assignees included; hands it back with its version.
pub(crate) async fn update(
    db: &mut SqliteConnection,
    before: &Action,
    mut after: Action,
    author: Author,
) -> Result<Action, sqlx::Error> {
    let version = sqlx::query(
        "UPDATE actions SET goal_id = ?2, body = ?3, due_by = ?4, status = ?5, status_changed_at = ?6, updated_at = ?7,
             version = version + 1
         WHERE id = ?1 RETURNING version",
    )
    .bind(after.id.0)
    .bind(after.goal_id.map(|id| id.0))
    .bind(after.body.as_deref())
    .bind(after.due_by.map(micros))
    .bind(status_name(after.status))
    .bind(micros(after.status_changed_at))
    .bind(micros(after.updated_at))
    .try_map(|row: SqliteRow| row.version("version"))
    .fetch_one(&mut *db)
    .await?;
    after.version = Some(version);
    if after.assignee_ids != before.assignee_ids {
        set_assignees(db, after.id, &after.assignee_ids).await?;
    }
    if after.goal_id != before.goal_id {
        lost_goals::clear(db, after.id).await?;
    }
    history::record(db, HistoryKind::Updated, Some(before), &after, author).await?;
    Ok(after)
}

/// Takes a goal that is deleted from its actions, until it is restored.
pub(crate) async fn lose_goal(db: &mut SqliteConnection, goal: GoalId, author: Author) -> Result<(), sqlx::Error> {
    let losing = sqlx::query(select!("WHERE a.goal_id = ? AND a.deleted_at IS NULL"))
        .bind(goal.0)
        .try_map(|row| action(&row))
        .fetch_all(&mut *db)
        .await?;
    for before in losing {
        let after = Action {
            goal_id: None,
            updated_at: author.at,
            ..before.clone()
        };
        update(db, &before, after, author).await?;
        lost_goals::remember(db, before.id, goal).await?;
    }
    Ok(())
}

/// Gives a goal that is restored back to its actions, where no other was chosen meanwhile. Hands those actions back.
pub(crate) async fn regain_goal(
    db: &mut SqliteConnection,
    goal: GoalId,
    author: Author,
) -> Result<Vec<Action>, sqlx::Error> {
    let regaining = sqlx::query(select!(
        "JOIN lost_goals l ON l.action_id = a.id
         WHERE l.goal_id = ? AND a.goal_id IS NULL AND a.deleted_at IS NULL ORDER BY a.created_at, a.id"
    ))
    .bind(goal.0)
    .try_map(|row| action(&row))
    .fetch_all(&mut *db)
    .await?;
    let mut changed = Vec::with_capacity(regaining.len());
    for before in regaining {
        let after = Action {
            goal_id: Some(goal),
            updated_at: author.at,
            ..before.clone()
        };
        changed.push(update(db, &before, after, author).await?);
    }
    Ok(changed)
}

/// Marks an action as deleted.
pub(crate) async fn delete(db: &mut SqliteConnection, action: &Action, author: Author) -> Result<(), sqlx::Error> {
    let after = Action {
        version: Some(deletion::mark::<Action>(db, action.id.0, author).await?),
        ..action.clone()
    };
    history::record(db, HistoryKind::Deleted, Some(action), &after, author).await
}

/// Brings a deleted action back, with its goal if there is that goal.
pub(crate) async fn restore(
    db: &mut SqliteConnection,
    id: ActionId,
    author: Author,
) -> Result<Option<Action>, sqlx::Error> {
    let before = sqlx::query(select!("WHERE a.id = ?"))
        .bind(id.0)
        .try_map(|row| action(&row))
        .fetch_optional(&mut *db)
        .await?;
    // The row is not visible yet, so this and the restoration are one version.
    lost_goals::settle(db, id).await?;
    deletion::unmark::<Action>(db, id.0).await?;
    let restored = find(db, id).await?;
    if let Some(action) = &restored {
        history::record(db, HistoryKind::Restored, before.as_ref(), action, author).await?;
    }
    Ok(restored)
}

async fn set_assignees(db: &mut SqliteConnection, id: ActionId, assignees: &[UserId]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM action_assignees WHERE action_id = ?")
        .bind(id.0)
        .execute(&mut *db)
        .await?;
    insert_assignees(db, id, assignees).await
}

async fn insert_assignees(db: &mut SqliteConnection, id: ActionId, assignees: &[UserId]) -> Result<(), sqlx::Error> {
    for (position, assignee) in (0_i64..).zip(assignees) {
        sqlx::query("INSERT INTO action_assignees (action_id, user_id, position) VALUES (?, ?, ?)")
            .bind(id.0)
            .bind(assignee.0)
            .bind(position)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

fn action(row: &SqliteRow) -> Result<Action, sqlx::Error> {
    Ok(Action {
        id: row.id("id", ActionId)?,
        coaching_session_id: row.id("coaching_session_id", CoachingSessionId)?,
        goal_id: row.maybe_id("goal_id", GoalId)?,
        user_id: row.id("user_id", UserId)?,
        body: row.try_get("body")?,
        due_by: row.maybe_moment("due_by")?,
        status: row.status("status")?,
        status_changed_at: row.moment("status_changed_at")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        assignee_ids: row.id_list("assignee_ids", UserId)?,
        version: Some(row.version("version")?),
    })
}
