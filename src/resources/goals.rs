//! Goals, and their links to coaching sessions.

use std::any::Any;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use wire::{CoachingRelationshipId, CoachingSessionId, Goal, GoalId, GoalPatch, NewGoal, Timestamp};

use super::record::{Names, Ordered, Record, created};
use super::{Reading, gone, read_list};
use crate::api::{Api, ApiError, Kind, Rows};
use crate::draft::is_draft;
use crate::invalidation;
use crate::query::{AnyMutation, Edits, Item as _, Key, List, Mutation, Query, Selector, SendContext, removal};

/// The goals of a coaching relationship, oldest first.
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

/// The goals that are linked to a coaching session.
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
    const FIELDS: &'static [&'static str] = GoalPatch::FIELDS;
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

    fn elsewhere(&self) -> Option<Selector> {
        Some(invalidation::goals(self.coaching_relationship_id))
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

/// Links a goal to a coaching session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkGoal(pub CoachingSessionId, pub Goal);

impl Mutation for LinkGoal {
    type Backend = Api;
    type Output = ();

    const NAME: &'static str = "link_goal";
    const ATTEMPT: &'static str = "work on the goal in this session";

    fn edits(&self) -> Edits<()> {
        let goal = Rc::new(self.1.clone());
        let again = Rc::clone(&goal);
        Edits::default().in_lane(goal.id.as_u128()).edit(
            &SessionGoals(self.0),
            move |list| with_goal(list, &goal),
            move |()| move |list: &List<Goal>| with_goal(list, &again),
        )
    }

    /// A repetition finds the goal linked.
    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, context: SendContext) -> Result<(), ApiError> {
        let api = api.in_this_session();
        match api.with_key(context.key).link_goal(self.0, self.1.id).await {
            Err(error) if matches!(error.kind(), Kind::Conflict(_)) => {
                let (goals, _) = read_list::<Goal>(api.session_goals(self.0).await?, None)?;
                let is_linked = goals.find(self.1.id.as_u128()).is_some();
                is_linked.then_some(()).ok_or(error)
            }
            result => result.map(drop),
        }
    }

    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<Api>> {
        let goal: &Goal = created(self.1.id(), answer)?;
        Some(AnyMutation::new(Self(self.0, goal.clone())))
    }
}

/// Returns the list with the goal in it. A goal that is listed already is left as it is, since it comes from the server
/// and may be newer than the goal that was seen.
fn with_goal(list: &List<Goal>, goal: &Rc<Goal>) -> List<Goal> {
    match list.find(goal.id.as_u128()) {
        Some(_) => list.clone(),
        None => list.with(goal),
    }
}

/// Unlinks a goal from a coaching session.
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

    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<Api>> {
        let goal: &Goal = created(self.1.as_u128(), answer)?;
        Some(AnyMutation::new(Self(self.0, goal.id)))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    use wire::{ItemStatus, UserId};

    use super::*;
    use crate::query::Value;

    #[test]
    fn linking_keeps_listed_goal_unchanged() {
        let goal = |version, body: &str| Goal {
            id: GoalId::from_u128(1),
            coaching_relationship_id: CoachingRelationshipId::from_u128(2),
            created_in_session_id: None,
            user_id: UserId::from_u128(3),
            title: None,
            body: Some(body.to_owned()),
            status: ItemStatus::default(),
            status_changed_at: None,
            completed_at: None,
            target_date: None,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            version,
        };
        let link = LinkGoal(CoachingSessionId::from_u128(4), goal(None, "not sent yet"));
        let edit = link.edits().edits.remove(0);
        let list = Value::new(List::from(vec![Rc::new(goal(Some(2), "as the server has it"))]));
        assert!(edit.optimistic.apply(&list).is(&list));
        let outcome = (edit.outcome)(&()).unwrap();
        assert!(outcome.apply(&list).is(&list));
    }
}
