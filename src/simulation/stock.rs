//! The types of rows in the model of the server.

use wire::{
    Action, ActionId, Agreement, AgreementId, CoachingRelationshipId, CoachingSession, CoachingSessionId, Event, Goal,
    GoalId, NewAction, NewAgreement, NewGoal, Timestamp, UserId,
};

use super::people::{self, PAIRS, SESSIONS, pair_of_session};
use super::rows::{Slot, Stored, reader_mark};
use crate::resources::Record;

/// The kind of change that an event announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Created,
    Updated,
    Deleted,
}

/// A type of row that the server stores.
pub(super) trait Stock: Record {
    fn slots(stored: &Stored) -> &Vec<Slot<Self>>;
    fn slots_mut(stored: &mut Stored) -> &mut Vec<Slot<Self>>;
    /// Returns the pair that the row belongs to.
    fn pair(&self) -> usize;
    /// Returns the row that this body creates. Returns `None` if the body can not be parsed.
    fn created(body: &str, id: u128, author: UserId, now: Timestamp) -> Option<Self>;
    fn stamp(&mut self, now: Timestamp, version: Option<u64>);
    fn written_at(&self) -> Timestamp;
    /// Turns a draft into a row that was created with this id at this moment.
    #[must_use]
    fn with_id(self, id: u128, now: Timestamp) -> Self;
    fn told(&self, told: Told) -> Event;
    /// Returns the row as this person reads it.
    fn read_by(self, reader: usize) -> Self {
        _ = reader;
        self
    }
}

/// Returns the number of a coaching session.
pub(super) fn session_at(id: CoachingSessionId) -> Option<usize> {
    (0..SESSIONS).find(|at| people::session(*at) == id)
}

fn pair_of_relationship(id: CoachingRelationshipId) -> usize {
    let mut pairs = 0..PAIRS;
    pairs.find(|pair| people::relationship(*pair) == id).unwrap_or(PAIRS)
}

fn pair_of_session_id(id: CoachingSessionId) -> usize {
    session_at(id).map_or(PAIRS, pair_of_session)
}

impl Stock for Action {
    fn slots(stored: &Stored) -> &Vec<Slot<Self>> {
        &stored.actions
    }

    fn slots_mut(stored: &mut Stored) -> &mut Vec<Slot<Self>> {
        &mut stored.actions
    }

    fn pair(&self) -> usize {
        pair_of_session_id(self.coaching_session_id)
    }

    fn created(body: &str, id: u128, author: UserId, now: Timestamp) -> Option<Self> {
        let new: NewAction = serde_json::from_str(body).ok()?;
        Some(Self {
            id: ActionId::from_u128(id),
            coaching_session_id: new.coaching_session_id,
            goal_id: new.goal_id,
            user_id: author,
            body: new.body,
            due_by: new.due_by,
            status: new.status,
            status_changed_at: now,
            created_at: now,
            updated_at: now,
            assignee_ids: new.assignee_ids.unwrap_or_default(),
            version: None,
        })
    }

    fn written_at(&self) -> Timestamp {
        self.updated_at
    }

    fn stamp(&mut self, now: Timestamp, version: Option<u64>) {
        (self.updated_at, self.version) = (now, version);
    }

    fn with_id(self, id: u128, now: Timestamp) -> Self {
        let id = ActionId::from_u128(id);
        Self {
            id,
            created_at: now,
            ..self
        }
    }

    fn told(&self, told: Told) -> Event {
        let (coaching_session_id, action) = (self.coaching_session_id, self.clone());
        match told {
            Told::Created => Event::ActionCreated {
                coaching_session_id,
                action,
            },
            Told::Updated => Event::ActionUpdated {
                coaching_session_id,
                action,
            },
            Told::Deleted => Event::ActionDeleted {
                coaching_session_id,
                action_id: self.id,
            },
        }
    }
}

impl Stock for Agreement {
    fn slots(stored: &Stored) -> &Vec<Slot<Self>> {
        &stored.agreements
    }

    fn slots_mut(stored: &mut Stored) -> &mut Vec<Slot<Self>> {
        &mut stored.agreements
    }

    fn pair(&self) -> usize {
        pair_of_session_id(self.coaching_session_id)
    }

