//! What the server stores, what it reads of it, and what follows from a change.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use wire::{
    Action, ActionId, Agreement, AgreementId, CoachingSession, CoachingSessionId, Envelope, Event, Goal, GoalId,
    SessionGoal, SessionGoalId,
};

use super::change::{Change, Reply};
use super::people::{self, SESSIONS, moment, pair_of, pair_of_session};
use super::show::Show;

/// Everything that is stored. Lists are in the order in which they are read: oldest first.
#[derive(Default)]
pub(super) struct Stored {
    actions: Vec<Action>,
    agreements: Vec<Agreement>,
    goals: Vec<Goal>,
    links: Vec<SessionGoal>,
    titles: [Option<String>; SESSIONS],
    /// Counts changes. Stands in for the clock, so that of two versions of a row one is newer.
    changes: u64,
    /// What was read of each of them last, after how many changes, since most is read more than once.
    read: RefCell<BTreeMap<(Show, usize), Read>>,
    /// How often something with this mark was created, ever.
    pub(super) created: BTreeMap<Rc<str>, u32>,
}

/// What was read, after how many changes.
type Read = (u64, Rc<[u8]>);

/// A change that was made, or the status it was refused with.
pub(super) type Made = Result<(Reply, Vec<Event>), u16>;

impl Stored {
    /// What a read answers.
    pub(super) fn body(&self, show: Show, reader: usize) -> Rc<[u8]> {
        let mut read = self.read.borrow_mut();
        match read.get(&(show, reader)) {
            Some((changes, body)) if *changes == self.changes => Rc::clone(body),
            before => {
                let fresh = self.written(show, reader);
                // What is the same stays the same allocation.
                let body = before.map(|(_, body)| body).filter(|body| ***body == *fresh);
                let body = body.map_or_else(|| Rc::from(fresh), Rc::clone);
                read.insert((show, reader), (self.changes, Rc::clone(&body)));
                body
            }
        }
    }

    fn written(&self, show: Show, reader: usize) -> Vec<u8> {
        fn list<'a, T: serde::Serialize + 'a>(rows: impl Iterator<Item = &'a T>) -> Vec<u8> {
            let data: Vec<&T> = rows.collect();
            serde_json::to_vec(&Envelope { status_code: 200, data }).unwrap()
        }
        let of = |at: usize| move |id: CoachingSessionId| id == people::session(at);
        match show {
            Show::Actions(at) => list(self.actions.iter().filter(|row| of(at)(row.coaching_session_id))),
            Show::UserActions(user) => list(self.actions.iter().filter(|row| self.is_of(pair_of(user), row))),
            Show::Agreements(at) => list(self.agreements.iter().filter(|row| of(at)(row.coaching_session_id))),
            Show::Goals(pair) => list(self.goals_of(pair)),
            Show::SessionGoals(at) => {
                let linked = |goal: &&Goal| self.link(at, goal.id).is_some();
                list(self.goals.iter().filter(linked))
            }
            Show::Session(at) => serde_json::to_vec(&Envelope {
                status_code: 200,
                data: self.session(at, reader),
            })
            .unwrap(),
        }
    }

    fn is_of(&self, pair: usize, action: &Action) -> bool {
        people::sessions_of(pair).any(|at| people::session(at) == action.coaching_session_id)
    }

    pub(super) fn goals_of(&self, pair: usize) -> impl Iterator<Item = &Goal> {
        let relationship = people::relationship(pair);
        self.goals
            .iter()
            .filter(move |goal| goal.coaching_relationship_id == relationship)
    }

    pub(super) fn actions_of(&self, session: usize) -> impl Iterator<Item = &Action> {
        let id = people::session(session);
        self.actions.iter().filter(move |row| row.coaching_session_id == id)
    }

    pub(super) fn agreements_of(&self, session: usize) -> impl Iterator<Item = &Agreement> {
        let id = people::session(session);
        self.agreements.iter().filter(move |row| row.coaching_session_id == id)
    }

    fn link(&self, session: usize, goal: GoalId) -> Option<&SessionGoal> {
        let id = people::session(session);
        let mut links = self.links.iter();
        links.find(|link| link.coaching_session_id == id && link.goal_id == goal)
    }

