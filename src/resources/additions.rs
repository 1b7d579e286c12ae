//! Rows that are added, or brought back.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use intent::Changes;
use serde::{Deserialize, Serialize};

use super::changes::{Delete, Update};
use super::exchange::apply;
use super::record::{Holds, Record, created, patch};
use crate::api::{Api, ApiError};
use crate::draft::is_draft;
use crate::query::{AnyMutation, Combined, Edits, Mutation, Patch, Query, SendContext};
use crate::unresolved::{Problem, Unresolved};

/// Adds a row, which has a temporary id until the server gives it one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Create<T>(pub T);

/// Brings a deleted row back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Restore<T>(
    /// The row as it was seen.
    pub T,
);

impl<T: Record> Mutation for Create<T> {
    type Backend = Api;
    type Output = T;

    const NAME: &'static str = T::NAMES.create;
    const ATTEMPT: &'static str = T::NAMES.create_attempt;

    fn edits(&self) -> Edits<T> {
        let draft = Rc::new(self.0.clone());
        let home = self.0.home();
        Edits::default().in_lane(self.0.id()).patched(
            home.key(),
            patch::<T>(move |data| data.with_new_row(&draft)),
            added,
        )
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        api.honours_keys()
    }

    async fn send(self, api: Api, context: SendContext) -> Result<T, ApiError> {
        let api = api.with_key(context.key);
        api.create_row(T::COLLECTION, &self.0.to_new()).await
    }

    fn renames(&self) -> bool {
        true
    }

    fn combine(&self, later: &dyn Any) -> Combined<Api> {
        if let Some(Update { changes, .. }) = later.downcast_ref::<Update<T>>() {
            return Combined::One(AnyMutation::new(Self(apply(changes, &self.0))));
        }
        if later.is::<Delete<T>>() {
            return Combined::Nothing;
        }
        Combined::Separate
    }

    fn leftover(&self, outcome: Result<&T, &ApiError>) -> Option<Unresolved> {
        not_added(&self.0, outcome.err()?)
    }

    fn uncertain(&self) -> Option<Unresolved> {
        Some(addition(&self.0, Problem::Uncertain))
    }
}

impl<T: Record> Restore<T> {
    /// Whether the row is created anew: the server never had it, or can not restore.
    fn creates(&self, api: &Api) -> bool {
        !api.patches() || is_draft(&self.0)
    }
}

impl<T: Record> Mutation for Restore<T> {
    type Backend = Api;
    type Output = T;

    const NAME: &'static str = T::NAMES.restore;
    const ATTEMPT: &'static str = T::NAMES.restore_attempt;

    fn edits(&self) -> Edits<T> {
        let row = Rc::new(self.0.clone());
        let home = self.0.home();
        Edits::default().in_lane(self.0.id()).patched(
            home.key(),
            // If it is there after all, it is as the server has it.
            patch::<T>(move |data| match data.row(row.id()) {
                Some(there) => data.with_row(&there),
                None => data.with_new_row(&row),
            }),
            added,
        )
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        !self.creates(api) || api.honours_keys()
    }

    async fn send(self, api: Api, context: SendContext) -> Result<T, ApiError> {
        let creates = self.creates(&api);
        let api = api.with_key(context.key);
        if creates {
            api.create_row(T::COLLECTION, &self.0.to_new()).await
        } else {
            api.restore_row(T::COLLECTION, self.0.uuid()).await
        }
    }

    fn renames(&self) -> bool {
        true
    }

    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<Api>> {
        let created = created::<T>(self.0.id(), answer)?.to_row();
        let mut row = self.0.to_row();
        row.extend(created.into_iter().filter(|(field, _)| field == "id"));
        T::from_row(row).map(|row| AnyMutation::new(Self(row.at_version(None))))
    }

    fn combine(&self, later: &dyn Any) -> Combined<Api> {
        if later.is::<Delete<T>>() {
            Combined::Nothing
        } else {
            Combined::Separate
        }
    }

    fn leftover(&self, outcome: Result<&T, &ApiError>) -> Option<Unresolved> {
        not_added(&self.0, outcome.err()?)
    }

    fn uncertain(&self) -> Option<Unresolved> {
        Some(addition(&self.0, Problem::Uncertain))
    }
}

/// What the answer to an addition does to what is shown.
fn added<T: Record>(row: &T) -> Patch {
    let row = Rc::new(row.clone());
    patch::<T>(move |data| data.with_new_row(&row))
}

/// A row that an error has kept from being added, for the person to decide on.
fn not_added<T: Record>(row: &T, error: &ApiError) -> Option<Unresolved> {
    if error.is_unreachable() {
        return Some(addition(row, Problem::Uncertain));
    }
    Problem::refused(error).map(|problem| addition(row, problem))
}

/// The addition of a row, for the person to decide on.
fn addition<T: Record>(row: &T, problem: Problem) -> Unresolved {
    Unresolved::new(row, Changes::default(), problem, &BTreeMap::new())
}
