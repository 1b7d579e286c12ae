//! One newtype per kind of id.
//!
//! What the coaching backend names is a UUID. What the other dialects name (notifications, jobs, …) is text that
//! nobody but the server understands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::json::{FromJson, Unreadable};

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The id with these 128 bits.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(Uuid::from_u128(bits))
            }

            /// The id's 128 bits.
            #[must_use]
            pub const fn as_u128(self) -> u128 {
                self.0.as_u128()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromJson for $name {
            fn from_json(text: &str) -> Result<Self, Unreadable> {
                Uuid::from_json(text).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl FromJson for $name {
            fn from_json(text: &str) -> Result<Self, Unreadable> {
                String::from_json(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_ids! {
    /// Names an [`Action`](crate::Action).
    ActionId;
    /// Names an [`Agreement`](crate::Agreement).
    AgreementId;
    /// Names a [`CoachingRelationship`](crate::CoachingRelationship).
    CoachingRelationshipId;
    /// Names a [`CoachingSession`](crate::CoachingSession).
    CoachingSessionId;
    /// Names a [`Goal`](crate::Goal).
    GoalId;
    /// Names a [`HistoryEntry`](crate::HistoryEntry).
    HistoryEntryId;
    /// Names an [`Organization`](crate::Organization).
    OrganizationId;
    /// Names the link between a session and a goal, a [`SessionGoal`](crate::SessionGoal).
    SessionGoalId;
    /// Names a [`User`](crate::User).
    UserId;
    /// Names one role of one user, a [`UserRole`](crate::UserRole).
    UserRoleId;
}

text_ids! {
    /// Names a document of the studio.
    DocumentId;
    /// Names a long job.
    JobId;
    /// Names a [`Notification`](crate::Notification).
    NotificationId;
    /// Names a podcast of the studio.
    PodcastId;
    /// Names a [`Workflow`](crate::Workflow).
    WorkflowId;
}