    /// Says who it was read by, so that nobody can show what was read by somebody else.
    fn session(&self, at: usize, reader: usize) -> CoachingSession {
        CoachingSession {
            id: people::session(at),
            coaching_relationship_id: people::relationship(pair_of_session(at)),
            date: moment(0).naive_utc(),
            duration_minutes: 60,
            title: self.titles[at].clone(),
            display_title: None,
            meeting_url: None,
            provider: Some(reader_mark(reader)),
            ical_sequence: 0,
            created_at: moment(0),
            updated_at: moment(0),
            hydrated_at: None,
            version: None,
        }
    }

    /// Makes a change for somebody, and says what is to be told of it.
    pub(super) fn make(&mut self, person: usize, change: &Change) -> Made {
        if self.pair_of_change(change).ok_or(404_u16)? != pair_of(person) {
            return Err(403);
        }
        self.changes += 1;
        if let Some(mark) = change.mark() {
            *self.created.entry(mark).or_default() += 1;
        }
        let (now, number) = (moment(self.changes), u128::from(self.changes));
        let author = people::user(person);
        Ok(match change {
            Change::CreateAction(_, draft) => {
                let action = Action {
                    id: ActionId::from_u128(1_000 + number),
                    user_id: author,
                    goal_id: draft.goal_id.filter(|id| self.goals.iter().any(|goal| goal.id == *id)),
                    created_at: now,
                    updated_at: now,
                    ..draft.clone()
                };
                self.actions.push(action.clone());
                (Reply::Action(action.clone()), vec![action_created(action)])
            }
            Change::UpdateAction(changed) => {
                let row = self
                    .actions
                    .iter_mut()
                    .find(|row| row.id == changed.id)
                    .ok_or(404_u16)?;
                row.body.clone_from(&changed.body);
                row.status = changed.status;
                row.updated_at = now;
                let action = row.clone();
                let event = Event::ActionUpdated {
                    coaching_session_id: action.coaching_session_id,
                    action: action.clone(),
                };
                (Reply::Action(action), vec![event])
            }
            Change::DeleteAction(at, id) => {
                self.actions.retain(|row| row.id != *id);
                let event = Event::ActionDeleted {
                    coaching_session_id: people::session(*at),
                    action_id: *id,
                };
                (Reply::Gone, vec![event])
            }
            Change::CreateAgreement(_, draft) => {
                let agreement = Agreement {
                    id: AgreementId::from_u128(1_000 + number),
                    user_id: author,
                    created_at: now,
                    updated_at: now,
                    ..draft.clone()
                };
                self.agreements.push(agreement.clone());
                let event = Event::AgreementCreated {
                    coaching_session_id: agreement.coaching_session_id,
                    agreement: agreement.clone(),
                };
                (Reply::Agreement(agreement), vec![event])
            }
            Change::UpdateAgreement(changed) => {
                let mut rows = self.agreements.iter_mut();
                let row = rows.find(|row| row.id == changed.id).ok_or(404_u16)?;
                row.body.clone_from(&changed.body);
                row.updated_at = now;
                let agreement = row.clone();
                let event = Event::AgreementUpdated {
                    coaching_session_id: agreement.coaching_session_id,
                    agreement: agreement.clone(),
                };
                (Reply::Agreement(agreement), vec![event])
            }
            Change::DeleteAgreement(at, id) => {
                self.agreements.retain(|row| row.id != *id);
                let event = Event::AgreementDeleted {
                    coaching_session_id: people::session(*at),
                    agreement_id: *id,
                };
                (Reply::Gone, vec![event])
            }
            Change::CreateGoal(..) | Change::UpdateGoal(_) | Change::DeleteGoal(..) => {
                self.make_goal(person, change)?
            }
            Change::Link(..) | Change::Unlink(..) => self.make_link(change),
            Change::Rename(at, title) => {
                self.titles[*at].clone_from(title);
                let event = Event::CoachingSessionTitleUpdated {
                    coaching_session_id: people::session(*at),
                };
                (Reply::Session(self.session(*at, person)), vec![event])
            }
        })
    }

