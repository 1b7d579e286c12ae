//! Goals, and the links between goals and sessions.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::json::{FromFields, Object, Unreadable};
use crate::{CoachingRelationshipId, CoachingSessionId, GoalId, ItemStatus, SessionGoalId, Timestamp, UserId, time};

/// Where a coachee wants to get to. Belongs to the relationship and outlives its sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// Its id.
    pub id: GoalId,
    /// The relationship it belongs to; fixed after creation.
    pub coaching_relationship_id: CoachingRelationshipId,
    /// The session it was first written down in.
    #[serde(default)]
    pub created_in_session_id: Option<CoachingSessionId>,
    /// Who wrote it.
    pub user_id: UserId,
    /// What it is, in a few words.
    #[serde(default)]
    pub title: Option<String>,
    /// What it is, at length.
    #[serde(default)]
    pub body: Option<String>,
    /// How far it has come.
    pub status: ItemStatus,
    /// When its status last changed.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub status_changed_at: Option<Timestamp>,
    /// When it was reached. Some servers never set it.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub completed_at: Option<Timestamp>,
    /// The day it should be reached by.
    #[serde(default, deserialize_with = "time::optional_date")]
    pub target_date: Option<NaiveDate>,
    /// When it was created.
    #[serde(deserialize_with = "time::moment")]
    pub created_at: Timestamp,
    /// When it was last written.
    #[serde(deserialize_with = "time::moment")]
    pub updated_at: Timestamp,
    /// Raised by one with every write; orders two forms of the row. Absent where the server keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl FromFields for Goal {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id: fields.take("id")?,
            coaching_relationship_id: fields.take("coaching_relationship_id")?,
            created_in_session_id: fields.take("created_in_session_id")?,
            user_id: fields.take("user_id")?,
            title: fields.take("title")?,
            body: fields.take("body")?,
            status: fields.take("status")?,
            status_changed_at: fields.take("status_changed_at")?,
            completed_at: fields.take("completed_at")?,
            target_date: fields.take("target_date")?,
            created_at: fields.take("created_at")?,
            updated_at: fields.take("updated_at")?,
            version: fields.take("version")?,
        })
    }
}

/// The body that creates a [`Goal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewGoal {
    /// The relationship it belongs to.
    pub coaching_relationship_id: CoachingRelationshipId,
    /// The session it is written down in: the goal is linked to it and put in progress.
    #[serde(default)]
    pub created_in_session_id: Option<CoachingSessionId>,
    /// What it is, in a few words.
    #[serde(default)]
    pub title: Option<String>,
    /// What it is, at length.
    #[serde(default)]
    pub body: Option<String>,
    /// How far it has come.
    pub status: ItemStatus,
    /// The day it should be reached by.
    #[serde(default, deserialize_with = "time::optional_date")]
    pub target_date: Option<NaiveDate>,
}

/// A goal that a session works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionGoal {
    /// The link's id.
    pub id: SessionGoalId,
    /// The session.
    pub coaching_session_id: CoachingSessionId,
    /// The goal.
    pub goal_id: GoalId,
    /// When they were linked.
    #[serde(deserialize_with = "time::moment")]
    pub created_at: Timestamp,
    /// When the link was last written.
    #[serde(deserialize_with = "time::moment")]
    pub updated_at: Timestamp,
}

impl FromFields for SessionGoal {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id: fields.take("id")?,
            coaching_session_id: fields.take("coaching_session_id")?,
            goal_id: fields.take("goal_id")?,
            created_at: fields.take("created_at")?,
            updated_at: fields.take("updated_at")?,
        })
    }
}

/// The body that links a goal to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkGoal {
    /// The goal to link.
    pub goal_id: GoalId,
}

/// What unlinking a goal answers. Not in an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlinked {
    /// The goal that was unlinked.
    pub goal_id: GoalId,
}
