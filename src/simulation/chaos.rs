//! What people do: they look, change things, come and go.

use wire::{Action, ActionId, Agreement, AgreementId, Goal, GoalId, ItemStatus};

use super::change::Change;
use super::people::{self, PEOPLE, moment, pair_of};
use super::requests::Ask;
use super::show::Show;
use super::tab::{Input, Session, TabId};
use super::world::World;

/// What has this id was made in a tab, and has no other yet.
const DRAFTS: u128 = 1 << 64;

impl World {
    /// Somebody does something, or the world changes.
    pub(super) fn disturb(&mut self) {
        match self.rng.u32(..100) {
            0..30 => self.change_elsewhere(),
            30..50 => self.change_here(),
            50..58 => self.look_around(),
            58..66 if self.faults.network => self.disturb_network(),
            66..74 if self.faults.streams => self.disturb_stream(),
            74..78 if self.faults.server => self.disturb_server(),
            78..90 if self.faults.pages => self.disturb_page(),
            90..96 if self.faults.people => self.disturb_session(),
            96..100 if self.faults.clocks => self.set_clock(),
            _ => {}
        }
    }

    /// A tab that somebody could use.
    pub(super) fn some_tab(&mut self) -> Option<TabId> {
        let alive: Vec<TabId> = (0..self.tabs.len()).filter(|t| self.tabs[*t].runs()).collect();
        self.rng.choice(alive)
    }

    /// Somebody changes something on a device that is not in this world.
    pub(super) fn change_elsewhere(&mut self) {
        if !self.server.is_up {
            return;
        }
        let person = match self.rng.u8(..8) {
            0 => self.rng.usize(..PEOPLE),
            _ => self.rng.usize(..2),
        };
        // In bursts, now and then.
        let count = if self.rng.u8(..16) == 0 { 12 } else { 1 };
        self.change_often(person, count);
    }

    pub(super) fn change_often(&mut self, person: usize, count: u32) {
        for _ in 0..count {
            let Some(change) = self.some_change(person) else { return };
            let key = self.number();
            self.note(|| format!("person {person} elsewhere: {change:?}"));
            if let Ok((_, told)) = self.server.change(person, key, &change) {
                self.publish(&told);
            }
        }
    }

    fn change_here(&mut self) {
        let Some(t) = self.some_tab() else { return };
        let Some(person) = self.tabs[t].user() else { return };
        if let Some(change) = self.some_change(person) {
            self.mutate(t, change);
            self.settle(t);
        }
    }

    /// Something that a person might change. What is on the server is on the screen, sooner or later.
    fn some_change(&mut self, person: usize) -> Option<Change> {
        let sessions = people::sessions_of(pair_of(person));
        let (session, number) = (self.rng.usize(sessions), self.number());
        let text = Some(format!("text {number}"));
        let id = u128::from(number) | DRAFTS;
        let (now, pair, user) = (moment(0), pair_of(person), people::user(person));
        let some_goal: Option<Goal> = {
            let goals: Vec<&Goal> = self.server.stored.goals_of(pair).collect();
            self.rng.choice(goals).cloned()
        };
        Some(match self.rng.u8(..24) {
            0..5 => Change::CreateAction(
                session,
                Action {
                    id: ActionId::from_u128(id),
                    coaching_session_id: people::session(session),
                    goal_id: some_goal.map(|goal| goal.id),
                    user_id: user,
                    body: text,
                    due_by: None,
                    status: ItemStatus::default(),
                    status_changed_at: now,
                    created_at: now,
                    updated_at: now,
                    assignee_ids: Vec::new(),
                    version: None,
                },
            ),
            5..9 => {
                let rows: Vec<&Action> = self.server.stored.actions_of(session).collect();
                let row = self.rng.choice(rows)?.clone();
                Change::UpdateAction(Action { body: text, ..row })
            }
            9..11 => {
                let rows: Vec<ActionId> = self.server.stored.actions_of(session).map(|row| row.id).collect();
                Change::DeleteAction(session, self.rng.choice(rows)?)
            }
            11..13 => Change::CreateAgreement(
                session,
                Agreement {
                    id: AgreementId::from_u128(id),
                    coaching_session_id: people::session(session),
                    body: text,
                    user_id: user,
                    created_at: now,
                    updated_at: now,
                    version: None,
                },
            ),
            13 => {
                let rows: Vec<&Agreement> = self.server.stored.agreements_of(session).collect();
                let row = self.rng.choice(rows)?.clone();
                Change::UpdateAgreement(Agreement { body: text, ..row })
            }
            14 => {
                let rows: Vec<AgreementId> = self.server.stored.agreements_of(session).map(|row| row.id).collect();
                Change::DeleteAgreement(session, self.rng.choice(rows)?)
            }
            15..17 => Change::CreateGoal(
                pair,
                Goal {
                    id: GoalId::from_u128(id),
                    coaching_relationship_id: people::relationship(pair),
                    created_in_session_id: None,
                    user_id: user,
                    title: None,
                    body: text,
                    status: ItemStatus::default(),
                    status_changed_at: None,
                    completed_at: None,
                    target_date: None,
                    created_at: now,
                    updated_at: now,
                    version: None,
                },
            ),
            17 => Change::UpdateGoal(Goal {
                body: text,
                ..some_goal?
            }),
            18 => Change::DeleteGoal(pair, some_goal?.id),
            19..21 => Change::Link(session, some_goal?),
            21 => Change::Unlink(session, some_goal?.id),
            _ => Change::Rename(session, text.filter(|_| number % 4 > 0)),
        })
    }

    /// Somebody goes to another page, or asks for something.
    fn look_around(&mut self) {
        let Some(t) = self.some_tab() else { return };
        let Some(person) = self.tabs[t].user() else { return };
        let now = self.instant(t);
        match self.rng.u8(..8) {
            0..4 => {
                let show = self.rng.choice(Show::of(person)).unwrap();
                self.mount(t, show);
            }
            4..6 if !self.tabs[t].shown.is_empty() => {
                let at = self.rng.usize(..self.tabs[t].shown.len());
                self.unmount(t, at);
            }
            6 => self.tell(t, Input::Retry),
            _ => {
                if let Some(shown) = self.rng.choice(self.tabs[t].shown.clone()) {
                    self.tabs[t].cache.refetch(now, shown.entry);
                    self.tally.reasons += 1;
                }
            }
        }
        self.settle(t);
    }

    /// People sign out and in.
    fn disturb_session(&mut self) {
        let Some(t) = self.some_tab() else { return };
        let is_signing = self.profiles[self.tabs[t].profile].signing > 0;
        match self.tabs[t].session {
            Session::SignedIn(_) if self.rng.u8(..3) == 0 => self.leave(t, false),
            Session::SignedIn(_) | Session::Restoring => {}
            Session::Unknown => self.restore(t),
            Session::SignedOut if is_signing => {}
            Session::SignedOut => {
                let person = match self.rng.u8(..3) {
                    0 => self.rng.usize(..PEOPLE),
                    _ => self.tabs[t].profile,
                };
                self.ask(t, Ask::SignIn(person));
            }
        }
        self.settle(t);
    }
}