    fn make_goal(&mut self, person: usize, change: &Change) -> Made {
        let now = moment(self.changes);
        Ok(match change {
            Change::CreateGoal(pair, draft) => {
                let goal = Goal {
                    id: GoalId::from_u128(1_000 + u128::from(self.changes)),
                    user_id: people::user(person),
                    created_at: now,
                    updated_at: now,
                    ..draft.clone()
                };
                self.goals.push(goal.clone());
                let event = Event::GoalCreated {
                    coaching_relationship_id: people::relationship(*pair),
                    goal: goal.clone(),
                };
                (Reply::Goal(goal), vec![event])
            }
            Change::UpdateGoal(changed) => {
                let row = self.goals.iter_mut().find(|row| row.id == changed.id).ok_or(404_u16)?;
                row.body.clone_from(&changed.body);
                row.updated_at = now;
                let goal = row.clone();
                let event = Event::GoalUpdated {
                    coaching_relationship_id: goal.coaching_relationship_id,
                    goal: goal.clone(),
                };
                (Reply::Goal(goal), vec![event])
            }
            Change::DeleteGoal(pair, id) => {
                self.goals.retain(|row| row.id != *id);
                self.links.retain(|link| link.goal_id != *id);
                for action in &mut self.actions {
                    action.goal_id = action.goal_id.filter(|goal| goal != id);
                }
                let event = Event::GoalDeleted {
                    coaching_relationship_id: people::relationship(*pair),
                    goal_id: *id,
                };
                (Reply::Gone, vec![event])
            }
            _ => return Err(400),
        })
    }

    fn make_link(&mut self, change: &Change) -> (Reply, Vec<Event>) {
        let (Change::Link(at, Goal { id, .. }) | Change::Unlink(at, id)) = change else {
            return (Reply::Gone, Vec::new());
        };
        let (session, relationship) = (people::session(*at), people::relationship(pair_of_session(*at)));
        if matches!(change, Change::Unlink(..)) {
            self.links
                .retain(|link| link.coaching_session_id != session || link.goal_id != *id);
            let event = Event::CoachingSessionGoalDeleted {
                coaching_relationship_id: relationship,
                coaching_session_id: session,
                goal_id: *id,
            };
            return (Reply::Gone, vec![event]);
        }
        if let Some(link) = self.link(*at, *id) {
            return (Reply::Link(link.clone()), Vec::new());
        }
        let link = SessionGoal {
            id: SessionGoalId::from_u128(1_000 + u128::from(self.changes)),
            coaching_session_id: session,
            goal_id: *id,
            created_at: moment(self.changes),
            updated_at: moment(self.changes),
        };
        self.links.push(link.clone());
        let event = Event::CoachingSessionGoalCreated {
            coaching_relationship_id: relationship,
            coaching_session_id: session,
            goal_id: *id,
        };
        (Reply::Link(link), vec![event])
    }

    /// Whose pair a change concerns; `None` if there is no such thing.
    fn pair_of_change(&self, change: &Change) -> Option<usize> {
        let of_session = |id: CoachingSessionId| {
            let at = (0..SESSIONS).find(|at| people::session(*at) == id)?;
            Some(pair_of_session(at))
        };
        let goal = |id: &GoalId| {
            let goal = self.goals.iter().find(|row| row.id == *id)?;
            Some(usize::from(goal.coaching_relationship_id != people::relationship(0)))
        };
        match change {
            Change::CreateAction(at, _) | Change::CreateAgreement(at, _) | Change::Rename(at, _) => {
                Some(pair_of_session(*at))
            }
            Change::CreateGoal(pair, _) => Some(*pair),
            Change::UpdateAction(Action { id, .. }) | Change::DeleteAction(_, id) => {
                of_session(self.actions.iter().find(|row| row.id == *id)?.coaching_session_id)
            }
            Change::UpdateAgreement(Agreement { id, .. }) | Change::DeleteAgreement(_, id) => {
                of_session(self.agreements.iter().find(|row| row.id == *id)?.coaching_session_id)
            }
            Change::UpdateGoal(Goal { id, .. }) | Change::DeleteGoal(_, id) | Change::Link(_, Goal { id, .. }) => {
                goal(id)
            }
            Change::Unlink(at, id) => {
                self.link(*at, *id)?;
                goal(id)
            }
        }
    }
}

/// By whom a session was read.
pub(super) fn reader_mark(reader: usize) -> String {
    format!("read by {reader}")
}

fn action_created(action: Action) -> Event {
    Event::ActionCreated {
        coaching_session_id: action.coaching_session_id,
        action,
    }
}
