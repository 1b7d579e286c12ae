//! The changes that people make: the app's own mutations, made from the data on the screen.

use std::rc::Rc;

use chrono::NaiveDate;
use intent::Row;
use wire::{Action, ActionId, Agreement, AgreementId, CoachingSession, Goal, GoalId, ItemStatus, UserId};

use super::ledger::{Made, Wish};
use super::people::{self, moment};
use super::stock::Stock;
use crate::draft::MARK;
use crate::query::AnyMutation;
use crate::resources::{Create, Delete, LinkGoal, Restore, UnlinkGoal, Update};

const STATUSES: [ItemStatus; 5] = [
    ItemStatus::NotStarted,
    ItemStatus::InProgress,
    ItemStatus::Completed,
    ItemStatus::OnHold,
    ItemStatus::WontDo,
];

/// A type of row that people edit.
pub(super) trait Changing: Stock {
    /// Returns a draft with this number, in the coaching session or the pair `at`. Returns `None` for a type of row
    /// that people do not add.
    fn draft(number: u64, at: usize, user: UserId) -> Option<Self>;
    /// Returns the row with other values in some of its fields.
    #[must_use]
    fn varied(&self, number: u64, rng: &mut fastrand::Rng, goals: &[GoalId]) -> Self;
}

/// Returns the temporary id of a draft.
fn draft_id(number: u64) -> u128 {
    MARK << 64 | u128::from(number)
}

fn text(number: u64) -> Option<String> {
    Some(format!("text {number}"))
}

/// Returns true once in `of` times on average.
fn some(rng: &mut fastrand::Rng, of: u8) -> bool {
    rng.u8(..of) == 0
}

impl Changing for Action {
    fn draft(number: u64, at: usize, user: UserId) -> Option<Self> {
        let now = moment(0);
        Some(Self {
            id: ActionId::from_u128(draft_id(number)),
            coaching_session_id: people::session(at),
            goal_id: None,
            user_id: user,
            body: text(number),
            due_by: None,
            status: ItemStatus::default(),
            status_changed_at: now,
            created_at: now,
            updated_at: now,
            assignee_ids: Vec::new(),
            version: None,
        })
    }

    fn varied(&self, number: u64, rng: &mut fastrand::Rng, goals: &[GoalId]) -> Self {
        let mut row = self.clone();
        if some(rng, 2) {
            row.status = STATUSES[rng.usize(..5)];
        }
        if some(rng, 4) {
            row.due_by = [None, Some(moment(7)), Some(moment(8))][rng.usize(..3)];
        }
        if some(rng, 8) {
            row.goal_id = rng.choice(goals).copied();
        }
        if some(rng, 8) {
            row.assignee_ids = vec![people::user(rng.usize(..2))];
        }
        if row == *self || some(rng, 3) {
            row.body = text(number);
        }
        row
    }
}

impl Changing for Agreement {
    fn draft(number: u64, at: usize, user: UserId) -> Option<Self> {
        let now = moment(0);
        Some(Self {
            id: AgreementId::from_u128(draft_id(number)),
            coaching_session_id: people::session(at),
            body: text(number),
            user_id: user,
            created_at: now,
            updated_at: now,
            version: None,
        })
    }

    fn varied(&self, number: u64, _: &mut fastrand::Rng, _: &[GoalId]) -> Self {
        let body = text(number);
        Self { body, ..self.clone() }
    }
}

impl Changing for Goal {
    fn draft(number: u64, at: usize, user: UserId) -> Option<Self> {
        let now = moment(0);
        Some(Self {
            id: GoalId::from_u128(draft_id(number)),
            coaching_relationship_id: people::relationship(at),
            created_in_session_id: None,
            user_id: user,
            title: None,
            body: text(number),
            status: ItemStatus::default(),
            status_changed_at: None,
            completed_at: None,
            target_date: None,
            created_at: now,
            updated_at: now,
            version: None,
        })
    }

    fn varied(&self, number: u64, rng: &mut fastrand::Rng, _: &[GoalId]) -> Self {
        let mut row = self.clone();
        if some(rng, 3) {
            row.title = text(number);
        }
        if some(rng, 2) {
            row.status = STATUSES[rng.usize(..5)];
        }
        if some(rng, 4) {
            let day = |day| NaiveDate::from_ymd_opt(2026, 11, day);
            row.target_date = [None, day(21), day(22)][rng.usize(..3)];
        }
        if row == *self || some(rng, 3) {
            row.body = text(number);
        }
        row
    }
}

impl Changing for CoachingSession {
    fn draft(_: u64, _: usize, _: UserId) -> Option<Self> {
        None
    }

    fn varied(&self, number: u64, rng: &mut fastrand::Rng, _: &[GoalId]) -> Self {
        let title = text(number).filter(|_| self.title.is_none() || !some(rng, 4));
        Self { title, ..self.clone() }
    }
}

/// Adds a row.
pub(super) fn create<T: Changing>(row: T) -> Made {
    Made {
        row: row.id(),
        wish: Wish::Create(row.fields()),
        mutation: AnyMutation::new(Create(row)),
    }
}

/// Updates a row that the screen shows as `seen`. Returns `None` if nothing changes.
pub(super) fn update<T: Changing>(seen: &T, wanted: &T) -> Option<Made> {
    let (before, after): (Row, Row) = (seen.fields(), wanted.fields());
    let changed = after.into_iter().filter(|(field, value)| before[field] != *value);
    let changes: Vec<_> = changed
        .map(|(field, value)| (field.clone(), before[&field].clone(), value))
        .collect();
    (!changes.is_empty()).then(|| Made {
        row: seen.id(),
        wish: Wish::Update(changes, before),
        mutation: AnyMutation::new(Update::between(seen, wanted)),
    })
}

/// Reverses an update.
pub(super) fn undo<T: Changing>(seen: &T, wanted: &T) -> Option<Made> {
    let mutation = AnyMutation::new(Update::between(seen, wanted).reversed());
    update(wanted, seen).map(|made| Made { mutation, ..made })
}

pub(super) fn delete<T: Changing>(seen: &T) -> Made {
    Made {
        row: seen.id(),
        wish: Wish::Delete(seen.fields()),
        mutation: AnyMutation::new(Delete::of(seen.clone())),
    }
}

pub(super) fn restore<T: Changing>(seen: &T) -> Made {
    Made {
        row: seen.id(),
        wish: Wish::Restore,
        mutation: AnyMutation::new(Restore::of(seen.clone())),
    }
}

/// Links a goal to a coaching session, or unlinks it.
pub(super) fn link(session: usize, goal: &Rc<Goal>, links: bool) -> Made {
    let id = people::session(session);
    Made {
        row: goal.id.as_u128(),
        wish: Wish::Link(session, links),
        mutation: match links {
            true => AnyMutation::new(LinkGoal(id, (**goal).clone())),
            false => AnyMutation::new(UnlinkGoal(id, goal.id)),
        },
    }
}