    fn created(body: &str, id: u128, author: UserId, now: Timestamp) -> Option<Self> {
        let new: NewAgreement = serde_json::from_str(body).ok()?;
        Some(Self {
            id: AgreementId::from_u128(id),
            coaching_session_id: new.coaching_session_id,
            body: new.body,
            user_id: author,
            created_at: now,
            updated_at: now,
            version: None,
        })
    }

    fn written_at(&self) -> Timestamp {
        self.updated_at
    }

    fn stamp(&mut self, now: Timestamp, version: Option<u64>) {
        (self.updated_at, self.version) = (now, version);
    }

    fn with_id(self, id: u128, now: Timestamp) -> Self {
        let id = AgreementId::from_u128(id);
        Self {
            id,
            created_at: now,
            ..self
        }
    }

    fn told(&self, told: Told) -> Event {
        let (coaching_session_id, agreement) = (self.coaching_session_id, self.clone());
        match told {
            Told::Created => Event::AgreementCreated {
                coaching_session_id,
                agreement,
            },
            Told::Updated => Event::AgreementUpdated {
                coaching_session_id,
                agreement,
            },
            Told::Deleted => Event::AgreementDeleted {
                coaching_session_id,
                agreement_id: self.id,
            },
        }
    }
}

impl Stock for Goal {
    fn slots(stored: &Stored) -> &Vec<Slot<Self>> {
        &stored.goals
    }

    fn slots_mut(stored: &mut Stored) -> &mut Vec<Slot<Self>> {
        &mut stored.goals
    }

    fn pair(&self) -> usize {
        pair_of_relationship(self.coaching_relationship_id)
    }

    fn created(body: &str, id: u128, author: UserId, now: Timestamp) -> Option<Self> {
        let new: NewGoal = serde_json::from_str(body).ok()?;
        Some(Self {
            id: GoalId::from_u128(id),
            coaching_relationship_id: new.coaching_relationship_id,
            created_in_session_id: new.created_in_session_id,
            user_id: author,
            title: new.title,
            body: new.body,
            status: new.status,
            status_changed_at: None,
            completed_at: None,
            target_date: new.target_date,
            created_at: now,
            updated_at: now,
            version: None,
        })
    }

    fn written_at(&self) -> Timestamp {
        self.updated_at
    }

    fn stamp(&mut self, now: Timestamp, version: Option<u64>) {
        (self.updated_at, self.version) = (now, version);
    }

    fn with_id(self, id: u128, now: Timestamp) -> Self {
        let id = GoalId::from_u128(id);
        Self {
            id,
            created_at: now,
            ..self
        }
    }

    fn told(&self, told: Told) -> Event {
        let (coaching_relationship_id, goal) = (self.coaching_relationship_id, self.clone());
        match told {
            Told::Created => Event::GoalCreated {
                coaching_relationship_id,
                goal,
            },
            Told::Updated => Event::GoalUpdated {
                coaching_relationship_id,
                goal,
            },
            Told::Deleted => Event::GoalDeleted {
                coaching_relationship_id,
                goal_id: self.id,
            },
        }
    }
}

impl Stock for CoachingSession {
    fn slots(stored: &Stored) -> &Vec<Slot<Self>> {
        &stored.sessions
    }

    fn slots_mut(stored: &mut Stored) -> &mut Vec<Slot<Self>> {
        &mut stored.sessions
    }

    fn pair(&self) -> usize {
        pair_of_session_id(self.id)
    }

    fn created(_: &str, _: u128, _: UserId, _: Timestamp) -> Option<Self> {
        None
    }

    fn written_at(&self) -> Timestamp {
        self.updated_at
    }

    fn stamp(&mut self, _: Timestamp, version: Option<u64>) {
        self.version = version;
    }

    fn with_id(self, _: u128, _: Timestamp) -> Self {
        self
    }

    fn told(&self, _: Told) -> Event {
        Event::CoachingSessionTitleUpdated {
            coaching_session_id: self.id,
        }
    }

    /// Marks the coaching session with its reader, so that the checks detect data that another person has read.
    fn read_by(self, reader: usize) -> Self {
        Self {
            provider: Some(reader_mark(reader)),
            ..self
        }
    }
}
