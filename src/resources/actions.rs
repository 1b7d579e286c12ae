//! Actions.

use std::rc::Rc;

use wire::{Action, ActionId, CoachingSessionId, NewAction, Timestamp, UserId};
use yew::prelude::*;

use super::list::{self, List};
use crate::api::{Api, ApiError};
use crate::query::{Key, Query, UseMutation, use_mutation};

/// The actions of a session, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionActions(pub CoachingSessionId);

impl Query for SessionActions {
    type Backend = Api;
    type Data = List<Action>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("actions")
            .param("coaching_session_id", self.0.as_u128())
            .build()
    }

    async fn fetch(self, api: Api) -> Result<List<Action>, ApiError> {
        api.actions(self.0).await
    }

    fn share(previous: &List<Action>, fresh: List<Action>) -> List<Action> {
        list::share(previous, fresh)
    }
}

/// The actions of all sessions of a person, the next due first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserActions(pub UserId);

impl Query for UserActions {
    type Backend = Api;
    type Data = List<Action>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("users")
            .segment(self.0.as_u128())
            .segment("actions")
            .build()
    }

    async fn fetch(self, api: Api) -> Result<List<Action>, ApiError> {
        api.actions_of(self.0).await
    }

    fn share(previous: &List<Action>, fresh: List<Action>) -> List<Action> {
        list::share(previous, fresh)
    }
}

/// What can be done to the actions of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionMutations {
    /// Adds one.
    pub create: UseMutation<Api, NewAction, Action>,
    /// Replaces one.
    pub update: UseMutation<Api, Action, Action>,
    /// Removes one.
    pub delete: UseMutation<Api, ActionId, ()>,
}

/// What can be done to the actions of a session by this person.
#[hook]
pub fn use_action_mutations(session: CoachingSessionId, user: UserId) -> ActionMutations {
    let query = SessionActions(session);
    ActionMutations {
        create: use_mutation(
            "add the action",
            (query, user),
            |(query, user), new| list::creation(query, Rc::new(draft(new, *user))),
            |_, api: Api, new| async move { api.create_action(&new).await },
        ),
        update: use_mutation(
            "save the action",
            query,
            list::change,
            |_, api: Api, action| async move { api.update_action(&action).await },
        ),
        delete: use_mutation(
            "delete the action",
            query,
            |query, id| list::removal(query, *id),
            |_, api: Api, id| async move { api.delete_action(id).await },
        ),
    }
}

/// What a new action looks like until the server has said.
fn draft(new: &NewAction, user: UserId) -> Action {
    let not_known_yet = Timestamp::default();
    Action {
        id: list::draft_id(),
        coaching_session_id: new.coaching_session_id,
        goal_id: new.goal_id,
        user_id: user,
        body: new.body.clone(),
        due_by: new.due_by,
        status: new.status,
        status_changed_at: not_known_yet,
        created_at: not_known_yet,
        updated_at: not_known_yet,
        assignee_ids: new.assignee_ids.clone().unwrap_or_default(),
    }
}
