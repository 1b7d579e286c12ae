//! Actions.

use std::rc::Rc;

use serde::Serialize;
use wire::json::read;
use wire::{Action, ActionId, CoachingSessionId, NewAction, UserId};

use super::{Reading, gone, read_list};
use crate::api::{Api, ApiError, Rows};
use crate::query::{Edits, Key, List, Mutation, Query, change, creation, removal};

/// The actions of a session, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionActions(pub CoachingSessionId);

impl Query for SessionActions {
    type Backend = Api;
    type Data = List<Action>;
    type Memo = Rows<Action>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("actions")
            .param("coaching_session_id", self.0.as_u128())
            .build()
    }

    async fn fetch(self, api: Api) -> Result<Vec<u8>, ApiError> {
        api.actions(self.0).await
    }

    fn read(body: Vec<u8>, last: Option<&Rows<Action>>) -> Reading<Action> {
        read_list(body, last)
    }

    fn body(rows: &Rows<Action>) -> Option<&[u8]> {
        Some(rows.body())
    }
}

/// The actions of all sessions of a person, the next due first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserActions(pub UserId);

impl Query for UserActions {
    type Backend = Api;
    type Data = List<Action>;
    type Memo = Rows<Action>;

    fn key(&self) -> Key {
        Key::of::<Self>()
            .segment("users")
            .segment(self.0.as_u128())
            .segment("actions")
            .build()
    }

    async fn fetch(self, api: Api) -> Result<Vec<u8>, ApiError> {
        api.actions_of(self.0).await
    }

    fn read(body: Vec<u8>, last: Option<&Rows<Action>>) -> Reading<Action> {
        read_list(body, last)
    }

    fn body(rows: &Rows<Action>) -> Option<&[u8]> {
        Some(rows.body())
    }
}

/// Adds this action, which has an id of its own until the server gives it one.
#[derive(Clone, Debug, Serialize)]
pub struct CreateAction(pub Action);

impl Mutation for CreateAction {
    type Backend = Api;
    type Output = Action;

    const NAME: &'static str = "create_action";
    const ATTEMPT: &'static str = "add the action";

    fn read(content: &[u8]) -> Option<Self> {
        read(content).ok().map(Self)
    }

    fn edits(&self) -> Edits<Action> {
        creation(&SessionActions(self.0.coaching_session_id), self.0.clone())
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        api.honours_keys()
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<Action, ApiError> {
        let new = NewAction {
            coaching_session_id: self.0.coaching_session_id,
            goal_id: self.0.goal_id,
            body: self.0.body,
            due_by: self.0.due_by,
            status: self.0.status,
            assignee_ids: Some(self.0.assignee_ids).filter(|ids| !ids.is_empty()),
        };
        api.with_key(key).create_action(&new).await
    }
}

/// Replaces the action with this id by this one.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateAction(pub Action);

impl Mutation for UpdateAction {
    type Backend = Api;
    type Output = Action;

    const NAME: &'static str = "update_action";
    const ATTEMPT: &'static str = "save the action";

    fn read(content: &[u8]) -> Option<Self> {
        read(content).ok().map(Self)
    }

    fn edits(&self) -> Edits<Action> {
        change(&SessionActions(self.0.coaching_session_id), &self.0)
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<Action, ApiError> {
        api.with_key(key).update_action(&self.0).await
    }
}

/// Removes an action of a session.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DeleteAction(pub CoachingSessionId, pub ActionId);

impl Mutation for DeleteAction {
    type Backend = Api;
    type Output = ();

    const NAME: &'static str = "delete_action";
    const ATTEMPT: &'static str = "delete the action";

    fn read(content: &[u8]) -> Option<Self> {
        let (session, action) = read(content).ok()?;
        Some(Self(session, action))
    }

    fn edits(&self) -> Edits<()> {
        removal(&SessionActions(self.0), self.1.as_u128())
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, key: Rc<str>) -> Result<(), ApiError> {
        gone(api.with_key(key).delete_action(self.1).await)
    }
}
