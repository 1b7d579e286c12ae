//! Changes that people make: on a screen of this world, or on a device outside of it.

use std::ops::AddAssign;
use std::rc::Rc;

use wire::{Action, Agreement, CoachingSession, Goal, GoalId};

use super::change::{self, Changing};
use super::ledger::{Made, Wish};
use super::people::{self, pair_of};
use super::show::{self, Show};
use super::stock::Told;
use super::tab::TabId;
use super::world::World;
use crate::query::{List, Value};

/// The counts of changes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deeds {
    /// The number of changes that were folded into an earlier one.
    pub(super) folded: u64,
    /// The number of changes with an unresolved part.
    pub(super) unresolved: u64,
    pub(super) refused: u64,
    /// The number of mutations that were taken up from earlier visits.
    pub(super) taken_up: u64,
    /// The number of those mutations with an unknown outcome.
    pub(super) uncertain: u64,
    /// The number of unresolved changes that a person made again.
    pub(super) insisted: u64,
    /// The number of requests that probed whether the server is back.
    pub(super) probes: u64,
    /// The number of outages.
    pub(super) outages: u64,
}

impl AddAssign for Deeds {
    fn add_assign(&mut self, more: Self) {
        let Self {
            folded,
            unresolved,
            refused,
            taken_up,
            uncertain,
            insisted,
            probes,
            outages,
        } = more;
        self.folded += folded;
        self.unresolved += unresolved;
        self.refused += refused;
        self.taken_up += taken_up;
        self.uncertain += uncertain;
        self.insisted += insisted;
        self.probes += probes;
        self.outages += outages;
    }
}

/// The maximum number of changes that a person can undo.
const MOST_UNDO: usize = 3;

impl World {
    /// Has a person make changes on a screen.
    pub(super) fn change_here(&mut self) {
        let Some(t) = self.some_tab() else { return };
        let Some(person) = self.tabs[t].user() else { return };
        if self.resolves && self.rng.bool() && self.resolve(t) {
            return;
        }
        // A person may make several changes in a row, some of them before the first one is sent.
        let most = [1, 1, 2, 4][self.rng.usize(..4)];
        for _ in 0..most {
            if let Some(made) = self.some_made(t, person) {
                self.mutate(t, &made);
            }
            if self.rng.bool() {
                self.settle(t);
            }
        }
        self.settle(t);
    }

    fn some_made(&mut self, t: TabId, person: usize) -> Option<Made> {
        let undo = self.tabs[t].undo.len();
        if undo > 0 && self.rng.u8(..6) == 0 {
            let at = self.rng.usize(..undo);
            let made = self.tabs[t].undo.swap_remove(at);
            // A row on the screen needs no restoration.
            return Some(made).filter(|made| !matches!(made.wish, Wish::Restore) || !self.shows(t, made.row));
        }
        let shown = self.rng.choice(self.tabs[t].shown.clone())?;
        let data = self.tabs[t].cache.snapshot(self.instant(t), shown.entry)?.data?;
        match shown.show {
            Show::Actions(at) => self.change_list::<Action>(t, person, at, &data),
            Show::Agreements(at) => self.change_list::<Agreement>(t, person, at, &data),
            Show::Goals(pair) => self.change_list::<Goal>(t, person, pair, &data),
            Show::UserActions(_) => self.change_row::<Action>(t, &data),
            Show::SessionGoals(at) => self.change_links(t, at, &data),
            Show::Session(_) => {
                let session = data.get::<CoachingSession>()?;
                self.change_to_other_values(t, &*session)
            }
        }
    }

    /// Whether a row is on the screen.
    fn shows(&self, t: TabId, row: u128) -> bool {
        let tab = &self.tabs[t];
        let mut shown = tab
            .shown
            .iter()
            .filter_map(|shown| tab.cache.snapshot(self.instant(t), shown.entry)?.data);
        shown.any(|data| show::has(&data, row))
    }

    fn change_list<T: Changing>(&mut self, t: TabId, person: usize, at: usize, data: &Value) -> Option<Made> {
        if self.rng.u8(..4) == 0 {
            let number = self.number();
            return T::draft(number, at, people::user(person)).map(change::create);
        }
        self.change_row::<T>(t, data)
    }

    fn change_row<T: Changing>(&mut self, t: TabId, data: &Value) -> Option<Made> {
        let rows = data.get::<List<T>>()?;
        // Often the last row is taken: it is the row that two people edit at once.
        let newest = rows.last().filter(|_| self.rng.bool()).cloned();
        let row: Rc<T> = newest.or_else(|| self.rng.choice(rows.iter()).cloned())?;
        if self.rng.u8(..6) == 0 {
            self.offer_undo(t, change::restore(&*row));
            return Some(change::delete(&*row));
        }
        self.change_to_other_values(t, &*row)
    }

