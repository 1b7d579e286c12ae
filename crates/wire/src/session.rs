//! Coaching sessions.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use crate::json::{FromFields, Object, Unreadable};
use crate::{CoachingRelationshipId, CoachingSessionId, Timestamp, time};

/// One meeting of coach and coachee, with everything that is agreed in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoachingSession {
    /// Its id.
    pub id: CoachingSessionId,
    /// The relationship it belongs to.
    pub coaching_relationship_id: CoachingRelationshipId,
    /// When it starts, in UTC.
    #[serde(deserialize_with = "time::naive_utc")]
    pub date: NaiveDateTime,
    /// How long it takes, in minutes (1 to 480).
    #[serde(default = "default_duration")]
    pub duration_minutes: u16,
    /// Its title, if somebody gave it one.
    #[serde(default)]
    pub title: Option<String>,
    /// What a list shows: the title, else its first topic, else its first goal. Only in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_title: Option<String>,
    /// Where to meet.
    #[serde(default)]
    pub meeting_url: Option<String>,
    /// Whose meeting service it is.
    #[serde(default)]
    pub provider: Option<String>,
    /// Counts the changes of date and title: the only marker of a change.
    #[serde(default)]
    pub ical_sequence: i64,
    /// When it was created.
    #[serde(deserialize_with = "time::moment")]
    pub created_at: Timestamp,
    /// When it was last written; neither `PUT` nor a new title moves it.
    #[serde(deserialize_with = "time::moment")]
    pub updated_at: Timestamp,
    /// When it was first opened.
    #[serde(default, deserialize_with = "time::optional_moment")]
    pub hydrated_at: Option<Timestamp>,
    /// Raised by one with every write; orders two forms of the row. Absent where the server keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl FromFields for CoachingSession {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            id: fields.take("id")?,
            coaching_relationship_id: fields.take("coaching_relationship_id")?,
            date: fields.take("date")?,
            duration_minutes: fields.take_or("duration_minutes", default_duration())?,
            title: fields.take("title")?,
            display_title: fields.take("display_title")?,
            meeting_url: fields.take("meeting_url")?,
            provider: fields.take("provider")?,
            ical_sequence: fields.take_or_default("ical_sequence")?,
            created_at: fields.take("created_at")?,
            updated_at: fields.take("updated_at")?,
            hydrated_at: fields.take("hydrated_at")?,
            version: fields.take("version")?,
        })
    }
}

const fn default_duration() -> u16 {
    60
}

/// The body that creates a [`CoachingSession`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCoachingSession {
    /// The relationship it belongs to.
    pub coaching_relationship_id: CoachingRelationshipId,
    /// When it starts, in UTC; cut to the minute.
    #[serde(deserialize_with = "time::naive")]
    pub date: NaiveDateTime,
    /// How long it takes, in minutes (1 to 480).
    #[serde(default)]
    pub duration_minutes: Option<u16>,
    /// Its title.
    #[serde(default)]
    pub title: Option<String>,
    /// Where to meet.
    #[serde(default)]
    pub meeting_url: Option<String>,
    /// Whose meeting service it is.
    #[serde(default)]
    pub provider: Option<String>,
}

impl FromFields for NewCoachingSession {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            coaching_relationship_id: fields.take("coaching_relationship_id")?,
            date: fields.take("date")?,
            duration_minutes: fields.take("duration_minutes")?,
            title: fields.take("title")?,
            meeting_url: fields.take("meeting_url")?,
            provider: fields.take("provider")?,
        })
    }
}

/// The body that changes a [`CoachingSession`]; only the coach may send it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionUpdate {
    /// When it starts, in UTC.
    #[serde(deserialize_with = "time::naive")]
    pub date: NaiveDateTime,
    /// How long it takes, in minutes (1 to 480).
    #[serde(default)]
    pub duration_minutes: Option<u16>,
    /// Its title.
    #[serde(default)]
    pub title: Option<String>,
    /// Where to meet.
    #[serde(default)]
    pub meeting_url: Option<String>,
    /// Whose meeting service it is.
    #[serde(default)]
    pub provider: Option<String>,
}

/// The body that gives a session a title, or takes it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTitle {
    /// The title, at most 500 characters; blank means none.
    pub title: Option<String>,
}
