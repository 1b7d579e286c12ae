//! People and their roles.

use serde::{Deserialize, Serialize};

use crate::json::{FromFields, FromJson, Object, Unreadable};
use crate::{OrganizationId, Timestamp, UserId, UserRoleId, time};

/// A person who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they sign in with.
    pub email: String,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// What they want to be called.
    #[serde(default)]
    pub display_name: Option<String>,
    /// An IANA time zone.
    #[serde(default)]
    pub timezone: String,
    /// How long their sessions take unless said otherwise, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_coaching_session_duration_minutes: Option<u16>,
    /// What they may do, and where.
    #[serde(default)]
    pub roles: Vec<UserRole>,
    /// When they were created. Sign-in does not say.
    #[serde(
        default,
        deserialize_with = "time::optional_moment",
        skip_serializing_if = "Option::is_none"
    )]
    pub created_at: Option<Timestamp>,
    /// When they were last written. Sign-in does not say.
    #[serde(
        default,
        deserialize_with = "time::optional_moment",
        skip_serializing_if = "Option::is_none"
    )]
    pub updated_at: Option<Timestamp>,
}

impl FromFields for User {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id: fields.take("id")?,
            email: fields.take("email")?,
            first_name: fields.take_or_default("first_name")?,
            last_name: fields.take_or_default("last_name")?,
            display_name: fields.take("display_name")?,
            timezone: fields.take_or_default("timezone")?,
            default_coaching_session_duration_minutes: fields.take("default_coaching_session_duration_minutes")?,
            roles: fields.take_or_default("roles")?,
            created_at: fields.take("created_at")?,
            updated_at: fields.take("updated_at")?,
        })
    }
}

impl User {
    /// What to call this person: the display name, else first and last name, else the email address.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(name) = self.display_name.as_deref().filter(|name| !name.trim().is_empty()) {
            return name.to_owned();
        }
        let full = format!("{} {}", self.first_name, self.last_name);
        match full.trim() {
            "" => self.email.clone(),
            name => name.to_owned(),
        }
    }
}

/// One role of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRole {
    /// The role's id.
    pub id: UserRoleId,
    /// Which role.
    pub role: Role,
    /// Where it holds; everywhere if absent.
    #[serde(default)]
    pub organization_id: Option<OrganizationId>,
    /// Whose it is.
    pub user_id: UserId,
    /// When it was given.
    #[serde(deserialize_with = "time::moment")]
    pub created_at: Timestamp,
    /// When it was last written.
    #[serde(deserialize_with = "time::moment")]
    pub updated_at: Timestamp,
}

impl FromFields for UserRole {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id: fields.take("id")?,
            role: fields.take("role")?,
            organization_id: fields.take("organization_id")?,
            user_id: fields.take("user_id")?,
            created_at: fields.take("created_at")?,
            updated_at: fields.take("updated_at")?,
        })
    }
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString)]
pub enum Role {
    /// Coaches and is coached.
    User,
    /// Runs an organization.
    Admin,
    /// Runs the platform.
    SuperAdmin,
    /// A role that this version does not know; grants nothing.
    #[serde(other)]
    Unknown,
}

impl FromJson for Role {
    fn from_json(text: &str) -> Result<Self, Unreadable> {
        Ok(String::from_json(text)?.parse().unwrap_or(Self::Unknown))
    }
}

/// The form that signs in (`application/x-www-form-urlencoded`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Who.
    pub email: String,
    /// The password, in plain text.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(..)")
    }
}