    fn change_to_other_values<T: Changing>(&mut self, t: TabId, row: &T) -> Option<Made> {
        let goals: Vec<GoalId> = self.server.stored.goals_of(row.pair()).map(|goal| goal.id).collect();
        let number = self.number();
        let wanted = row.varied(number, &mut self.rng, &goals);
        let made = change::update(row, &wanted)?;
        if let Some(undo) = change::undo(row, &wanted) {
            self.offer_undo(t, undo);
        }
        Some(made)
    }

    fn offer_undo(&mut self, t: TabId, made: Made) {
        let undo = &mut self.tabs[t].undo;
        undo.push(made);
        if undo.len() > MOST_UNDO {
            undo.remove(0);
        }
    }

    /// Links a goal to a coaching session that is shown elsewhere on the screen, or unlinks one that is shown here.
    fn change_links(&mut self, t: TabId, at: usize, data: &Value) -> Option<Made> {
        let linked = data.get::<List<Goal>>()?;
        if let (Some(goal), 0) = (self.rng.choice(linked.iter()), self.rng.u8(..3)) {
            return Some(change::link(at, goal, false));
        }
        let all = self.tabs[t]
            .shown
            .iter()
            .find(|shown| matches!(shown.show, Show::Goals(_)))?;
        let all = self.tabs[t]
            .cache
            .snapshot(self.instant(t), all.entry)?
            .data?
            .get::<List<Goal>>()?;
        let free = all.iter().filter(|goal| linked.find(goal.id.as_u128()).is_none());
        let goal = self.rng.choice(free.cloned().collect::<Vec<_>>())?;
        Some(change::link(at, &goal, true))
    }

    /// Makes changes on a device outside of this world that shows the server's current data.
    pub(super) fn change_often(&mut self, person: usize, count: u32) {
        for _ in 0..count {
            match self.rng.u8(..24) {
                0..11 => self.change_elsewhere_of::<Action>(person),
                11..15 => self.change_elsewhere_of::<Agreement>(person),
                15..20 => self.change_elsewhere_of::<Goal>(person),
                20..22 => self.change_links_elsewhere(person),
                _ => self.change_elsewhere_of::<CoachingSession>(person),
            }
        }
    }

    fn change_elsewhere_of<T: Changing>(&mut self, person: usize) {
        let (pair, number, user) = (pair_of(person), self.number(), people::user(person));
        let rows: Vec<T> = self
            .server
            .stored
            .living::<T>()
            .filter(|row| row.pair() == pair)
            .cloned()
            .collect();
        let sessions = people::sessions_of(pair);
        let at = if T::COLLECTION == "goals" {
            pair
        } else {
            self.rng.usize(sessions)
        };
        let newest = rows.last().filter(|_| self.rng.bool()).cloned();
        let row = newest
            .or_else(|| self.rng.choice(rows))
            .filter(|_| self.rng.u8(..3) > 0);
        let told = match row {
            None => {
                let Some(mut row) = T::draft(number, at, user) else {
                    return;
                };
                let stored = &mut self.server.stored;
                stored.changes += 1;
                row = row.with_id(1_000 + u128::from(stored.changes), people::moment(stored.changes));
                vec![stored.insert(row, Some(user)).told(Told::Created)]
            }
            Some(row) if T::COLLECTION != "coaching_sessions" && self.rng.u8(..5) == 0 => {
                let deleted = self.server.stored.delete::<T>(row.id(), user);
                deleted.map(|(told, _)| told).unwrap_or_default()
            }
            Some(row) => {
                let goals: Vec<GoalId> = self.server.stored.goals_of(pair).map(|goal| goal.id).collect();
                let wanted = row.varied(number, &mut self.rng, &goals);
                let written = self.server.stored.write::<T>(row.id(), &wanted.fields(), Some(user));
                written.map(|(row, _)| row.told(Told::Updated)).into_iter().collect()
            }
        };
        self.note(|| format!("person {person} elsewhere: {told:?}"));
        let told = self.server.log_all(person, &told);
        self.publish(&told);
    }

    fn change_links_elsewhere(&mut self, person: usize) {
        let session = self.rng.usize(people::sessions_of(pair_of(person)));
        let goals: Vec<GoalId> = self
            .server
            .stored
            .goals_of(pair_of(person))
            .map(|goal| goal.id)
            .collect();
        let Some(goal) = self.rng.choice(goals) else { return };
        let stored = &mut self.server.stored;
        let event = match stored.unlink_goal(session, goal) {
            None => stored.link_goal(session, goal).map(|(_, event)| event),
            unlinked => unlinked,
        };
        let told: Vec<_> = event.into_iter().collect();
        self.note(|| format!("person {person} elsewhere: {told:?}"));
        let told = self.server.log_all(person, &told);
        self.publish(&told);
    }
}
