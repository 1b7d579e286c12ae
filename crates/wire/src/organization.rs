//! Organizations: who employs coaches and coachees.

use serde::{Deserialize, Serialize};

use crate::{OrganizationId, Timestamp, UserId, time};

/// An organization with its own members and relationships.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// The address of its logo.
    #[serde(default)]
    pub logo: Option<String>,
    /// Its name as part of an address.
    pub slug: String,
    /// When it was created.
    #[serde(deserialize_with = "time::moment")]
    pub created_at: Timestamp,
    /// When it was last written.
    #[serde(deserialize_with = "time::moment")]
    pub updated_at: Timestamp,
    /// When it was archived, if it was.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub archived_at: Option<Timestamp>,
    /// Who archived it.
    #[serde(default)]
    pub archived_by: Option<UserId>,
}
