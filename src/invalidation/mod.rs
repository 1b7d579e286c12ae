//! What each event makes stale: one table, and nothing else.
//!
//! An event names what changed; this says which keys of the cache can hold it. A row is as narrow as the event allows
//! and never narrower: a key that is not limited to the event's scope can hold what changed.

#![deny(clippy::wildcard_enum_match_arm)]

use wire::{ChangeType, CoachingRelationshipId, CoachingSessionId, EntityType, Event, EventKind, JobType, UserId};

use crate::query::{Segment, Selector};

/// The keys that may be out of date because of an event.
#[must_use]
pub fn plan(event: &Event) -> Vec<Selector> {
    match event {
        Event::Hello { .. }
        | Event::Heartbeat {}
        | Event::Resync { .. }
        | Event::Shutdown { .. }
        | Event::AuthExpiring { .. }
        | Event::ForceLogout { .. } => Vec::new(),

        Event::ActionCreated {
            coaching_session_id: session,
            ..
        }
        | Event::ActionUpdated {
            coaching_session_id: session,
            ..
        }
        | Event::ActionDeleted {
            coaching_session_id: session,
            ..
        } => vec![within_session("actions", *session)],

        Event::AgreementCreated {
            coaching_session_id: session,
            ..
        }
        | Event::AgreementUpdated {
            coaching_session_id: session,
            ..
        }
        | Event::AgreementDeleted {
            coaching_session_id: session,
            ..
        } => vec![within_session("agreements", *session)],

        Event::GoalCreated {
            coaching_relationship_id: relationship,
            ..
        } => vec![goals(*relationship)],
        // A session without a title is called after its first goal.
        Event::GoalUpdated {
            coaching_relationship_id: relationship,
            ..
        } => with(session_lists(), goals(*relationship)),
        // The goal's actions have lost it.
        Event::GoalDeleted {
            coaching_relationship_id: relationship,
            ..
        } => with(
            with(session_lists(), goals(*relationship)),
            Selector::segment("actions"),
        ),
        Event::CoachingSessionGoalCreated {
            coaching_session_id: session,
            ..
        }
        | Event::CoachingSessionGoalDeleted {
            coaching_session_id: session,
            ..
        } => {
            let of_many = Selector::path(["coaching_sessions".into(), "goals".into()]);
            with(with(session_lists(), of_session(*session, "goals")), of_many)
        }

        // Not the counts by month: a title does not move a session.
        Event::CoachingSessionTitleUpdated {
            coaching_session_id: session,
        } => {
            let itself = Selector::path(["coaching_sessions".into(), session.as_u128().into()]);
            with(session_lists(), itself)
        }
        // A session without a title is called after its first topic.
        Event::TopicsChanged {
            coaching_session_id: session,
        } => with(session_lists(), of_session(*session, "topics")),
        Event::MeetingRecordingUpdated {
            coaching_session_id: session,
        } => {
            vec![of_session(*session, "meeting_recording")]
        }
        Event::TranscriptionUpdated {
            coaching_session_id: session,
        } => vec![of_session(*session, "transcriptions")],

        Event::NotificationCreated(_) | Event::NotificationUpdated(_) | Event::NotificationDeleted { .. } => {
            vec![Selector::segment("notifications")]
        }

        Event::UserStatusChanged { user_id, .. } => vec![person(*user_id)],
        // Relationships show names.
        Event::UserUpdated { user_id } => vec![
            person(*user_id),
            Selector::segment("coaching-relationships"),
            Selector::segment("coaching_relationships"),
        ],

        Event::WorkflowStarted(_) | Event::WorkflowCompleted(_) | Event::WorkflowFailed(_) => {
            vec![Selector::segment("workflows")]
        }
        Event::JobCompletion(job) => {
            let podcast = job.podcast_id.iter().map(|id| item("podcasts", id.0.clone()));
            let document = job.document_id.iter().map(|id| item("documents", id.0.clone()));
            let list = match job.job_type {
                JobType::GeneratePodcast | JobType::GenerateScript | JobType::GenerateAudio => Some(list("podcasts")),
                JobType::Unknown => None,
            };
            podcast.chain(document).chain(list).collect()
        }
        Event::EntityChange {
            entity_type,
            change_type,
            entity_id,
        } => {
            let endpoint = match entity_type {
                EntityType::Podcast => "podcasts",
                EntityType::Document => "documents",
                EntityType::Unknown => return Vec::new(),
            };
            let list = match change_type {
                ChangeType::Insert | ChangeType::Delete => Some(list(endpoint)),
                ChangeType::Update => None,
            };
            std::iter::once(item(endpoint, entity_id.clone())).chain(list).collect()
        }

        Event::SystemAnnouncement(_) | Event::SystemMaintenance(_) => vec![Selector::segment("announcements")],
    }
}

