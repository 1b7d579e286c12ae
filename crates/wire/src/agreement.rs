//! Agreements: what both have settled in a session.

use serde::{Deserialize, Serialize};

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
