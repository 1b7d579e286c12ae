//! What a person changes: the app's own mutations, and what the server answers to them.

use std::any::Any;
use std::rc::Rc;

use wire::{Action, ActionId, Agreement, AgreementId, CoachingSession, Goal, GoalId, SessionGoal, Timestamp};

use super::people;
use crate::query::{Edit, Mutation};
use crate::resources::{
    CreateAction, CreateAgreement, CreateGoal, DeleteAction, DeleteAgreement, DeleteGoal, LinkGoal, RenameSession,
    UnlinkGoal, UpdateAction, UpdateAgreement, UpdateGoal,
};

/// A change. Sessions and pairs are numbers.
#[derive(Clone, Debug)]
pub(super) enum Change {
    CreateAction(usize, Action),
    UpdateAction(Action),
    DeleteAction(usize, ActionId),
    CreateAgreement(usize, Agreement),
    UpdateAgreement(Agreement),
    DeleteAgreement(usize, AgreementId),
    CreateGoal(usize, Goal),
    UpdateGoal(Goal),
    DeleteGoal(usize, GoalId),
    Link(usize, Goal),
    Unlink(usize, GoalId),
    Rename(usize, Option<String>),
}

/// What the server answers when it has made a change.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Action(Action),
    Agreement(Agreement),
    Goal(Goal),
    Link(SessionGoal),
    Session(CoachingSession),
    Gone,
}

impl Reply {
    /// The row that was written, and when.
    pub(super) fn row(&self) -> Option<(u128, Timestamp)> {
        match self {
            Self::Action(row) => Some((row.id.as_u128(), row.updated_at)),
            Self::Agreement(row) => Some((row.id.as_u128(), row.updated_at)),
            Self::Goal(row) => Some((row.id.as_u128(), row.updated_at)),
            Self::Link(_) | Self::Session(_) | Self::Gone => None,
        }
    }

    /// As the mutation takes it.
    pub(super) fn into_answer(self) -> Box<dyn Any> {
        match self {
            Self::Action(action) => Box::new(action),
            Self::Agreement(agreement) => Box::new(agreement),
            Self::Goal(goal) => Box::new(goal),
            Self::Link(link) => Box::new(link),
            Self::Session(session) => Box::new(session),
            Self::Gone => Box::new(()),
        }
    }
}

impl Change {
    /// What it does to what is shown, and the lane it travels in.
    pub(super) fn edits(&self) -> (Vec<Edit>, Option<u128>) {
        fn of<M: Mutation>(mutation: &M) -> (Vec<Edit>, Option<u128>) {
            let edits = mutation.edits();
            (edits.edits, edits.lane)
        }
        let session = |at: &usize| people::session(*at);
        match self {
            Self::CreateAction(_, action) => of(&CreateAction(action.clone())),
            Self::UpdateAction(action) => of(&UpdateAction(action.clone())),
            Self::DeleteAction(at, id) => of(&DeleteAction(session(at), *id)),
            Self::CreateAgreement(_, agreement) => of(&CreateAgreement(agreement.clone())),
            Self::UpdateAgreement(agreement) => of(&UpdateAgreement(agreement.clone())),
            Self::DeleteAgreement(at, id) => of(&DeleteAgreement(session(at), *id)),
            Self::CreateGoal(_, goal) => of(&CreateGoal(goal.clone())),
            Self::UpdateGoal(goal) => of(&UpdateGoal(goal.clone())),
            Self::DeleteGoal(pair, id) => of(&DeleteGoal(people::relationship(*pair), *id)),
            Self::Link(at, goal) => of(&LinkGoal(session(at), goal.clone())),
            Self::Unlink(at, id) => of(&UnlinkGoal(session(at), *id)),
            Self::Rename(at, title) => of(&RenameSession(session(at), title.clone())),
        }
    }

    /// What a creation can be recognised by on the server.
    pub(super) fn mark(&self) -> Option<Rc<str>> {
        match self {
            Self::CreateAction(_, action) => action.body.as_deref(),
            Self::CreateAgreement(_, agreement) => agreement.body.as_deref(),
            Self::CreateGoal(_, goal) => goal.body.as_deref(),
            _ => None,
        }
        .map(Rc::from)
    }

    /// Whether the server's "there is no such thing" is what was wanted.
    pub(super) const fn is_removal(&self) -> bool {
        matches!(
            self,
            Self::DeleteAction(..) | Self::DeleteAgreement(..) | Self::DeleteGoal(..) | Self::Unlink(..)
        )
    }
}
