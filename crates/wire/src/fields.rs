//! Makes an event of its kind and the fields of its content.
//!
//! By hand, for the reason that [`json`](crate::json) gives. The compiler sees to it that no event is forgotten, and
//! `tests/golden.rs` that none is misread.

use crate::json::{FromFields, FromJson, Object, Unreadable};
use crate::{Announcement, Event, EventKind, JobCompletion, Maintenance, Notification, Workflow};

type Result<T> = std::result::Result<T, Unreadable>;

/// The fields of an object, by the names that this version has for them; their values are not read yet.
pub(crate) struct Fields<'text>(Object<'text>);

impl<'text> Fields<'text> {
    /// # Errors
    ///
    /// The text is no object.
    pub(crate) fn read(text: &'text str) -> Result<Self> {
        let mut object = Object::read(text)?;
        object.rename(known_as);
        Ok(Self(object))
    }

    /// The text of a field, if there is one. The last of several counts.
    pub(crate) fn text(&self, name: &str) -> Option<&'text str> {
        self.0.text(name).ok().flatten()
    }

    /// Forgets a field.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// A field. One that is absent is null, which is nothing but an `Option`.
    pub(crate) fn take<T: FromJson>(&self, name: &str) -> Result<T> {
        self.0.take(name)
    }

    /// A field that has another name elsewhere.
    fn take_either<T: FromJson>(&self, name: &str, other: &str) -> Result<T> {
        self.take(if self.text(name).is_some() { name } else { other })
    }

    /// A field that need not be there.
    fn take_or_default<T: FromJson + Default>(&self, name: &str) -> Result<T> {
        self.0.take_or_default(name)
    }

    /// What an event is about: some servers leave it out where the entity itself names it.
    fn take_scope<T: FromJson>(&self, name: &str, entity: &str) -> Result<T> {
        match self.text(entity) {
            Some(entity) if self.text(name).is_none() => Self::read(entity)?.take(name),
            _ => self.take(name),
        }
    }

    /// An entity, whose fields may be called otherwise as well.
    fn take_entity<T: FromFields>(&self, name: &str) -> Result<T> {
        T::from_fields(&Self::read(self.text(name).ok_or(Unreadable)?)?.0)
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
            server_time: fields.take("server_time")?,
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
            expires_at: fields.take("expires_at")?,
        }),
        EventKind::SystemMaintenance => Event::SystemMaintenance(Maintenance {
            message: fields.take("message")?,
            starts_at: fields.take("starts_at")?,
            ends_at: fields.take("ends_at")?,
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
        created_at: fields.take("created_at")?,
    })
}

fn workflow(fields: &Fields<'_>) -> Result<Workflow> {
    Ok(Workflow {
        id: fields.take_either("id", "workflow_id")?,
        name: fields.take("name")?,
        error: fields.take("error")?,
    })
}
