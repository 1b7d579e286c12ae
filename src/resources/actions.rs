//! Actions.

use wire::{Action, ActionId, ActionPatch, CoachingSessionId, NewAction, Timestamp, UserId};

use super::record::{Names, Ordered, Record};
use super::{Reading, read_list};
use crate::api::{Api, ApiError, Rows};
use crate::draft::is_draft;
use crate::invalidation;
use crate::query::{Key, List, Query, Selector};

/// The actions of a coaching session, oldest first.
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

/// The actions of all coaching sessions of a person, in the order of their due dates.
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

impl Record for Action {
    const COLLECTION: &'static str = "actions";
    const FIELDS: &'static [&'static str] = ActionPatch::FIELDS;
    const NAMES: Names = Names {
        noun: "action",
        create: "create_action",
        create_attempt: "add the action",
        update: "patch_action",
        update_attempt: "save the action",
        delete: "remove_action",
        delete_attempt: "delete the action",
        restore: "restore_action",
        restore_attempt: "bring the action back",
    };
    type Home = SessionActions;
    type New = NewAction;

    fn home(&self) -> SessionActions {
        SessionActions(self.coaching_session_id)
    }

    fn elsewhere(&self) -> Option<Selector> {
        Some(invalidation::within_session("actions", self.coaching_session_id))
    }

    fn new_elsewhere(&self) -> Option<Selector> {
        self.elsewhere()
    }

    /// An action whose goal is deleted stays, without a goal.
    fn unattached(&self) -> Option<Self> {
        self.goal_id?;
        Some(Self {
            goal_id: None,
            ..self.clone()
        })
    }

    fn to_new(&self) -> NewAction {
        NewAction {
            coaching_session_id: self.coaching_session_id,
            goal_id: self.goal_id,
            body: self.body.clone(),
            due_by: self.due_by,
            status: self.status,
            assignee_ids: Some(self.assignee_ids.clone()).filter(|ids| !ids.is_empty()),
        }
    }
}

impl Ordered for Action {
    type Key = (bool, Timestamp, ActionId);

    fn order(&self) -> Self::Key {
        (is_draft(self), self.created_at, self.id)
    }
}
