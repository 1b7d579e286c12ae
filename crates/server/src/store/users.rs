//! Users and their roles.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use wire::{OrganizationId, Role, Timestamp, User, UserId, UserRole, UserRoleId};

use super::column::{Columns as _, micros};
use super::email::email_key;

/// A new user to store.
pub(crate) struct NewUser<'a> {
    pub(crate) id: UserId,
    pub(crate) email: &'a str,
    pub(crate) password_hash: &'a str,
    pub(crate) first_name: &'a str,
    pub(crate) last_name: &'a str,
    pub(crate) created_at: Timestamp,
}

/// The fields that a person can change about themselves. `None` leaves a field unchanged.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    pub(crate) email: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) default_duration_minutes: Option<u16>,
}

pub(crate) async fn insert(db: &mut SqliteConnection, user: &NewUser<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO users (id, email, password_hash, first_name, last_name, created_at, updated_at, email_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
    )
    .bind(user.id.0)
    .bind(user.email)
    .bind(user.password_hash)
    .bind(user.first_name)
    .bind(user.last_name)
    .bind(micros(user.created_at))
    .bind(email_key(user.email))
    .execute(db)
    .await?;
    Ok(())
}

/// Gives a person a role. The role also makes them a member of its organization.
pub(crate) async fn insert_role(db: &mut SqliteConnection, role: &UserRole) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO user_roles (id, user_id, organization_id, role, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(role.id.0)
    .bind(role.user_id.0)
    .bind(role.organization_id.map(|id| id.0))
    .bind(role_name(role.role))
    .bind(micros(role.created_at))
    .bind(micros(role.updated_at))
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &mut SqliteConnection, id: UserId) -> Result<Option<User>, sqlx::Error> {
    let user = sqlx::query("SELECT * FROM users WHERE id = ?")
        .bind(id.0)
        .try_map(|row| user(&row))
        .fetch_optional(&mut *db)
        .await?;
    let Some(mut user) = user else {
        return Ok(None);
    };
    user.roles = roles(db, id).await?;
    Ok(Some(user))
}

/// Returns whether there are any users.
pub(super) async fn any(db: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)")
        .fetch_one(db)
        .await
}

/// Returns the user whose address has this key, and the hash of their password.
pub(crate) async fn password_of(db: &mut SqliteConnection, key: &str) -> Result<Option<(UserId, String)>, sqlx::Error> {
    sqlx::query("SELECT id, password_hash FROM users WHERE email_key = ?")
        .bind(key)
        .try_map(|row: SqliteRow| Ok((row.id("id", UserId)?, row.try_get("password_hash")?)))
        .fetch_optional(db)
        .await
}

/// Returns the password hash of a user.
pub(crate) async fn password_hash(db: &mut SqliteConnection, id: UserId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT password_hash FROM users WHERE id = ?")
        .bind(id.0)
        .fetch_optional(db)
        .await
}

/// Replaces the password hash of a user, if it still equals `old_hash`. Returns whether it was replaced.
pub(crate) async fn replace_password(
    db: &mut SqliteConnection,
    id: UserId,
    old_hash: &str,
    new_hash: &str,
    at: Timestamp,
) -> Result<bool, sqlx::Error> {
    let replaced = sqlx::query("UPDATE users SET password_hash = ?, updated_at = ? WHERE id = ? AND password_hash = ?")
        .bind(new_hash)
        .bind(micros(at))
        .bind(id.0)
        .bind(old_hash)
        .execute(db)
        .await?;
    Ok(replaced.rows_affected() == 1)
}

pub(crate) async fn roles(db: &mut SqliteConnection, id: UserId) -> Result<Vec<UserRole>, sqlx::Error> {
    sqlx::query("SELECT * FROM user_roles WHERE user_id = ? ORDER BY created_at, id")
        .bind(id.0)
        .try_map(|row: SqliteRow| {
            Ok(UserRole {
                id: row.id("id", UserRoleId)?,
                role: role(row.try_get("role")?),
                organization_id: row.maybe_id("organization_id", OrganizationId)?,
                user_id: row.id("user_id", UserId)?,
                created_at: row.moment("created_at")?,
                updated_at: row.moment("updated_at")?,
            })
        })
        .fetch_all(db)
        .await
}

/// Returns the people who share a relationship with this person and are members of its organization, with that
/// organization. The result is ordered by organization.
pub(crate) async fn partners(
    db: &mut SqliteConnection,
    id: UserId,
) -> Result<Vec<(OrganizationId, UserId)>, sqlx::Error> {
    sqlx::query(
        "SELECT organization_id, partner FROM (
             SELECT organization_id, coachee_id AS partner FROM coaching_relationships WHERE coach_id = ?1
             UNION SELECT organization_id, coach_id FROM coaching_relationships WHERE coachee_id = ?1) r
         WHERE EXISTS (SELECT 1 FROM user_roles m
             WHERE m.user_id = r.partner AND m.organization_id = r.organization_id)
         ORDER BY organization_id",
    )
    .bind(id.0)
    .try_map(|row: SqliteRow| Ok((row.id("organization_id", OrganizationId)?, row.id("partner", UserId)?)))
    .fetch_all(db)
    .await
}

/// Returns the default duration of this person's coaching sessions in minutes.
pub(crate) async fn default_duration(db: &mut SqliteConnection, id: UserId) -> Result<u16, sqlx::Error> {
    sqlx::query_scalar("SELECT default_duration_minutes FROM users WHERE id = ?")
        .bind(id.0)
        .fetch_one(db)
        .await
}

pub(crate) async fn update(
    db: &mut SqliteConnection,
    id: UserId,
    profile: &Profile,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE users SET email = coalesce(?2, email), first_name = coalesce(?3, first_name),
             last_name = coalesce(?4, last_name), display_name = coalesce(?5, display_name),
             timezone = coalesce(?6, timezone),
             default_duration_minutes = coalesce(?7, default_duration_minutes), updated_at = ?8,
             email_key = coalesce(?9, email_key)
         WHERE id = ?1",
    )
    .bind(id.0)
    .bind(profile.email.as_deref())
    .bind(profile.first_name.as_deref())
    .bind(profile.last_name.as_deref())
    .bind(profile.display_name.as_deref())
    .bind(profile.timezone.as_deref())
    .bind(profile.default_duration_minutes)
    .bind(micros(at))
    .bind(profile.email.as_deref().map(email_key))
    .execute(db)
    .await?;
    Ok(())
}

fn user(row: &SqliteRow) -> Result<User, sqlx::Error> {
    Ok(User {
        id: row.id("id", UserId)?,
        email: row.try_get("email")?,
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
        display_name: row.try_get("display_name")?,
        timezone: row.try_get("timezone")?,
        default_coaching_session_duration_minutes: Some(row.try_get("default_duration_minutes")?),
        roles: Vec::new(),
        created_at: Some(row.moment("created_at")?),
        updated_at: Some(row.moment("updated_at")?),
    })
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::User | Role::Unknown => "User",
        Role::Admin => "Admin",
        Role::SuperAdmin => "SuperAdmin",
    }
}

fn role(name: &str) -> Role {
    match name {
        "User" => Role::User,
        "Admin" => Role::Admin,
        "SuperAdmin" => Role::SuperAdmin,
        _ => Role::Unknown,
    }
}
