//! Makes an event of its kind and the fields of its content.
//!
//! By hand: derived, each event would bring a copy of its own of all that can be done with an object, and the app,
//! which every visitor loads, would be larger by a twentieth. The compiler sees to it that no event is forgotten, and
//! `tests/golden.rs` that none is misread.

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{Announcement, Event, EventKind, JobCompletion, Maintenance, Notification, Timestamp, Workflow, time};

type Result<T> = serde_json::Result<T>;

/// The fields of an object, by the names that this version has for them; their values are not read yet.
pub(crate) struct Fields<'text>(Vec<(String, &'text RawValue)>);

impl<'text> Fields<'text> {
    /// # Errors
    ///
    /// The text is no object.
    pub(crate) fn read(text: &'text str) -> Result<Self> {
        serde_json::from_slice(text.as_bytes())
    }

    /// The text of a field, if there is one. The last of several counts.
    pub(crate) fn text(&self, name: &str) -> Option<&'text str> {
        let mut from_last = self.0.iter().rev();
        from_last.find(|(each, _)| each == name).map(|(_, value)| value.get())
    }

    /// Forgets a field.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(each, _)| each != name);
    }

    /// A field. One that is absent is null, which is nothing but an `Option`.
    pub(crate) fn take<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        serde_json::from_slice(self.text(name).unwrap_or(NULL).as_bytes())
    }

    /// A field that has another name elsewhere.
    fn take_either<T: DeserializeOwned>(&self, name: &str, other: &str) -> Result<T> {
        self.take(if self.text(name).is_some() { name } else { other })
    }

    /// A field that need not be there.
    fn take_or_default<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        match self.text(name) {
            Some(_) => self.take(name),
            None => Ok(T::default()),
        }
    }

    /// When something happens, if that is said.
    fn take_moment(&self, name: &str) -> Result<Option<Timestamp>> {
        let text = self.text(name).unwrap_or(NULL);
        time::optional_moment(&mut serde_json::Deserializer::from_slice(text.as_bytes()))
    }

    /// What an event is about: some servers leave it out where the entity itself names it.
    fn take_scope<T: DeserializeOwned>(&self, name: &str, entity: &str) -> Result<T> {
        match self.text(entity) {
            Some(entity) if self.text(name).is_none() => Self::read(entity)?.take(name),
            _ => self.take(name),
        }
    }

    /// An entity.
    fn take_entity<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        serde_json::from_slice(self.written(name)?.as_bytes())
    }

    /// An object as it stands in the body of a response: its fields have the names that they have there.
    fn written(&self, name: &str) -> Result<String> {
        let mut text = String::from("{");
        for (name, value) in &Self::read(self.text(name).unwrap_or(NULL))?.0 {
            // Any other name is none that this version knows.
            if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                let separator = if text.len() > 1 { "," } else { "" };
                for part in [separator, "\"", name, "\":", value.get()] {
                    text.push_str(part);
                }
            }
        }
        text.push('}');
        Ok(text)
    }
}

const NULL: &str = "null";

impl<'de: 'text, 'text> Deserialize<'de> for Fields<'text> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Fields<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            fields.push((known_as(&name), map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

/// The name that this version has for a field: in snake_case, and without what goals were called once.
fn known_as(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    match snake.as_str() {
        "overarching_goal" => "goal".to_owned(),
        "overarching_goal_id" => "goal_id".to_owned(),
        _ => snake,
    }
}

