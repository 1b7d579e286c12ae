//! Coaching relationships.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};
use wire::{CoachingRelationship, CoachingRelationshipId, OrganizationId, Timestamp, UserId};

use super::column::{Columns as _, micros};
use super::list::{Listing, Page, PageQuery, Wanted, narrow};

/// The role of a person in the relationships to search for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    #[default]
    All,
    Coach,
    Coachee,
}

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    id: CoachingRelationshipId,
    organization: OrganizationId,
    coach: UserId,
    coachee: UserId,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO coaching_relationships (id, organization_id, coach_id, coachee_id, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )
    .bind(id.0)
    .bind(organization.0)
    .bind(coach.0)
    .bind(coachee.0)
    .bind(micros(at))
    .execute(db)
    .await?;
    Ok(())
}

/// Restricts a query to relationships `r` in which this person takes part, and whose organization they have not left.
pub(super) fn push_alive_for(query: &mut QueryBuilder<Sqlite>, person: UserId) {
    query.push("(r.coach_id = ").push_bind(person.0);
    query.push(" OR r.coachee_id = ").push_bind(person.0);
    query
        .push(") AND EXISTS (SELECT 1 FROM user_roles m WHERE m.organization_id = r.organization_id AND m.user_id = ")
        .push_bind(person.0)
        .push(")");
}

/// Returns a page of the relationships in which this person takes part: those of one organization, or of all
/// organizations in which they are a member.
pub(crate) async fn of_user(
    db: &mut SqliteConnection,
    user: UserId,
    side: Side,
    organization: Option<OrganizationId>,
    wanted: Wanted,
) -> Result<Page, sqlx::Error> {
    let listing = Listing {
        columns: "item.*, a.first_name AS coach_first_name, a.last_name AS coach_last_name,
            b.first_name AS coachee_first_name, b.last_name AS coachee_last_name",
        tables: "coaching_relationships item ON item.id = p.sort_id
            CROSS JOIN users a ON a.id = item.coach_id CROSS JOIN users b ON b.id = item.coachee_id",
    };
    let query = PageQuery::new(wanted, &listing, |from| {
        from.push("coaching_relationships r CROSS JOIN coaching_relationships item ON item.id = r.id WHERE ");
        push_alive_for(from, user);
        narrow(from, "r.coach_id", (side == Side::Coach).then_some(user.0));
        narrow(from, "r.coachee_id", (side == Side::Coachee).then_some(user.0));
        narrow(from, "r.organization_id", organization.map(|id| id.0));
    });
    query.read(db, relationship).await
}

pub(crate) async fn find(
    db: &mut SqliteConnection,
    id: CoachingRelationshipId,
) -> Result<Option<CoachingRelationship>, sqlx::Error> {
    sqlx::query(
        "SELECT r.*, a.first_name AS coach_first_name, a.last_name AS coach_last_name,
             b.first_name AS coachee_first_name, b.last_name AS coachee_last_name
         FROM coaching_relationships r
         JOIN users a ON a.id = r.coach_id JOIN users b ON b.id = r.coachee_id
         WHERE r.id = ?",
    )
    .bind(id.0)
    .try_map(|row| relationship(&row))
    .fetch_optional(db)
    .await
}

/// Returns whether `coach` coaches `coachee` in a relationship of an organization in which the coach is a member.
pub(crate) async fn coaches(db: &mut SqliteConnection, coach: UserId, coachee: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM coaching_relationships r WHERE r.coach_id = ?1 AND r.coachee_id = ?2
             AND EXISTS (SELECT 1 FROM user_roles m WHERE m.user_id = ?1 AND m.organization_id = r.organization_id))",
    )
    .bind(coach.0)
    .bind(coachee.0)
    .fetch_one(db)
    .await
}

fn relationship(row: &SqliteRow) -> Result<CoachingRelationship, sqlx::Error> {
    Ok(CoachingRelationship {
        id: row.id("id", CoachingRelationshipId)?,
        coach_id: row.id("coach_id", UserId)?,
        coachee_id: row.id("coachee_id", UserId)?,
        coach_first_name: row.try_get("coach_first_name")?,
        coach_last_name: row.try_get("coach_last_name")?,
        coachee_first_name: row.try_get("coachee_first_name")?,
        coachee_last_name: row.try_get("coachee_last_name")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