/// The keys that may be out of date because of an event of which nothing but its kind could be read.
#[must_use]
pub fn plan_unreadable(kind: EventKind) -> Vec<Selector> {
    match kind {
        EventKind::Hello
        | EventKind::Heartbeat
        | EventKind::Resync
        | EventKind::Shutdown
        | EventKind::AuthExpiring
        | EventKind::ForceLogout => Vec::new(),
        EventKind::ActionCreated | EventKind::ActionUpdated | EventKind::ActionDeleted => {
            vec![Selector::segment("actions")]
        }
        EventKind::AgreementCreated | EventKind::AgreementUpdated | EventKind::AgreementDeleted => {
            vec![Selector::segment("agreements")]
        }
        EventKind::GoalCreated => vec![Selector::segment("goals")],
        EventKind::GoalUpdated | EventKind::CoachingSessionGoalCreated | EventKind::CoachingSessionGoalDeleted => {
            with(session_lists(), Selector::segment("goals"))
        }
        EventKind::GoalDeleted => with(
            with(session_lists(), Selector::segment("goals")),
            Selector::segment("actions"),
        ),
        EventKind::CoachingSessionTitleUpdated | EventKind::TopicsChanged => {
            vec![Selector::segment("coaching_sessions")]
        }
        EventKind::MeetingRecordingUpdated => vec![Selector::segment("meeting_recording")],
        EventKind::TranscriptionUpdated => vec![Selector::segment("transcriptions")],
        EventKind::NotificationCreated | EventKind::NotificationUpdated | EventKind::NotificationDeleted => {
            vec![Selector::segment("notifications")]
        }
        EventKind::UserStatusChanged => vec![Selector::segment("users")],
        EventKind::UserUpdated => vec![
            Selector::segment("users"),
            Selector::segment("coaching-relationships"),
            Selector::segment("coaching_relationships"),
        ],
        EventKind::WorkflowStarted | EventKind::WorkflowCompleted | EventKind::WorkflowFailed => {
            vec![Selector::segment("workflows")]
        }
        EventKind::JobCompletion | EventKind::EntityChange => {
            vec![Selector::segment("podcasts"), Selector::segment("documents")]
        }
        EventKind::SystemAnnouncement | EventKind::SystemMaintenance => vec![Selector::segment("announcements")],
    }
}

/// Lists of things of one session, and lists that are not limited to a session.
fn within_session(endpoint: &'static str, session: CoachingSessionId) -> Selector {
    Selector::segment(endpoint).within("coaching_session_id", session.as_u128())
}

/// The goals of a relationship, those of its sessions, and lists that are not limited to a relationship.
fn goals(relationship: CoachingRelationshipId) -> Selector {
    Selector::segment("goals").within("coaching_relationship_id", relationship.as_u128())
}

/// What lies below one session.
fn of_session(session: CoachingSessionId, part: &'static str) -> Selector {
    Selector::segment("coaching_sessions")
        .and_segment(session.as_u128())
        .and_segment(part)
}

/// The lists of sessions that show what the sessions are called.
fn session_lists() -> Vec<Selector> {
    vec![
        Selector::path(["coaching_sessions".into()]),
        Selector::segment("users")
            .and_segment("coaching_sessions")
            .without("counts"),
    ]
}

/// A person's profile, and lists of people.
fn person(user: UserId) -> Selector {
    Selector::path(["users".into(), user.as_u128().into()])
}

fn item(endpoint: &'static str, id: String) -> Selector {
    Selector::path([endpoint.into(), Segment::from(id)])
}

fn list(endpoint: &'static str) -> Selector {
    Selector::path([endpoint.into()])
}

fn with(mut selectors: Vec<Selector>, one_more: Selector) -> Vec<Selector> {
    selectors.push(one_more);
    selectors
}

#[cfg(test)]
mod tests;
