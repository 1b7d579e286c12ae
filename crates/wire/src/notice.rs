//! What the server tells people: notifications, announcements, maintenance.

use serde::{Deserialize, Serialize};

use crate::json::{FromJson, Unreadable};
use crate::{NotificationId, Timestamp, time};

/// Something that happened, addressed to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// What kind it is, in the sender's words (`success`, `error`, `info`, …).
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// In a few words.
    #[serde(default)]
    pub title: String,
    /// At length.
    #[serde(default)]
    pub message: String,
    /// Whether it was read.
    #[serde(default)]
    pub status: NotificationStatus,
    /// When it happened.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub created_at: Option<Timestamp>,
}

/// Whether a notification was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum NotificationStatus {
    /// Not seen yet.
    #[default]
    Unread,
    /// Seen.
    Read,
    /// A status that this version does not know; counts as seen.
    #[serde(other)]
    Unknown,
}

impl FromJson for NotificationStatus {
    fn from_json(text: &str) -> Result<Self, Unreadable> {
        Ok(String::from_json(text)?.parse().unwrap_or(Self::Unknown))
    }
}

/// Something everybody should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// In a few words.
    #[serde(default)]
    pub title: Option<String>,
    /// At length.
    pub message: String,
    /// When it no longer matters.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub expires_at: Option<Timestamp>,
}

/// The server will be away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// What to expect.
    pub message: String,
    /// From when.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub starts_at: Option<Timestamp>,
    /// Until when.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub ends_at: Option<Timestamp>,
}
