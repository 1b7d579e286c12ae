//! Rows that this version of the app can not parse. They can be deleted, and the deletion can be undone.

use std::any::Any;
use std::time::Duration;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wire::{Action, Agreement, CoachingRelationshipId, CoachingSessionId, Goal};

use super::changes::UNDO_WINDOW;
use super::record::Record;
use super::{RelationshipGoals, SessionActions, SessionAgreements, gone};
use crate::api::{Api, ApiError, Kind};
use crate::query::{Combined, Edits, Item, Key, List, Mutation, Opaque, Patch, Query as _, SendContext};

/// A list of rows that people can delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowList {
    /// The actions of a coaching session.
    Actions(CoachingSessionId),
    /// The agreements of a coaching session.
    Agreements(CoachingSessionId),
    /// The goals of a coaching relationship.
    Goals(CoachingRelationshipId),
}

/// Deletes a row that can not be parsed, or restores it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct DeleteOpaque {
    /// The list that contains the row.
    pub list: RowList,
    /// The id of the row.
    pub id: Uuid,
    /// The version that the person saw.
    pub version: Option<u64>,
    /// Whether the row is restored.
    pub is_undo: bool,
}

impl RowList {
    fn key(self) -> Key {
        match self {
            Self::Actions(session) => SessionActions(session).key(),
            Self::Agreements(session) => SessionAgreements(session).key(),
            Self::Goals(relationship) => RelationshipGoals(relationship).key(),
        }
    }

    const fn collection(self) -> &'static str {
        match self {
            Self::Actions(_) => Action::COLLECTION,
            Self::Agreements(_) => Agreement::COLLECTION,
            Self::Goals(_) => Goal::COLLECTION,
        }
    }
}

impl DeleteOpaque {
    fn patch(self) -> Patch {
        match self.list {
            RowList::Actions(_) => Patch::new(move |list: &List<Action>| self.apply(list)),
            RowList::Agreements(_) => Patch::new(move |list: &List<Agreement>| self.apply(list)),
            RowList::Goals(_) => Patch::new(move |list: &List<Goal>| self.apply(list)),
        }
    }

    fn apply<T: Item>(self, list: &List<T>) -> List<T> {
        let row = Opaque {
            id: self.id.as_u128(),
            version: self.version,
        };
        let without = list.without(row.id);
        match (self.is_undo, list.find(row.id)) {
            (true, Some(_)) => list.clone(),
            (true, None) => {
                let opaque: Vec<_> = without.opaque().iter().copied().chain([row]).collect();
                without.with_opaque(opaque)
            }
            (false, _) => without,
        }
    }
}

impl Mutation for DeleteOpaque {
    type Backend = Api;
    type Output = ();

    const NAME: &'static str = "remove_opaque_row";
    const ATTEMPT: &'static str = "delete what can not be shown, or bring it back";

    fn edits(&self) -> Edits<()> {
        let outcome = self.patch();
        Edits::default()
            .in_lane(self.id.as_u128())
            .patched(self.list.key().into(), self.patch(), move |()| outcome)
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    fn delay(&self, api: &Api) -> Duration {
        if api.patches() || self.is_undo {
            Duration::ZERO
        } else {
            UNDO_WINDOW
        }
    }

    async fn send(self, api: Api, context: SendContext) -> Result<(), ApiError> {
        let (api, collection) = (api.with_key(context.key), self.list.collection());
        if self.is_undo {
            return api.restore_unread(collection, self.id).await;
        }
        let deleted = api.delete_row::<IgnoredAny>(collection, self.id, self.version).await;
        gone(deleted.and_then(|deleted| match deleted {
            crate::api::Deleted::Done => Ok(()),
            crate::api::Deleted::Changed(_) => Err(Kind::Conflict("It was changed meanwhile.".to_owned()).into()),
        }))
    }

    fn combine(&self, later: &dyn Any) -> Combined<Api> {
        match later.downcast_ref::<Self>() {
            Some(later) if later.is_undo != self.is_undo => Combined::Nothing,
            Some(_) | None => Combined::Separate,
        }
    }
}
