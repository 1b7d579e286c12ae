//! What each event makes stale, and what of it can be shown at once: one table, and nothing else.
//!
//! An event names what changed; this says which keys of the cache can hold it. A row is as narrow as the event allows
//! and never narrower: a key that is not limited to the event's scope can hold what changed.
//!
//! Where an event carries the thing itself, it is painted: shown at once, and confirmed by a read. It is a hint and no
//! more, since the last event to arrive need not be the last write to land.

#![deny(clippy::wildcard_enum_match_arm)]

use std::rc::Rc;

use wire::{
    Action, Agreement, ChangeType, CoachingRelationshipId, CoachingSessionId, EntityType, Event, EventKind, Goal,
    JobType, UserId,
};

use crate::query::{Item, List, Patch, Segment, Selector};

/// The events that the app does anything about: a stream need not carry others. A test keeps this equal to what is
/// shown.
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

/// Something to be done to the cache.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which keys may be out of date.
    pub selector: Selector,
    /// What may be shown of them until they have been read again.
    pub paint: Option<Patch>,
}

impl From<Selector> for Step {
    fn from(selector: Selector) -> Self {
        Self { selector, paint: None }
    }
}

/// What is to be done to the cache because of an event.
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
        // A session without a title is called after its first goal.
        Event::GoalUpdated {
            coaching_relationship_id: relationship,
            goal,
        } => both(put("goals", &goals(*relationship), goal), stale(session_lists())),
        // The goal's actions have lost it.
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

        // Not the counts by month: a title does not move a session.
        Event::CoachingSessionTitleUpdated {
            coaching_session_id: session,
        } => {
            let itself = Selector::path(["coaching_sessions".into(), session.as_u128().into()]);
            stale(with(session_lists(), itself))
        }
        // A session without a title is called after its first topic.
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
        // Relationships show names.
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

/// This item is in the list of its scope, at the end if it is new. Of other lists that may hold it, nobody knows whether
/// they do: it is only replaced there.
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

/// The item with this id is in no list.
fn gone<T: Item>(lists: Selector, id: u128) -> Step {
    Step {
        selector: lists,
        paint: Some(Patch::removal::<T>(id)),
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
pub(crate) fn within_session(endpoint: &'static str, session: CoachingSessionId) -> Selector {
    Selector::segment(endpoint).within("coaching_session_id", session.as_u128())
}

/// The goals of a relationship, those of its sessions, and lists that are not limited to a relationship.
pub(crate) fn goals(relationship: CoachingRelationshipId) -> Selector {
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
    vec![Selector::path(["coaching_sessions".into()]), session_lists_of_people()]
}

/// Those that are lists of one person.
pub(crate) fn session_lists_of_people() -> Selector {
    Selector::segment("users")
        .and_segment("coaching_sessions")
        .without("counts")
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
