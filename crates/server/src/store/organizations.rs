//! Organizations and their members.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use wire::{Organization, OrganizationId, UserId};

use super::column::{Columns as _, micros};
use super::list::{Listing, Page, PageQuery, Wanted};

pub(crate) async fn insert(db: &mut SqliteConnection, organization: &Organization) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO organizations (id, name, slug, created_at, updated_at) VALUES (?, ?, ?, ?, ?)")
        .bind(organization.id.0)
        .bind(organization.name.as_str())
        .bind(organization.slug.as_str())
        .bind(micros(organization.created_at))
        .bind(micros(organization.updated_at))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns a page of the organizations in which this person is a member.
pub(crate) async fn of_member(db: &mut SqliteConnection, user: UserId, wanted: Wanted) -> Result<Page, sqlx::Error> {
    let listing = Listing {
        columns: "item.*",
        tables: "organizations item ON item.id = p.sort_id",
    };
    let query = PageQuery::new(wanted, &listing, |from| {
        from.push("organizations item WHERE item.id IN (SELECT m.organization_id FROM user_roles m WHERE m.user_id = ")
            .push_bind(user.0)
            .push(")");
    });
    query.read(db, organization).await
}

fn organization(row: &SqliteRow) -> Result<Organization, sqlx::Error> {
    Ok(Organization {
        id: row.id("id", OrganizationId)?,
        name: row.try_get("name")?,
        logo: None,
        slug: row.try_get("slug")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        archived_at: None,
        archived_by: None,
    })
}

pub(crate) async fn exists(db: &mut SqliteConnection, id: OrganizationId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM organizations WHERE id = ?)")
        .bind(id.0)
        .fetch_one(db)
        .await
}

pub(crate) async fn has_member(
    db: &mut SqliteConnection,
    id: OrganizationId,
    user: UserId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM user_roles WHERE user_id = ? AND organization_id = ?)")
        .bind(user.0)
        .bind(id.0)
        .fetch_one(db)
        .await
}
