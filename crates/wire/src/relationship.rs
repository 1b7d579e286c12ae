//! Coaching relationships: who coaches whom.

use serde::{Deserialize, Serialize};

use crate::json::{FromFields, Object, Unreadable};
use crate::{CoachingRelationshipId, Timestamp, UserId, time};

/// Who coaches whom, with both names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoachingRelationship {
    /// Its id.
    pub id: CoachingRelationshipId,
    /// The coach.
    pub coach_id: UserId,
    /// The coachee.
    pub coachee_id: UserId,
    /// The coach's first name.
    pub coach_first_name: String,
    /// The coach's last name.
    pub coach_last_name: String,
    /// The coachee's first name.
    pub coachee_first_name: String,
    /// The coachee's last name.
    pub coachee_last_name: String,
    /// When it was created.
    #[serde(deserialize_with = "time::moment")]
    pub created_at: Timestamp,
    /// When it was last written.
    #[serde(deserialize_with = "time::moment")]
    pub updated_at: Timestamp,
}

impl FromFields for CoachingRelationship {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id: fields.take("id")?,
            coach_id: fields.take("coach_id")?,
            coachee_id: fields.take("coachee_id")?,
            coach_first_name: fields.take("coach_first_name")?,
            coach_last_name: fields.take("coach_last_name")?,
            coachee_first_name: fields.take("coachee_first_name")?,
            coachee_last_name: fields.take("coachee_last_name")?,
            created_at: fields.take("created_at")?,
            updated_at: fields.take("updated_at")?,
        })
    }
}

impl CoachingRelationship {
    /// The name of the person on the other side of `user`.
    #[must_use]
    pub fn partner_of(&self, user: UserId) -> String {
        if user == self.coach_id {
            format!("{} {}", self.coachee_first_name, self.coachee_last_name)
        } else {
            format!("{} {}", self.coach_first_name, self.coach_last_name)
        }
    }

    /// The name of this participant; `None` for anybody else.
    #[must_use]
    pub fn name_of(&self, user: UserId) -> Option<String> {
        if user == self.coach_id {
            Some(format!("{} {}", self.coach_first_name, self.coach_last_name))
        } else if user == self.coachee_id {
            Some(format!("{} {}", self.coachee_first_name, self.coachee_last_name))
        } else {
            None
        }
    }
}
