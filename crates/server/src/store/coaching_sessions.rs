//! Coaching sessions.

use chrono::NaiveDateTime;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;
use wire::{CoachingRelationshipId, CoachingSession, CoachingSessionId, HistoryKind, UserId};

use super::column::{Columns as _, micros};
use super::history::{self, Author, Versioned};
use super::list::{Listing, Page, PageQuery, Wanted, narrow};
use super::relationships;

impl Versioned for CoachingSession {
    const FIELDS: &'static [&'static str] = &[
        "title",
        "date",
        "duration_minutes",
        "meeting_url",
        "provider",
        "hydrated_at",
    ];

    fn key(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> u64 {
        self.version.unwrap_or(history::FIRST_VERSION)
    }
}

/// The filter of a list of coaching sessions. `None` does not restrict it.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) relationship: Option<CoachingRelationshipId>,
    /// The earliest date, inclusive.
    pub(crate) from: Option<NaiveDateTime>,
    /// The latest date, exclusive.
    pub(crate) before: Option<NaiveDateTime>,
}

/// The children of a coaching session, which prevent its deletion.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Children {
    pub(crate) actions: i64,
    pub(crate) agreements: i64,
}

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    session: &CoachingSession,
    by: UserId,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO coaching_sessions (id, coaching_relationship_id, date, duration_minutes, title, meeting_url,
             provider, ical_sequence, created_at, updated_at, hydrated_at, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )
    .bind(session.id.0)
    .bind(session.coaching_relationship_id.0)
    .bind(micros(session.date.and_utc()))
    .bind(session.duration_minutes)
    .bind(session.title.as_deref())
    .bind(session.meeting_url.as_deref())
    .bind(session.provider.as_deref())
    .bind(session.ical_sequence)
    .bind(micros(session.created_at))
    .bind(micros(session.updated_at))
    .bind(session.hydrated_at.map(micros))
    .bind(session.version().cast_signed())
    .execute(&mut *db)
    .await?;
    let author = Author {
        by,
        at: session.created_at,
    };
    history::record(db, HistoryKind::Created, None, session, author).await
}

pub(crate) async fn find(
    db: &mut SqliteConnection,
    id: CoachingSessionId,
) -> Result<Option<CoachingSession>, sqlx::Error> {
    sqlx::query("SELECT *, NULL AS display_title FROM coaching_sessions WHERE id = ?")
        .bind(id.0)
        .try_map(|row| session(&row))
        .fetch_optional(db)
        .await
}

/// Returns a page of the coaching sessions in which this person takes part, with their display titles.
pub(crate) async fn of_user(
    db: &mut SqliteConnection,
    user: UserId,
    filter: &Filter,
    wanted: Wanted,
) -> Result<Page, sqlx::Error> {
    user_query(user, filter, wanted).read(db, session).await
}

pub(super) fn user_query(user: UserId, filter: &Filter, wanted: Wanted) -> PageQuery {
    let listing = Listing {
        columns: "item.*, coalesce(item.title, (
                SELECT g.title FROM session_goals l JOIN goals g ON g.id = l.goal_id
                WHERE l.coaching_session_id = item.id AND g.title IS NOT NULL AND g.deleted_at IS NULL
                ORDER BY l.created_at, l.id LIMIT 1
            )) AS display_title",
        tables: "coaching_sessions item ON item.id = p.sort_id",
    };
    PageQuery::new(wanted, &listing, |from| {
        from.push(
            "coaching_relationships r CROSS JOIN coaching_sessions item ON item.coaching_relationship_id = r.id WHERE ",
        );
        relationships::push_alive_for(from, user);
        narrow(from, "r.id", filter.relationship.map(|id| id.0));
        if let Some(date) = filter.from {
            from.push(" AND item.date >= ").push_bind(micros(date.and_utc()));
        }
        if let Some(date) = filter.before {
            from.push(" AND item.date < ").push_bind(micros(date.and_utc()));
        }
    })
}

/// Writes all fields of a coaching session that can change. Returns it with its new version.
pub(crate) async fn update(
    db: &mut SqliteConnection,
    before: &CoachingSession,
    mut after: CoachingSession,
    author: Author,
) -> Result<CoachingSession, sqlx::Error> {
    let version = sqlx::query(
        "UPDATE coaching_sessions SET date = ?2, duration_minutes = ?3, title = ?4, meeting_url = ?5, provider = ?6,
             ical_sequence = ?7, updated_at = ?8, hydrated_at = ?9, version = version + 1
         WHERE id = ?1 RETURNING version",
    )
    .bind(after.id.0)
    .bind(micros(after.date.and_utc()))
    .bind(after.duration_minutes)
    .bind(after.title.as_deref())
    .bind(after.meeting_url.as_deref())
    .bind(after.provider.as_deref())
    .bind(after.ical_sequence)
    .bind(micros(after.updated_at))
    .bind(after.hydrated_at.map(micros))
    .try_map(|row: SqliteRow| row.version("version"))
    .fetch_one(&mut *db)
    .await?;
    after.version = Some(version);
    history::record(db, HistoryKind::Updated, Some(before), &after, author).await?;
    Ok(after)
}

pub(crate) async fn children(db: &mut SqliteConnection, id: CoachingSessionId) -> Result<Children, sqlx::Error> {
    sqlx::query(
        "SELECT (SELECT count(*) FROM actions WHERE coaching_session_id = ?1 AND deleted_at IS NULL) AS actions,
             (SELECT count(*) FROM agreements WHERE coaching_session_id = ?1 AND deleted_at IS NULL) AS agreements",
    )
    .bind(id.0)
    .try_map(|row: SqliteRow| {
        Ok(Children {
            actions: row.try_get("actions")?,
            agreements: row.try_get("agreements")?,
        })
    })
    .fetch_one(db)
    .await
}

/// Deletes a coaching session. Purges the deleted actions and agreements in it.
pub(crate) async fn delete(db: &mut SqliteConnection, id: CoachingSessionId) -> Result<(), sqlx::Error> {
    for statement in [
        "DELETE FROM actions WHERE coaching_session_id = ? AND deleted_at IS NOT NULL",
        "DELETE FROM agreements WHERE coaching_session_id = ? AND deleted_at IS NOT NULL",
        "DELETE FROM coaching_sessions WHERE id = ?",
    ] {
        sqlx::query(statement).bind(id.0).execute(&mut *db).await?;
    }
    Ok(())
}

fn session(row: &SqliteRow) -> Result<CoachingSession, sqlx::Error> {
    Ok(CoachingSession {
        id: row.id("id", CoachingSessionId)?,
        coaching_relationship_id: row.id("coaching_relationship_id", CoachingRelationshipId)?,
        date: row.naive("date")?,
        duration_minutes: row.try_get("duration_minutes")?,
        title: row.try_get("title")?,
        display_title: row.try_get("display_title")?,
        meeting_url: row.try_get("meeting_url")?,
        provider: row.try_get("provider")?,
        ical_sequence: row.try_get("ical_sequence")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        hydrated_at: row.maybe_moment("hydrated_at")?,
        version: Some(row.version("version")?),
    })
}
