//! The writes of the server to its rows.

use serde_json::Value;
use wire::{Action, Deletion, Event, GoalId, SessionGoal, SessionGoalId, UserId};

use super::history::Write;
use super::people::{self, SESSIONS, moment, pair_of_session};
use super::rows::{Slot, Stored};
use super::stock::{Stock, Told};

/// A value that a write has replaced, or that a deletion has removed.
#[derive(Clone, Debug)]
pub(super) struct Overwritten {
    pub(super) field: String,
    pub(super) old: Value,
    /// The new value, unless the row is deleted.
    pub(super) new: Option<Value>,
    /// The number of the change that wrote the old value.
    pub(super) number: u64,
}

impl Stored {
    pub(super) fn slot<T: Stock>(&self, id: u128) -> Option<&Slot<T>> {
        T::slots(self).iter().find(|slot| slot.row.id() == id)
    }

    /// Inserts a new row.
    pub(super) fn insert<T: Stock>(&mut self, mut row: T, by: Option<UserId>) -> T {
        let (number, id) = (self.changes, row.id());
        row.stamp(moment(number), self.has_versions.then_some(1));
        self.note_fields(&row, 1, by, |_| true);
        self.history.note_existence(id, number, true);
        T::slots_mut(self).push(Slot::new(row.clone(), 1));
        row
    }

    fn note_fields<T: Stock>(&mut self, row: &T, version: u64, by: Option<UserId>, is_written: impl Fn(&str) -> bool) {
        for (field, value) in row.fields() {
            if is_written(&field) {
                let write = Write {
                    number: self.changes,
                    version,
                    value,
                    by,
                };
                self.history.note(row.id(), &field, write);
            }
        }
    }

    /// Writes fields of an existing row. Returns the row and the values that were overwritten. Returns `None` if the
    /// row does not exist or the fields are invalid.
    pub(super) fn write<T: Stock>(
        &mut self,
        id: u128,
        patch: &intent::Row,
        by: Option<UserId>,
    ) -> Option<(T, Vec<Overwritten>)> {
        let slot = self.slot::<T>(id).filter(|slot| slot.deleted.is_none())?;
        let before = slot.row.fields();
        let mut row = slot.row.to_row();
        row.extend(patch.clone());
        let mut row = T::from_row(row)?;
        let after = row.fields();
        let changed: Vec<String> = after
            .keys()
            .filter(|field| before[*field] != after[*field])
            .cloned()
            .collect();
        if changed.is_empty() {
            return Some((row, Vec::new()));
        }
        let version = slot.version + 1;
        let overwritten = changed
            .iter()
            .map(|field| self.overwritten(id, field, &before[field], Some(&after[field])));
        let overwritten = overwritten.collect();
        self.changes += 1;
        row.stamp(moment(self.changes), self.has_versions.then_some(version));
        self.note_fields(&row, version, by, |field| changed.iter().any(|each| each == field));
        let slots = T::slots_mut(self).iter_mut();
        for slot in slots.filter(|slot| slot.row.id() == id) {
            *slot = Slot::new(row.clone(), version);
        }
        Some((row, overwritten))
    }

    fn overwritten(&self, row: u128, field: &str, old: &Value, new: Option<&Value>) -> Overwritten {
        Overwritten {
            field: field.to_owned(),
            old: old.clone(),
            new: new.cloned(),
            number: self.history.last(row, field).map_or(0, |write| write.number),
        }
    }

    /// Deletes an existing row, and the references to it. Returns the events and the removed values.
    pub(super) fn delete<T: Stock>(&mut self, id: u128, by: UserId) -> Option<(Vec<Event>, Vec<Overwritten>)> {
        let slot = self.slot::<T>(id).filter(|slot| slot.deleted.is_none())?;
        let (fields, event) = (slot.row.fields(), slot.row.told(Told::Deleted));
        let gone = fields
            .iter()
            .map(|(field, old)| self.overwritten(id, field, old, None))
            .collect();
        self.changes += 1;
        let (number, deleted_at) = (self.changes, moment(self.changes));
        self.history.note_existence(id, number, false);
        for slot in T::slots_mut(self).iter_mut().filter(|slot| slot.row.id() == id) {
            slot.version += 1;
            slot.deleted = Some(Deletion {
                deleted_by: by,
                deleted_at,
            });
        }
        self.forget_goal(id);
        Some((vec![event], gone))
    }

    /// Removes a deleted goal from all actions and coaching sessions.
    fn forget_goal(&mut self, id: u128) {
        let number = self.changes;
        for at in 0..SESSIONS {
            if self.link(at, GoalId::from_u128(id)).is_some() {
                self.history.note_link(at, id, number, false);
            }
        }
        self.links.retain(|link| link.goal_id.as_u128() != id);
        let serving = self
            .actions
            .iter()
            .filter(|slot| slot.row.goal_id.is_some_and(|goal| goal.as_u128() == id));
        for action in serving.map(|slot| slot.row.id.as_u128()).collect::<Vec<_>>() {
            let mut patch = intent::Row::new();
            patch.insert("goal_id".to_owned(), Value::Null);
            self.write::<Action>(action, &patch, None);
        }
    }

    /// Restores a row. Returns `None` if the row never existed.
    pub(super) fn restore<T: Stock>(&mut self, id: u128) -> Option<(T, Vec<Event>)> {
        let slot = self.slot::<T>(id)?;
        let (mut row, version) = (slot.row.clone(), slot.version + 1);
        if slot.deleted.is_none() {
            return Some((row, Vec::new()));
        }
        self.changes += 1;
        let number = self.changes;
        row.stamp(moment(number), self.has_versions.then_some(version));
        self.history.note_existence(id, number, true);
        for slot in T::slots_mut(self).iter_mut().filter(|slot| slot.row.id() == id) {
            *slot = Slot::new(row.clone(), version);
        }
        let event = row.told(Told::Created);
        Some((row, vec![event]))
    }

    /// Links a goal to a coaching session. Returns `None` if it is linked already.
    pub(super) fn link_goal(&mut self, session: usize, goal: GoalId) -> Option<(SessionGoal, Event)> {
        if self.link(session, goal).is_some() {
            return None;
        }
        self.changes += 1;
        self.history.note_link(session, goal.as_u128(), self.changes, true);
        let now = moment(self.changes);
        let link = SessionGoal {
            id: SessionGoalId::from_u128(1_000 + u128::from(self.changes)),
            coaching_session_id: people::session(session),
            goal_id: goal,
            created_at: now,
            updated_at: now,
        };
        self.links.push(link.clone());
        let event = Event::CoachingSessionGoalCreated {
            coaching_relationship_id: people::relationship(pair_of_session(session)),
            coaching_session_id: link.coaching_session_id,
            goal_id: goal,
        };
        Some((link, event))
    }

    /// Unlinks a goal from a coaching session. Returns `None` if it is not linked.
    pub(super) fn unlink_goal(&mut self, session: usize, goal: GoalId) -> Option<Event> {
        self.link(session, goal)?;
        self.changes += 1;
        self.history.note_link(session, goal.as_u128(), self.changes, false);
        let id = people::session(session);
        self.links
            .retain(|link| link.coaching_session_id != id || link.goal_id != goal);
        Some(Event::CoachingSessionGoalDeleted {
            coaching_relationship_id: people::relationship(pair_of_session(session)),
            coaching_session_id: id,
            goal_id: goal,
        })
    }
}
