//! Goals, and which of them a session works on.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use wire::{CoachingRelationshipId, CoachingSessionId, Goal, GoalId, NewGoal, SessionGoal, Timestamp};

use super::record::{Names, Ordered, Record};
use super::{Reading, gone, read_list};
use crate::api::{Api, ApiError, Rows};
use crate::draft::is_draft;
use crate::query::{Edits, Key, List, Mutation, Query, SendContext, removal};

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

impl Record for Goal {
    const COLLECTION: &'static str = "goals";
    const FIELDS: &'static [&'static str] = &["title", "body", "status", "target_date"];
    const NAMES: Names = Names {
        noun: "goal",
        create: "create_goal",
        create_attempt: "add the goal",
        update: "patch_goal",
        update_attempt: "save the goal",
        delete: "remove_goal",
        delete_attempt: "delete the goal",
        restore: "restore_goal",
        restore_attempt: "bring the goal back",
    };
    type Home = RelationshipGoals;
    type New = NewGoal;

    fn home(&self) -> RelationshipGoals {
        RelationshipGoals(self.coaching_relationship_id)
    }

    fn to_new(&self) -> NewGoal {
        NewGoal {
            coaching_relationship_id: self.coaching_relationship_id,
            created_in_session_id: self.created_in_session_id,
            title: self.title.clone(),
            body: self.body.clone(),
            status: self.status,
            target_date: self.target_date,
        }
    }
}

impl Ordered for Goal {
    type Key = (bool, Timestamp, GoalId);

    fn order(&self) -> Self::Key {
        (is_draft(self), self.created_at, self.id)
    }
}

/// Has a session work on a goal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkGoal(pub CoachingSessionId, pub Goal);

impl Mutation for LinkGoal {
    type Backend = Api;
    type Output = SessionGoal;

    const NAME: &'static str = "link_goal";
    const ATTEMPT: &'static str = "work on the goal in this session";

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

    async fn send(self, api: Api, context: SendContext) -> Result<SessionGoal, ApiError> {
        api.with_key(context.key).link_goal(self.0, self.1.id).await
    }
}

/// Has a session no longer work on a goal.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct UnlinkGoal(pub CoachingSessionId, pub GoalId);

impl Mutation for UnlinkGoal {
    type Backend = Api;
    type Output = ();

    const NAME: &'static str = "unlink_goal";
    const ATTEMPT: &'static str = "take the goal out of this session";

    fn edits(&self) -> Edits<()> {
        removal(&SessionGoals(self.0), self.1.as_u128())
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, context: SendContext) -> Result<(), ApiError> {
        gone(api.with_key(context.key).unlink_goal(self.0, self.1).await)
    }
}
