//! Actions and their assignees.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;
use wire::{
    Action, ActionId, ActionPatch, CoachingRelationshipId, CoachingSessionId, GoalId, HistoryKind, ItemStatus, UserId,
};

use super::column::{Columns as _, micros, status_name};
use super::deletion::{self, Deletable, Table, rows_of, table};
use super::history::{self, Author, Versioned};
use super::list::{Listing, Page, PageQuery, Wanted, narrow};
use super::{lost_goals, relationships};

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
    const TABLE: Table = table!("actions", "coaching_session_id");
}

/// The selection of people in a list of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The actions of all coaching sessions in which this person takes part.
    SessionsOf(UserId),
    /// The actions that are assigned to this person.
    AssignedTo(UserId),
}

/// The filter of a list of actions. `None` does not restrict it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<ItemStatus>,
    pub(crate) session: Option<CoachingSessionId>,
    pub(crate) relationship: Option<CoachingRelationshipId>,
    pub(crate) goal: Option<GoalId>,
}

/// Selects all columns, and the assignees in their stored order.
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

/// Adds an action. Returns whether it was added: it is not if its coaching session already has `most` actions.
pub(crate) async fn insert(db: &mut SqliteConnection, action: &Action, most: u32) -> Result<bool, sqlx::Error> {
    let added = sqlx::query(concat!(
        "INSERT INTO actions (id, coaching_session_id, goal_id, user_id, body, due_by, status, status_changed_at,
             created_at, updated_at, version)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE ",
        rows_of!("actions", "coaching_session_id", "?2", "?12"),
        " < ?12"
    ))
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
    .bind(most)
    .execute(&mut *db)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    insert_assignees(db, action.id, &action.assignee_ids).await?;
    let author = Author {
        by: action.user_id,
        at: action.created_at,
    };
    history::record(db, HistoryKind::Created, None, action, author).await?;
    Ok(true)
}

pub(crate) async fn find(db: &mut SqliteConnection, id: ActionId) -> Result<Option<Action>, sqlx::Error> {
    sqlx::query(select!("WHERE a.id = ? AND a.deleted_at IS NULL"))
        .bind(id.0)
        .try_map(|row| action(&row))
        .fetch_optional(db)
        .await
}

/// The columns of an action in a list.
const LISTING: Listing = Listing {
    columns: "item.*, (SELECT group_concat(hex(n.user_id), ',' ORDER BY n.position)
        FROM action_assignees n WHERE n.action_id = item.id) AS assignee_ids",
    tables: "actions item ON item.id = p.sort_id",
};

/// Returns a page of the actions of a coaching session.
pub(crate) async fn of_session(
    db: &mut SqliteConnection,
    session: CoachingSessionId,
    goal: Option<GoalId>,
    wanted: Wanted,
) -> Result<Page, sqlx::Error> {
    session_query(session, goal, wanted).read(db, action).await
}

pub(super) fn session_query(session: CoachingSessionId, goal: Option<GoalId>, wanted: Wanted) -> PageQuery {
    PageQuery::new(wanted, &LISTING, |from| {
        from.push(
            "actions item INDEXED BY actions_listed WHERE item.deleted_at IS NULL AND item.coaching_session_id = ",
        )
        .push_bind(session.0);
        narrow(from, "item.goal_id", goal.map(|id| id.0));
    })
}

/// Returns a page of the actions that `whose` selects, limited to coaching sessions in which `viewer` takes part.
pub(crate) async fn of_user(
    db: &mut SqliteConnection,
    viewer: UserId,
    whose: Whose,
    filter: Filter,
    wanted: Wanted,
) -> Result<Page, sqlx::Error> {
    user_query(viewer, whose, filter, wanted).read(db, action).await
}

pub(super) fn user_query(viewer: UserId, whose: Whose, filter: Filter, wanted: Wanted) -> PageQuery {
    PageQuery::new(wanted, &LISTING, |from| {
        from.push(match (whose, filter.session) {
            // The table with the fewest rows comes first: CROSS JOIN keeps this order.
            (_, Some(_)) => {
                "coaching_sessions s CROSS JOIN actions item INDEXED BY actions_listed ON item.coaching_session_id = s.id
                 CROSS JOIN coaching_relationships r ON r.id = s.coaching_relationship_id"
            }
            (Whose::AssignedTo(_), None) => {
                "action_assignees n CROSS JOIN actions item ON item.id = n.action_id
                 CROSS JOIN coaching_sessions s ON s.id = item.coaching_session_id
                 CROSS JOIN coaching_relationships r ON r.id = s.coaching_relationship_id"
            }
            (Whose::SessionsOf(_), None) => {
                "coaching_relationships r CROSS JOIN coaching_sessions s ON s.coaching_relationship_id = r.id
                 CROSS JOIN actions item INDEXED BY actions_listed ON item.coaching_session_id = s.id"
            }
        });
        from.push(" WHERE item.deleted_at IS NULL AND ");
        relationships::push_alive_for(from, viewer);
        match whose {
            Whose::SessionsOf(user) if user == viewer => {}
            Whose::SessionsOf(user) => {
                from.push(" AND ")
                    .push_bind(user.0)
                    .push(" IN (r.coach_id, r.coachee_id)");
            }
            Whose::AssignedTo(user) if filter.session.is_none() => {
                from.push(" AND n.user_id = ").push_bind(user.0);
            }
            Whose::AssignedTo(user) => {
                from.push(" AND EXISTS (SELECT 1 FROM action_assignees n WHERE n.action_id = item.id AND n.user_id = ")
                    .push_bind(user.0)
                    .push(")");
            }
        }
        narrow(from, "s.id", filter.session.map(|id| id.0));
        narrow(from, "r.id", filter.relationship.map(|id| id.0));
        narrow(from, "item.goal_id", filter.goal.map(|id| id.0));
        narrow(from, "item.status", filter.status.map(status_name));
    })
}

/// Writes all fields of an action that can change, including its assignees. Returns the action with its new version.
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

/// Removes a goal that is deleted from its actions, and records it for its restoration.
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

/// Links a restored goal again to the actions from which it was removed, unless they have another goal by now. Returns
/// these actions.
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

/// Restores a deleted action, with its goal unless that is deleted.
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
    // The row is still hidden, so this change and the restoration are one version.
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
