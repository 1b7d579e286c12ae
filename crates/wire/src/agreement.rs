//! Agreements: what both have settled in a session.

use serde::{Deserialize, Serialize};

use crate::json::{FromFields, Object, Unreadable};
use crate::{AgreementId, CoachingSessionId, Timestamp, UserId, time};

/// What coach and coachee have settled in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// The session it was made in; fixed after creation.
    pub coaching_session_id: CoachingSessionId,
    /// What was agreed.
    #[serde(default)]
    pub body: Option<String>,
    /// Who wrote it down.
    pub user_id: UserId,
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

impl FromFields for Agreement {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id: fields.take("id")?,
            coaching_session_id: fields.take("coaching_session_id")?,
            body: fields.take("body")?,
            user_id: fields.take("user_id")?,
            created_at: fields.take("created_at")?,
            updated_at: fields.take("updated_at")?,
            version: fields.take("version")?,
        })
    }
}

/// The body that creates an [`Agreement`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAgreement {
    /// The session it was made in.
    pub coaching_session_id: CoachingSessionId,
    /// What was agreed.
    #[serde(default)]
    pub body: Option<String>,
}
