//! Makes an event of its kind and the fields of its content.
//!
//! By hand: derived, each event would bring a copy of its own of all that can be done with an object, and the app,
//! which every visitor loads, would be larger by a twelfth. The compiler sees to it that no event is forgotten, and
//! `tests/golden.rs` that none is misread.

use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Error, Map, Value};

use crate::{Announcement, Event, EventKind, JobCompletion, Maintenance, Notification, Timestamp, Workflow, time};

type Result<T> = serde_json::Result<T>;

/// The content of an event.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// # Errors
    ///
    /// The content is no object.
    pub(crate) fn of(content: Value) -> Result<Self> {
        match content {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Error::custom("expected an object")),
        }
    }

    /// A field. One that is absent is null, which is nothing but an `Option`.
    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        T::deserialize(self.value(name).unwrap_or_default())
    }

    /// A field that has another name elsewhere.
    fn take_either<T: DeserializeOwned>(&mut self, name: &str, other: &str) -> Result<T> {
        let value = self.value(name).or_else(|| self.value(other));
        T::deserialize(value.unwrap_or_default())
    }

    /// A field that need not be there.
    fn take_or_default<T: DeserializeOwned + Default>(&mut self, name: &str) -> Result<T> {
        self.value(name).map_or_else(|| Ok(T::default()), T::deserialize)
    }

    /// When something happens, if that is said.
    fn take_moment(&mut self, name: &str) -> Result<Option<Timestamp>> {
        time::optional_moment(self.value(name).unwrap_or_default())
    }

    /// An entity. Read from text, as the bodies of responses are: one copy of the code reads both.
    fn take_entity<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let text = serde_json::to_vec(&self.value(name).unwrap_or_default())?;
        serde_json::from_slice(&text)
    }

    fn value(&mut self, name: &str) -> Option<Value> {
        self.0.get_mut(name).map(Value::take)
    }
}

/// The event of this kind with this content.
///
/// # Errors
///
/// A field is missing, or is not what it should be.
pub(crate) fn event(kind: EventKind, mut content: Fields) -> Result<Event> {
    let fields = &mut content;
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
            coaching_session_id: fields.take("coaching_session_id")?,
            action: fields.take_entity("action")?,
        },
        EventKind::ActionUpdated => Event::ActionUpdated {
            coaching_session_id: fields.take("coaching_session_id")?,
            action: fields.take_entity("action")?,
        },
        EventKind::ActionDeleted => Event::ActionDeleted {
            coaching_session_id: fields.take("coaching_session_id")?,
            action_id: fields.take("action_id")?,
        },
        EventKind::AgreementCreated => Event::AgreementCreated {
            coaching_session_id: fields.take("coaching_session_id")?,
            agreement: fields.take_entity("agreement")?,
        },
        EventKind::AgreementUpdated => Event::AgreementUpdated {
            coaching_session_id: fields.take("coaching_session_id")?,
            agreement: fields.take_entity("agreement")?,
        },
        EventKind::AgreementDeleted => Event::AgreementDeleted {
            coaching_session_id: fields.take("coaching_session_id")?,
            agreement_id: fields.take("agreement_id")?,
        },
        EventKind::GoalCreated => Event::GoalCreated {
            coaching_relationship_id: fields.take("coaching_relationship_id")?,
            goal: fields.take_entity("goal")?,
        },
        EventKind::GoalUpdated => Event::GoalUpdated {
            coaching_relationship_id: fields.take("coaching_relationship_id")?,
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

fn notification(fields: &mut Fields) -> Result<Notification> {
    Ok(Notification {
        id: fields.take("id")?,
        kind: fields.take("type")?,
        title: fields.take_or_default("title")?,
        message: fields.take_or_default("message")?,
        status: fields.take_or_default("status")?,
        created_at: fields.take_moment("created_at")?,
    })
}

fn workflow(fields: &mut Fields) -> Result<Workflow> {
    Ok(Workflow {
        id: fields.take_either("id", "workflow_id")?,
        name: fields.take("name")?,
        error: fields.take("error")?,
    })
}
