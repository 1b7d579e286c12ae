//! The table from events to cache operations: the entries that an event invalidates, and the content that it applies.
//!
//! An event names the entity that changed; the table names the keys that can hold it. A selection is as narrow as the
//! event allows and never narrower: a key that is not limited to the event's scope can hold the entity.
//!
//! An event that carries the entity is applied: shown at once, and confirmed by a fetch. It is only a hint, since the
//! last event to arrive need not be the last write.

#![deny(clippy::wildcard_enum_match_arm)]

use std::rc::Rc;

use wire::{
    Action, Agreement, ChangeType, CoachingRelationshipId, CoachingSessionId, EntityType, Event, EventKind, Goal,
    JobType, UserId,
};

use crate::query::{Item, List, Patch, Segment, Selector};

/// The events that the app subscribes to. A test keeps this list equal to the events with an effect.
pub const HEARD: &[EventKind] = &[
    EventKind::ActionCreated,
    EventKind::ActionUpdated,
    EventKind::ActionDeleted,
    EventKind::AgreementCreated,
    EventKind::AgreementUpdated,
    EventKind::AgreementDeleted,
    EventKind::GoalCreated,
    EventKind::GoalUpdated,
    EventKind::GoalDeleted,
    EventKind::CoachingSessionGoalCreated,
    EventKind::CoachingSessionGoalDeleted,
    EventKind::CoachingSessionTitleUpdated,
    EventKind::TopicsChanged,
    EventKind::UserUpdated,
    EventKind::ForceLogout,
];

/// An operation on the cache.
#[derive(Clone, Debug)]
pub struct Step {
    /// The keys that may be out of date.
    pub selector: Selector,
    /// The patch of their data that is shown until they are fetched, if any.
    pub paint: Option<Patch>,
}

impl From<Selector> for Step {
    fn from(selector: Selector) -> Self {
        Self { selector, paint: None }
    }
}

/// Returns the cache operations of an event.
#[must_use]
pub fn plan(event: &Event) -> Vec<Step> {
    match event {
        Event::Hello { .. }
        | Event::Heartbeat {}
        | Event::Resync { .. }
        | Event::Shutdown { .. }
        | Event::AuthExpiring { .. }
        | Event::ForceLogout { .. } => Vec::new(),

        Event::ActionCreated {
            coaching_session_id: session,
            action,
        }
        | Event::ActionUpdated {
            coaching_session_id: session,
            action,
        } => put("actions", &within_session("actions", *session), action),
        Event::ActionDeleted {
            coaching_session_id: session,
            action_id,
        } => vec![gone::<Action>(within_session("actions", *session), action_id.as_u128())],

        Event::AgreementCreated {
            coaching_session_id: session,
            agreement,
        }
        | Event::AgreementUpdated {
            coaching_session_id: session,
            agreement,
        } => put("agreements", &within_session("agreements", *session), agreement),
        Event::AgreementDeleted {
            coaching_session_id: session,
            agreement_id,
        } => vec![gone::<Agreement>(
            within_session("agreements", *session),
            agreement_id.as_u128(),
        )],

        Event::GoalCreated {
            coaching_relationship_id: relationship,
            goal,
        } => put("goals", &goals(*relationship), goal),
        // A coaching session without a title is named after its first goal.
        Event::GoalUpdated {
            coaching_relationship_id: relationship,
            goal,
        } => both(put("goals", &goals(*relationship), goal), stale(session_lists())),
        // The actions of the goal no longer refer to it.
        Event::GoalDeleted {
            coaching_relationship_id: relationship,
            goal_id,
        } => both(
            vec![gone::<Goal>(goals(*relationship), goal_id.as_u128())],
            stale(with(session_lists(), Selector::segment("actions"))),
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
            stale(with(with(session_lists(), of_session(*session, "goals")), of_many))
        }

        // The counts by month stay valid: a title does not move a coaching session.
        Event::CoachingSessionTitleUpdated {
            coaching_session_id: session,
        } => {
            let itself = Selector::path(["coaching_sessions".into(), session.as_u128().into()]);
            stale(with(session_lists(), itself))
        }
        // A coaching session without a title is named after its first topic.
        Event::TopicsChanged {
            coaching_session_id: session,
        } => stale(with(session_lists(), of_session(*session, "topics"))),
        Event::MeetingRecordingUpdated {
            coaching_session_id: session,
        } => stale([of_session(*session, "meeting_recording")]),
        Event::TranscriptionUpdated {
            coaching_session_id: session,
        } => stale([of_session(*session, "transcriptions")]),

        Event::NotificationCreated(_) | Event::NotificationUpdated(_) | Event::NotificationDeleted { .. } => {
            stale([Selector::segment("notifications")])
        }

        Event::UserStatusChanged { user_id, .. } => stale([person(*user_id)]),
        // Coaching relationships show the names of people.
        Event::UserUpdated { user_id } => stale([
            person(*user_id),
            Selector::segment("coaching-relationships"),
            Selector::segment("coaching_relationships"),
        ]),

        Event::WorkflowStarted(_) | Event::WorkflowCompleted(_) | Event::WorkflowFailed(_) => {
            stale([Selector::segment("workflows")])
        }
        Event::JobCompletion(job) => {
            let podcast = job.podcast_id.iter().map(|id| item("podcasts", id.0.clone()));
            let document = job.document_id.iter().map(|id| item("documents", id.0.clone()));
            let list = match job.job_type {
                JobType::GeneratePodcast | JobType::GenerateScript | JobType::GenerateAudio => Some(list("podcasts")),
                JobType::Unknown => None,
            };
            stale(podcast.chain(document).chain(list))
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
            stale(std::iter::once(item(endpoint, entity_id.clone())).chain(list))
        }

        Event::SystemAnnouncement(_) | Event::SystemMaintenance(_) => stale([Selector::segment("announcements")]),
    }
}

