//! Goals.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;
use wire::{CoachingRelationshipId, CoachingSessionId, Goal, GoalId, HistoryKind, ItemStatus, UserId};

use super::column::{Columns as _, micros, status_name};
use super::deletion::{self, Deletable, Table, rows_of, table};
use super::history::{self, Author, Versioned};
use super::list::{Listing, Page, PageQuery, Wanted, narrow};

impl Versioned for Goal {
    const FIELDS: &'static [&'static str] = &["title", "body", "status", "target_date", "created_in_session_id"];

    fn key(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> u64 {
        self.version.unwrap_or(history::FIRST_VERSION)
    }
}

impl Deletable for Goal {
    const TABLE: Table = table!("goals", "coaching_relationship_id");
}

/// Adds a goal. Returns whether it was added: it is not if its relationship already has `most` goals.
pub(crate) async fn insert(db: &mut SqliteConnection, goal: &Goal, most: u32) -> Result<bool, sqlx::Error> {
    let added = sqlx::query(concat!(
        "INSERT INTO goals (id, coaching_relationship_id, created_in_session_id, user_id, title, body, status,
             status_changed_at, completed_at, target_date, created_at, updated_at, version)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 WHERE ",
        rows_of!("goals", "coaching_relationship_id", "?2", "?14"),
        " < ?14"
    ))
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
    .bind(goal.version().cast_signed())
    .bind(most)
    .execute(&mut *db)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    let author = Author {
        by: goal.user_id,
        at: goal.created_at,
    };
    history::record(db, HistoryKind::Created, None, goal, author).await?;
    Ok(true)
}

pub(crate) async fn find(db: &mut SqliteConnection, id: GoalId) -> Result<Option<Goal>, sqlx::Error> {
    sqlx::query("SELECT * FROM goals WHERE id = ? AND deleted_at IS NULL")
        .bind(id.0)
        .try_map(|row| goal(&row))
        .fetch_optional(db)
        .await
}

/// Returns a page of the goals of a relationship.
pub(crate) async fn of_relationship(
    db: &mut SqliteConnection,
    relationship: CoachingRelationshipId,
    status: Option<ItemStatus>,
    wanted: Wanted,
) -> Result<Page, sqlx::Error> {
    let listing = Listing {
        columns: "item.*",
        tables: "goals item ON item.id = p.sort_id",
    };
    let query = PageQuery::new(wanted, &listing, |from| {
        from.push(
            "goals item INDEXED BY goals_listed WHERE item.deleted_at IS NULL AND item.coaching_relationship_id = ",
        )
        .push_bind(relationship.0);
        narrow(from, "item.status", status.map(status_name));
    });
    query.read(db, goal).await
}

/// Returns the goals of a relationship that are in progress, oldest first.
pub(crate) async fn in_progress(
    db: &mut SqliteConnection,
    relationship: CoachingRelationshipId,
) -> Result<Vec<Goal>, sqlx::Error> {
    sqlx::query(
        "SELECT * FROM goals WHERE coaching_relationship_id = ? AND status = ? AND deleted_at IS NULL
         ORDER BY created_at, id",
    )
    .bind(relationship.0)
    .bind(status_name(ItemStatus::InProgress))
    .try_map(|row| goal(&row))
    .fetch_all(db)
    .await
}

/// Returns a page of the goals that are linked to a coaching session, in the order of their links.
pub(crate) async fn of_session(
    db: &mut SqliteConnection,
    session: CoachingSessionId,
    wanted: Wanted,
) -> Result<Page, sqlx::Error> {
    let listing = Listing {
        columns: "g.*",
        tables: "session_goals item ON item.id = p.sort_id CROSS JOIN goals g ON g.id = item.goal_id",
    };
    let query = PageQuery::new(wanted, &listing, |from| {
        from.push(
            "session_goals item INDEXED BY session_goals_listed CROSS JOIN goals g ON g.id = item.goal_id
             WHERE g.deleted_at IS NULL AND item.coaching_session_id = ",
        )
        .push_bind(session.0);
    });
    query.read(db, goal).await
}

/// Writes all fields of a goal that can change. Returns the goal with its new version.
pub(crate) async fn update(
    db: &mut SqliteConnection,
    before: &Goal,
    mut after: Goal,
    author: Author,
) -> Result<Goal, sqlx::Error> {
    let version = sqlx::query(
        "UPDATE goals SET title = ?2, body = ?3, status = ?4, status_changed_at = ?5, completed_at = ?6,
             target_date = ?7, updated_at = ?8, created_in_session_id = ?9, version = version + 1
         WHERE id = ?1 RETURNING version",
    )
    .bind(after.id.0)
    .bind(after.title.as_deref())
    .bind(after.body.as_deref())
    .bind(status_name(after.status))
    .bind(after.status_changed_at.map(micros))
    .bind(after.completed_at.map(micros))
    .bind(after.target_date)
    .bind(micros(after.updated_at))
    .bind(after.created_in_session_id.map(|id| id.0))
    .try_map(|row: SqliteRow| row.version("version"))
    .fetch_one(&mut *db)
    .await?;
    after.version = Some(version);
    history::record(db, HistoryKind::Updated, Some(before), &after, author).await?;
    Ok(after)
}

/// Clears the reference of goals to the coaching session in which they were created, because it is about to be deleted.
/// Returns these goals.
pub(crate) async fn forget_session(
    db: &mut SqliteConnection,
    session: CoachingSessionId,
    author: Author,
) -> Result<Vec<Goal>, sqlx::Error> {
    let goals = sqlx::query(
        "SELECT * FROM goals WHERE created_in_session_id = ? AND deleted_at IS NULL ORDER BY created_at, id",
    )
    .bind(session.0)
    .try_map(|row| goal(&row))
    .fetch_all(&mut *db)
    .await?;
    let mut changed = Vec::with_capacity(goals.len());
    for before in goals {
        let after = Goal {
            created_in_session_id: None,
            updated_at: author.at,
            ..before.clone()
        };
        changed.push(update(db, &before, after, author).await?);
    }
    Ok(changed)
}

/// Marks a goal as deleted. Its links to coaching sessions stay, but are hidden.
pub(crate) async fn delete(db: &mut SqliteConnection, goal: &Goal, author: Author) -> Result<(), sqlx::Error> {
    let after = Goal {
        version: Some(deletion::mark::<Goal>(db, goal.id.0, author).await?),
        ..goal.clone()
    };
    history::record(db, HistoryKind::Deleted, Some(goal), &after, author).await
}

/// Returns the status of a deleted goal.
pub(crate) async fn status_of_deleted(
    db: &mut SqliteConnection,
    id: GoalId,
) -> Result<Option<ItemStatus>, sqlx::Error> {
    sqlx::query("SELECT status FROM goals WHERE id = ? AND deleted_at IS NOT NULL")
        .bind(id.0)
        .try_map(|row: SqliteRow| row.status("status"))
        .fetch_optional(db)
        .await
}

/// Restores a deleted goal together with its links.
pub(crate) async fn restore(
    db: &mut SqliteConnection,
    id: GoalId,
    author: Author,
) -> Result<Option<Goal>, sqlx::Error> {
    deletion::unmark::<Goal>(db, id.0).await?;
    let restored = find(db, id).await?;
    if let Some(goal) = &restored {
        history::record(db, HistoryKind::Restored, Some(goal), goal, author).await?;
    }
    Ok(restored)
}

pub(super) fn goal(row: &SqliteRow) -> Result<Goal, sqlx::Error> {
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
        version: Some(row.version("version")?),
    })
}
