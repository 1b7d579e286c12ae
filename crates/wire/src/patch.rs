//! Bodies of `PATCH`: JSON Merge Patch (RFC 7396). A field that is absent stays as it is, `null` takes a value away.
//!
//! Only the server reads them. A field that is unknown, or that only the server writes, is an error.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Deserializer};

use crate::{GoalId, ItemStatus, Timestamp, UserId, time};

/// What a merge patch says about one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The field is absent: it stays as it is.
    #[default]
    Keep,
    /// The field is to have this value.
    To(T),
}

impl<T> Change<T> {
    /// Writes the value, if there is one, into the field of a row.
    pub fn apply(self, field: &mut T) {
        if let Self::To(value) = self {
            *field = value;
        }
    }

    /// Whether the patch names the field.
    pub const fn is_named(&self) -> bool {
        matches!(self, Self::To(_))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::To)
    }
}

/// The patch of an [`Action`](crate::Action).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActionPatch {
    /// The text.
    pub body: Change<Option<String>>,
    /// The moment it is due.
    #[serde(deserialize_with = "moment")]
    pub due_by: Change<Option<Timestamp>>,
    /// The status.
    pub status: Change<ItemStatus>,
    /// The goal it serves.
    pub goal_id: Change<Option<GoalId>>,
    /// The people who will do it, all of them.
    pub assignee_ids: Change<Vec<UserId>>,
}

impl ActionPatch {
    /// The fields that it may name.
    pub const FIELDS: &[&str] = &["body", "due_by", "status", "goal_id", "assignee_ids"];
}

/// The patch of an [`Agreement`](crate::Agreement).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgreementPatch {
    /// The text.
    pub body: Change<Option<String>>,
}

impl AgreementPatch {
    /// The fields that it may name.
    pub const FIELDS: &[&str] = &["body"];
}

/// The patch of a [`Goal`](crate::Goal).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoalPatch {
    /// The title.
    pub title: Change<Option<String>>,
    /// The text.
    pub body: Change<Option<String>>,
    /// The status.
    pub status: Change<ItemStatus>,
    /// The day it is to be reached by.
    #[serde(deserialize_with = "date")]
    pub target_date: Change<Option<NaiveDate>>,
}

impl GoalPatch {
    /// The fields that it may name.
    pub const FIELDS: &[&str] = &["title", "body", "status", "target_date"];
}

/// The patch of a [`CoachingSession`](crate::CoachingSession). All but the title is for the coach alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionPatch {
    /// The title, at most 500 characters; blank means none.
    pub title: Change<Option<String>>,
    /// The start, in UTC and without an offset.
    #[serde(deserialize_with = "naive")]
    pub date: Change<NaiveDateTime>,
    /// The length in minutes, 1 to 480.
    pub duration_minutes: Change<u16>,
    /// The address of the meeting.
    pub meeting_url: Change<Option<String>>,
    /// The meeting service.
    pub provider: Change<Option<String>>,
}

impl SessionPatch {
    /// The fields that it may name.
    pub const FIELDS: &[&str] = &["title", "date", "duration_minutes", "meeting_url", "provider"];

    /// Whether it names a field that only the coach may write.
    #[must_use]
    pub const fn is_for_the_coach(&self) -> bool {
        self.date.is_named()
            || self.duration_minutes.is_named()
            || self.meeting_url.is_named()
            || self.provider.is_named()
    }
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Change<Option<Timestamp>>, D::Error> {
    time::optional_moment(deserializer).map(Change::To)
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Change<Option<NaiveDate>>, D::Error> {
    time::optional_date(deserializer).map(Change::To)
}

fn naive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Change<NaiveDateTime>, D::Error> {
    time::naive(deserializer).map(Change::To)
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::{ActionPatch, AgreementPatch, Change, GoalPatch, SessionPatch};
    use crate::ItemStatus;

    fn action(text: &str) -> Result<ActionPatch, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn absent_null_and_a_value_differ() {
        let patch = action(r#"{"body":null,"status":"OnHold"}"#).unwrap();
        assert_eq!(patch.body, Change::To(None));
        assert_eq!(patch.due_by, Change::Keep);
        let mut status = ItemStatus::NotStarted;
        patch.status.apply(&mut status);
        assert_eq!(status, ItemStatus::OnHold);
        let mut body = Some("stays".to_owned());
        Change::Keep.apply(&mut body);
        assert_eq!(body.as_deref(), Some("stays"));
    }

    #[test]
    fn a_patch_names_only_writable_fields() {
        for bad in [
            r#"{"id":"00000000-0000-0000-0000-000000000001"}"#,
            r#"{"version":2}"#,
            r#"{"boddy":"x"}"#,
            r#"{"status":null}"#,
            r#"{"assignee_ids":null}"#,
            r#"{"body":7}"#,
            r#"{"due_by":"2026-11-21"}"#,
            r#"{"body":"a","body":"b"}"#,
            "null",
            r#""x""#,
        ] {
            assert!(action(bad).is_err(), "{bad}");
        }
    }

    /// The fields that a patch may name, from the refusal of another one.
    fn accepted<P: DeserializeOwned + std::fmt::Debug>() -> Vec<String> {
        let refusal = serde_json::from_str::<P>(r#"{"?":1}"#).unwrap_err().to_string();
        let (_, expected) = refusal.split_once("expected ").unwrap();
        expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn listed_fields_are_the_accepted_ones() {
        assert_eq!(accepted::<ActionPatch>(), ActionPatch::FIELDS);
        assert_eq!(accepted::<AgreementPatch>(), AgreementPatch::FIELDS);
        assert_eq!(accepted::<GoalPatch>(), GoalPatch::FIELDS);
        assert_eq!(accepted::<SessionPatch>(), SessionPatch::FIELDS);
    }

    #[test]
    fn only_the_title_is_for_both() {
        let patch = |text: &str| serde_json::from_str::<SessionPatch>(text).unwrap();
        assert!(!patch(r#"{"title":"x"}"#).is_for_the_coach());
        for text in [
            r#"{"date":"2026-11-21T09:30:00"}"#,
            r#"{"duration_minutes":30}"#,
            r#"{"meeting_url":null}"#,
            r#"{"provider":null,"title":"x"}"#,
        ] {
            assert!(patch(text).is_for_the_coach(), "{text}");
        }
        assert!(serde_json::from_str::<SessionPatch>(r#"{"date":"2026-11-21T09:30:00Z"}"#).is_err());
    }
}