fn stale(selectors: impl IntoIterator<Item = Selector>) -> Vec<Step> {
    selectors.into_iter().map(Step::from).collect()
}

fn both(mut steps: Vec<Step>, more: Vec<Step>) -> Vec<Step> {
    steps.extend(more);
    steps
}

/// Replaces the item in the list of its scope, or appends it. Other lists may or may not hold it: there it is only
/// replaced.
fn put<T: Item + Clone>(endpoint: &'static str, lists: &Selector, item: &T) -> Vec<Step> {
    let item = Rc::new(item.clone());
    let same = Rc::clone(&item);
    let own = lists.clone().and_path([endpoint.into()]);
    let others = lists.clone().elsewhere([endpoint.into()]);
    vec![
        Step {
            selector: own,
            paint: Some(Patch::new(move |list: &List<T>| list.with(&item))),
        },
        Step {
            selector: others,
            paint: Some(Patch::new(move |list: &List<T>| list.replaced(&same))),
        },
    ]
}

/// Removes the item with this id from all lists.
fn gone<T: Item>(lists: Selector, id: u128) -> Step {
    Step {
        selector: lists,
        paint: Some(Patch::removal::<T>(id)),
    }
}

/// Returns the keys that may be out of date because of an event that could not be decoded beyond its kind.
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

/// Selects the lists of one coaching session, and the lists that are not limited to a coaching session.
pub(crate) fn within_session(endpoint: &'static str, session: CoachingSessionId) -> Selector {
    Selector::segment(endpoint).within("coaching_session_id", session.as_u128())
}

/// Selects the goals of a coaching relationship and of its coaching sessions, and the lists that are not limited to a
/// coaching relationship.
pub(crate) fn goals(relationship: CoachingRelationshipId) -> Selector {
    Selector::segment("goals").within("coaching_relationship_id", relationship.as_u128())
}

/// Selects the keys below one coaching session.
fn of_session(session: CoachingSessionId, part: &'static str) -> Selector {
    Selector::segment("coaching_sessions")
        .and_segment(session.as_u128())
        .and_segment(part)
}

/// Selects the lists that show the names of coaching sessions.
fn session_lists() -> Vec<Selector> {
    vec![Selector::path(["coaching_sessions".into()]), session_lists_of_people()]
}

/// Selects the lists of coaching sessions that belong to one person.
pub(crate) fn session_lists_of_people() -> Selector {
    Selector::segment("users")
        .and_segment("coaching_sessions")
        .without("counts")
}

/// Selects the profile of a person.
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
