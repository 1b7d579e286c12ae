//! Actions: what somebody will do until the next session.

use serde::{Deserialize, Serialize};

use crate::json::{FromFields, Object, Unreadable};
use crate::{ActionId, CoachingSessionId, GoalId, ItemStatus, Timestamp, UserId, time};

/// What somebody will do until the next session.
///
/// A `PUT` takes the whole model and replaces it; fields that only the server writes are ignored there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// The session it was agreed in; fixed after creation.
    pub coaching_session_id: CoachingSessionId,
    /// The goal it serves.
    #[serde(default)]
    pub goal_id: Option<GoalId>,
    /// Who wrote it.
    pub user_id: UserId,
    /// What is to be done.
    #[serde(default)]
    pub body: Option<String>,
    /// When it should be done.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub due_by: Option<Timestamp>,
    /// How far it has come.
    pub status: ItemStatus,
    /// When its status was last written (not necessarily changed).
    #[serde(deserialize_with = "time::moment")]
    pub status_changed_at: Timestamp,
    /// When it was created.
    #[serde(deserialize_with = "time::moment")]
    pub created_at: Timestamp,
    /// When it was last written. Does not order concurrent writes.
    #[serde(deserialize_with = "time::moment")]
    pub updated_at: Timestamp,
    /// Who will do it.
    #[serde(default)]
    pub assignee_ids: Vec<UserId>,
    /// Raised by one with every write; orders two forms of the row. Absent where the server keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl FromFields for Action {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id: fields.take("id")?,
            coaching_session_id: fields.take("coaching_session_id")?,
            goal_id: fields.take("goal_id")?,
            user_id: fields.take("user_id")?,
            body: fields.take("body")?,
            due_by: fields.take("due_by")?,
            status: fields.take("status")?,
            status_changed_at: fields.take("status_changed_at")?,
            created_at: fields.take("created_at")?,
            updated_at: fields.take("updated_at")?,
            assignee_ids: fields.take_or_default("assignee_ids")?,
            version: fields.take("version")?,
        })
    }
}

/// The body that creates an [`Action`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAction {
    /// The session it was agreed in.
    pub coaching_session_id: CoachingSessionId,
    /// The goal it serves.
    #[serde(default)]
    pub goal_id: Option<GoalId>,
    /// What is to be done.
    #[serde(default)]
    pub body: Option<String>,
    /// When it should be done.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub due_by: Option<Timestamp>,
    /// How far it has come.
    pub status: ItemStatus,
    /// Who will do it. Absent in a `PUT` means unchanged.
    #[serde(default)]
    pub assignee_ids: Option<Vec<UserId>>,
}