/// The event of this kind with this content.
///
/// # Errors
///
/// A field is missing, or is not what it should be.
pub(crate) fn event(kind: EventKind, fields: &Fields<'_>) -> Result<Event> {
    Ok(match kind {
        EventKind::Hello => Event::Hello {
            epoch: fields.take("epoch")?,
            resumed: fields.take_or_default("resumed")?,
            cursor: fields.take("cursor")?,
            heartbeat_ms: fields.take("heartbeat_ms")?,
            server_time: fields.take_moment("server_time")?,
            protocol: fields.take("protocol")?,
        },
        EventKind::Heartbeat => Event::Heartbeat {},
        EventKind::Resync => Event::Resync {
            reason: fields.take("reason")?,
        },
        EventKind::Shutdown => Event::Shutdown {
            retry_ms: fields.take_or_default("retry_ms")?,
        },
        EventKind::AuthExpiring => Event::AuthExpiring {
            in_ms: fields.take("in_ms")?,
        },
        EventKind::ActionCreated => Event::ActionCreated {
            coaching_session_id: fields.take_scope("coaching_session_id", "action")?,
            action: fields.take_entity("action")?,
        },
        EventKind::ActionUpdated => Event::ActionUpdated {
            coaching_session_id: fields.take_scope("coaching_session_id", "action")?,
            action: fields.take_entity("action")?,
        },
        EventKind::ActionDeleted => Event::ActionDeleted {
            coaching_session_id: fields.take("coaching_session_id")?,
            action_id: fields.take("action_id")?,
        },
        EventKind::AgreementCreated => Event::AgreementCreated {
            coaching_session_id: fields.take_scope("coaching_session_id", "agreement")?,
            agreement: fields.take_entity("agreement")?,
        },
        EventKind::AgreementUpdated => Event::AgreementUpdated {
            coaching_session_id: fields.take_scope("coaching_session_id", "agreement")?,
            agreement: fields.take_entity("agreement")?,
        },
        EventKind::AgreementDeleted => Event::AgreementDeleted {
            coaching_session_id: fields.take("coaching_session_id")?,
            agreement_id: fields.take("agreement_id")?,
        },
        EventKind::GoalCreated => Event::GoalCreated {
            coaching_relationship_id: fields.take_scope("coaching_relationship_id", "goal")?,
            goal: fields.take_entity("goal")?,
        },
        EventKind::GoalUpdated => Event::GoalUpdated {
            coaching_relationship_id: fields.take_scope("coaching_relationship_id", "goal")?,
            goal: fields.take_entity("goal")?,
        },
        EventKind::GoalDeleted => Event::GoalDeleted {
            coaching_relationship_id: fields.take("coaching_relationship_id")?,
            goal_id: fields.take("goal_id")?,
        },
        EventKind::CoachingSessionGoalCreated => Event::CoachingSessionGoalCreated {
            coaching_relationship_id: fields.take("coaching_relationship_id")?,
            coaching_session_id: fields.take("coaching_session_id")?,
            goal_id: fields.take("goal_id")?,
        },
        EventKind::CoachingSessionGoalDeleted => Event::CoachingSessionGoalDeleted {
            coaching_relationship_id: fields.take("coaching_relationship_id")?,
            coaching_session_id: fields.take("coaching_session_id")?,
            goal_id: fields.take("goal_id")?,
        },
        EventKind::CoachingSessionTitleUpdated => Event::CoachingSessionTitleUpdated {
            coaching_session_id: fields.take("coaching_session_id")?,
        },
        EventKind::TopicsChanged => Event::TopicsChanged {
            coaching_session_id: fields.take("coaching_session_id")?,
        },
        EventKind::MeetingRecordingUpdated => Event::MeetingRecordingUpdated {
            coaching_session_id: fields.take("coaching_session_id")?,
        },
        EventKind::TranscriptionUpdated => Event::TranscriptionUpdated {
            coaching_session_id: fields.take("coaching_session_id")?,
        },
        EventKind::NotificationCreated => Event::NotificationCreated(notification(fields)?),
        EventKind::NotificationUpdated => Event::NotificationUpdated(notification(fields)?),
        EventKind::NotificationDeleted => Event::NotificationDeleted {
            id: fields.take_either("id", "notification_id")?,
        },
        EventKind::UserStatusChanged => Event::UserStatusChanged {
            user_id: fields.take_either("user_id", "id")?,
            status: fields.take("status")?,
        },
        EventKind::UserUpdated => Event::UserUpdated {
            user_id: fields.take_either("user_id", "id")?,
        },
        EventKind::WorkflowStarted => Event::WorkflowStarted(workflow(fields)?),
        EventKind::WorkflowCompleted => Event::WorkflowCompleted(workflow(fields)?),
        EventKind::WorkflowFailed => Event::WorkflowFailed(workflow(fields)?),
        EventKind::JobCompletion => Event::JobCompletion(JobCompletion {
            job_id: fields.take("job_id")?,
            job_type: fields.take("job_type")?,
            status: fields.take("status")?,
            podcast_id: fields.take("podcast_id")?,
            document_id: fields.take("document_id")?,
        }),
        EventKind::EntityChange => Event::EntityChange {
            entity_type: fields.take("entity_type")?,
            change_type: fields.take("change_type")?,
            entity_id: fields.take("entity_id")?,
        },
        EventKind::SystemAnnouncement => Event::SystemAnnouncement(Announcement {
            title: fields.take("title")?,
            message: fields.take("message")?,
            expires_at: fields.take_moment("expires_at")?,
        }),
        EventKind::SystemMaintenance => Event::SystemMaintenance(Maintenance {
            message: fields.take("message")?,
            starts_at: fields.take_moment("starts_at")?,
            ends_at: fields.take_moment("ends_at")?,
        }),
        EventKind::ForceLogout => Event::ForceLogout {
            reason: fields.take_or_default("reason")?,
        },
    })
}

fn notification(fields: &Fields<'_>) -> Result<Notification> {
    Ok(Notification {
        id: fields.take("id")?,
        kind: fields.take("type")?,
        title: fields.take_or_default("title")?,
        message: fields.take_or_default("message")?,
        status: fields.take_or_default("status")?,
        created_at: fields.take_moment("created_at")?,
    })
}

fn workflow(fields: &Fields<'_>) -> Result<Workflow> {
    Ok(Workflow {
        id: fields.take_either("id", "workflow_id")?,
        name: fields.take("name")?,
        error: fields.take("error")?,
    })
}
