//! Goals, and which of them a session works on.

use std::rc::Rc;

use serde::Serialize;
use wire::json::read;
use wire::{CoachingRelationshipId, CoachingSessionId, Goal, GoalId, NewGoal, SessionGoal};

use super::{Reading, gone, read_list};
use crate::api::{Api, ApiError, Rows};
use crate::query::{Edits, Key, List, Mutation, Query, change, creation, removal};

/// The goals of a relationship, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelationshipGoals(pub CoachingRelationshipId);

impl Query for RelationshipGoals {
    type Backend = Api;
    type Data = List<Goal>;
    type Memo = Rows<Goal>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("goals")
            .param("coaching_relationship_id", self.0.as_u128())
            .build()
    }

    async fn fetch(self, api: Api) -> Result<Vec<u8>, ApiError> {
        api.goals(self.0).await
    }

    fn read(body: Vec<u8>, last: Option<&Rows<Goal>>) -> Reading<Goal> {
        read_list(body, last)
    }

    fn body(rows: &Rows<Goal>) -> Option<&[u8]> {
        Some(rows.body())
    }
}

/// The goals that a session works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionGoals(pub CoachingSessionId);

impl Query for SessionGoals {
    type Backend = Api;
    type Data = List<Goal>;
    type Memo = Rows<Goal>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("coaching_sessions")
            .segment(self.0.as_u128())
            .segment("goals")
            .build()
    }

    async fn fetch(self, api: Api) -> Result<Vec<u8>, ApiError> {
        api.session_goals(self.0).await
    }

    fn read(body: Vec<u8>, last: Option<&Rows<Goal>>) -> Reading<Goal> {
        read_list(body, last)
    }

    fn body(rows: &Rows<Goal>) -> Option<&[u8]> {
        Some(rows.body())
    }
}

/// Adds this goal, which has an id of its own until the server gives it one.
#[derive(Clone, Debug, Serialize)]
pub struct CreateGoal(pub Goal);

impl Mutation for CreateGoal {
    type Backend = Api;
    type Output = Goal;

    const NAME: &'static str = "create_goal";
    const ATTEMPT: &'static str = "add the goal";

    fn read(content: &[u8]) -> Option<Self> {
        read(content).ok().map(Self)
    }

    fn edits(&self) -> Edits<Goal> {
        creation(&RelationshipGoals(self.0.coaching_relationship_id), self.0.clone())
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        api.honours_keys()
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<Goal, ApiError> {
        let new = NewGoal {
            coaching_relationship_id: self.0.coaching_relationship_id,
            created_in_session_id: self.0.created_in_session_id,
            title: self.0.title,
            body: self.0.body,
            status: self.0.status,
            target_date: self.0.target_date,
        };
        api.with_key(key).create_goal(&new).await
    }
}

/// Replaces the goal with this id by this one.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateGoal(pub Goal);

impl Mutation for UpdateGoal {
    type Backend = Api;
    type Output = Goal;

    const NAME: &'static str = "update_goal";
    const ATTEMPT: &'static str = "save the goal";

    fn read(content: &[u8]) -> Option<Self> {
        read(content).ok().map(Self)
    }

    fn edits(&self) -> Edits<Goal> {
        change(&RelationshipGoals(self.0.coaching_relationship_id), &self.0)
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<Goal, ApiError> {
        api.with_key(key).update_goal(&self.0).await
    }
}

/// Removes a goal of a relationship.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DeleteGoal(pub CoachingRelationshipId, pub GoalId);

impl Mutation for DeleteGoal {
    type Backend = Api;
    type Output = ();

    const NAME: &'static str = "delete_goal";
    const ATTEMPT: &'static str = "delete the goal";

    fn read(content: &[u8]) -> Option<Self> {
        let (relationship, goal) = read(content).ok()?;
        Some(Self(relationship, goal))
    }

    fn edits(&self) -> Edits<()> {
        removal(&RelationshipGoals(self.0), self.1.as_u128())
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<(), ApiError> {
        gone(api.with_key(key).delete_goal(self.1).await)
    }
}

/// Has a session work on a goal.
#[derive(Clone, Debug, Serialize)]
pub struct LinkGoal(pub CoachingSessionId, pub Goal);

impl Mutation for LinkGoal {
    type Backend = Api;
    type Output = SessionGoal;

    const NAME: &'static str = "link_goal";
    const ATTEMPT: &'static str = "work on the goal in this session";

    fn read(content: &[u8]) -> Option<Self> {
        let (session, goal) = read(content).ok()?;
        Some(Self(session, goal))
    }

    fn edits(&self) -> Edits<SessionGoal> {
        let goal = Rc::new(self.1.clone());
        let again = Rc::clone(&goal);
        Edits::default().in_lane(goal.id.as_u128()).edit(
            &SessionGoals(self.0),
            move |list| list.with(&goal),
            move |_| move |list| list.with(&again),
        )
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        api.honours_keys()
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<SessionGoal, ApiError> {
        api.with_key(key).link_goal(self.0, self.1.id).await
    }
}

/// Has a session no longer work on a goal.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct UnlinkGoal(pub CoachingSessionId, pub GoalId);

impl Mutation for UnlinkGoal {
    type Backend = Api;
    type Output = ();

    const NAME: &'static str = "unlink_goal";
    const ATTEMPT: &'static str = "take the goal out of this session";

    fn read(content: &[u8]) -> Option<Self> {
        let (session, goal) = read(content).ok()?;
        Some(Self(session, goal))
    }

    fn edits(&self) -> Edits<()> {
        removal(&SessionGoals(self.0), self.1.as_u128())
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<(), ApiError> {
        gone(api.with_key(key).unlink_goal(self.0, self.1).await)
    }
}
