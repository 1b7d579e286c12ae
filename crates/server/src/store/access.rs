//! Access rights: the relationship of a coaching session, an action, an agreement or a goal, and its participants.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, SqliteConnection};
use uuid::Uuid;
use wire::{ActionId, AgreementId, CoachingRelationshipId, CoachingSessionId, GoalId, OrganizationId, UserId};

use super::column::Columns as _;

/// A relationship and its current participants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) relationship: CoachingRelationshipId,
    pub(crate) organization: OrganizationId,
    /// The coach, unless they have left the organization.
    pub(crate) coach: Option<UserId>,
    /// The coachee, unless they have left the organization.
    pub(crate) coachee: Option<UserId>,
}

impl Access {
    /// Returns whether this person is the coach or the coachee.
    pub(crate) fn includes(&self, person: UserId) -> bool {
        self.coach == Some(person) || self.coachee == Some(person)
    }

    /// The people who receive the events of the relationship.
    pub(crate) fn participants(&self) -> Vec<UserId> {
        self.coach.into_iter().chain(self.coachee).collect()
    }
}

/// The SQL of all functions of this module. The argument selects the id of the relationship.
macro_rules! access_sql {
    ($relationship:literal) => {
        concat!(
            "SELECT r.id, r.organization_id,
                 CASE WHEN EXISTS (SELECT 1 FROM user_roles m
                     WHERE m.user_id = r.coach_id AND m.organization_id = r.organization_id)
                 THEN r.coach_id END AS coach_id,
                 CASE WHEN EXISTS (SELECT 1 FROM user_roles m
                     WHERE m.user_id = r.coachee_id AND m.organization_id = r.organization_id)
                 THEN r.coachee_id END AS coachee_id
             FROM coaching_relationships r WHERE r.id = ",
            $relationship
        )
    };
}

pub(crate) async fn of_relationship(
    db: &mut SqliteConnection,
    id: CoachingRelationshipId,
) -> Result<Option<Access>, sqlx::Error> {
    find(db, access_sql!("?"), id.0).await
}

pub(crate) async fn of_session(
    db: &mut SqliteConnection,
    id: CoachingSessionId,
) -> Result<Option<Access>, sqlx::Error> {
    find(
        db,
        access_sql!("(SELECT coaching_relationship_id FROM coaching_sessions WHERE id = ?)"),
        id.0,
    )
    .await
}

/// Returns the access rights of several coaching sessions. Those that do not exist are omitted.
pub(crate) async fn of_sessions(
    db: &mut SqliteConnection,
    ids: &[CoachingSessionId],
) -> Result<HashMap<CoachingSessionId, Access>, sqlx::Error> {
    let mut query = QueryBuilder::new(concat!(
        "SELECT s.id AS session_id, q.* FROM coaching_sessions s JOIN (",
        access_sql!("r.id"),
        ") q ON q.id = s.coaching_relationship_id WHERE s.id IN ("
    ));
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.0);
    }
    list.push_unseparated(")");
    let found = query
        .build()
        .try_map(|row: SqliteRow| Ok((row.id("session_id", CoachingSessionId)?, access(&row)?)))
        .fetch_all(db)
        .await?;
    Ok(found.into_iter().collect())
}

pub(crate) async fn of_goal(db: &mut SqliteConnection, id: GoalId) -> Result<Option<Access>, sqlx::Error> {
    find(
        db,
        access_sql!("(SELECT coaching_relationship_id FROM goals WHERE id = ?)"),
        id.0,
    )
    .await
}

pub(crate) async fn of_action(db: &mut SqliteConnection, id: ActionId) -> Result<Option<Access>, sqlx::Error> {
    const SQL: &str = access_sql!(
        "(SELECT s.coaching_relationship_id FROM actions a JOIN coaching_sessions s ON s.id = a.coaching_session_id
          WHERE a.id = ?)"
    );
    find(db, SQL, id.0).await
}

pub(crate) async fn of_agreement(db: &mut SqliteConnection, id: AgreementId) -> Result<Option<Access>, sqlx::Error> {
    const SQL: &str = access_sql!(
        "(SELECT s.coaching_relationship_id FROM agreements a JOIN coaching_sessions s ON s.id = a.coaching_session_id
          WHERE a.id = ?)"
    );
    find(db, SQL, id.0).await
}

async fn find(db: &mut SqliteConnection, sql: &'static str, id: Uuid) -> Result<Option<Access>, sqlx::Error> {
    sqlx::query(sql)
        .bind(id)
        .try_map(|row| access(&row))
        .fetch_optional(db)
        .await
}

fn access(row: &SqliteRow) -> Result<Access, sqlx::Error> {
    Ok(Access {
        relationship: row.id("id", CoachingRelationshipId)?,
        organization: row.id("organization_id", OrganizationId)?,
        coach: row.maybe_id("coach_id", UserId)?,
        coachee: row.maybe_id("coachee_id", UserId)?,
    })
}
