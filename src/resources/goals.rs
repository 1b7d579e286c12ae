//! Goals, and which of them a session works on.

use std::rc::Rc;

use wire::{CoachingRelationshipId, CoachingSessionId, Goal, GoalId, NewGoal, SessionGoal, Timestamp, UserId};
use yew::prelude::*;

use super::list::{self, List};
use crate::api::{Api, ApiError};
use crate::query::{Edits, Key, Query, UseMutation, use_mutation};

/// The goals of a relationship, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelationshipGoals(pub CoachingRelationshipId);

impl Query for RelationshipGoals {
    type Backend = Api;
    type Data = List<Goal>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("goals")
            .param("coaching_relationship_id", self.0.as_u128())
            .build()
    }

    async fn fetch(self, api: Api) -> Result<List<Goal>, ApiError> {
        api.goals(self.0).await
    }

    fn share(previous: &List<Goal>, fresh: List<Goal>) -> List<Goal> {
        list::share(previous, fresh)
    }
}

/// The goals that a session works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionGoals(pub CoachingSessionId);

impl Query for SessionGoals {
    type Backend = Api;
    type Data = List<Goal>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("coaching_sessions")
            .segment(self.0.as_u128())
            .segment("goals")
            .build()
    }

    async fn fetch(self, api: Api) -> Result<List<Goal>, ApiError> {
        api.session_goals(self.0).await
    }

    fn share(previous: &List<Goal>, fresh: List<Goal>) -> List<Goal> {
        list::share(previous, fresh)
    }
}

/// What can be done to the goals of a relationship, and to those that a session works on.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalMutations {
    /// Sets one.
    pub create: UseMutation<Api, NewGoal, Goal>,
    /// Replaces one.
    pub update: UseMutation<Api, Goal, Goal>,
    /// Removes one.
    pub delete: UseMutation<Api, GoalId, ()>,
    /// Has the session work on one.
    pub link: UseMutation<Api, Rc<Goal>, SessionGoal>,
    /// Has the session no longer work on one.
    pub unlink: UseMutation<Api, GoalId, ()>,
}

/// What can be done to the goals of a relationship by this person in this session.
#[hook]
pub fn use_goal_mutations(
    relationship: CoachingRelationshipId,
    session: CoachingSessionId,
    user: UserId,
) -> GoalMutations {
    let goals = RelationshipGoals(relationship);
    let linked = SessionGoals(session);
    GoalMutations {
        create: use_mutation(
            "add the goal",
            (goals, user),
            |(goals, user), new| list::creation(goals, Rc::new(draft(new, *user))),
            |_, api: Api, new| async move { api.create_goal(&new).await },
        ),
        update: use_mutation("save the goal", goals, list::change, |_, api: Api, goal| async move {
            api.update_goal(&goal).await
        }),
        delete: use_mutation(
            "delete the goal",
            goals,
            |goals, id| list::removal(goals, *id),
            |_, api: Api, id| async move { api.delete_goal(id).await },
        ),
        link: use_mutation(
            "work on the goal in this session",
            linked,
            |linked, goal: &Rc<Goal>| {
                let (now, later) = (Rc::clone(goal), Rc::clone(goal));
                Edits::default().in_lane(goal.id.as_u128()).edit(
                    linked,
                    move |list| list::with(list, &now),
                    move |_: &SessionGoal| move |list| list::with(list, &later),
                )
            },
            |SessionGoals(session), api: Api, goal| {
                let session = *session;
                async move { api.link_goal(session, goal.id).await }
            },
        ),
        unlink: use_mutation(
            "take the goal out of this session",
            linked,
            |linked, id| list::removal(linked, *id),
            |SessionGoals(session), api: Api, id| {
                let session = *session;
                async move { api.unlink_goal(session, id).await }
            },
        ),
    }
}

/// What a new goal looks like until the server has said.
fn draft(new: &NewGoal, user: UserId) -> Goal {
    let not_known_yet = Timestamp::default();
    Goal {
        id: list::draft_id(),
        coaching_relationship_id: new.coaching_relationship_id,
        created_in_session_id: new.created_in_session_id,
        user_id: user,
        title: new.title.clone(),
        body: new.body.clone(),
        status: new.status,
        status_changed_at: None,
        completed_at: None,
        target_date: new.target_date,
        created_at: not_known_yet,
        updated_at: not_known_yet,
    }
}
