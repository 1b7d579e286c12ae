//! Mutations that add or restore rows.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use intent::Changes;
use serde::{Deserialize, Serialize};

use super::changes::{Delete, Removal, Removed, Saved, Update};
use super::exchange::apply;
use super::record::{Record, RowChange, created, new_target};
use crate::api::{Api, ApiError, Kind};
use crate::draft::is_draft;
use crate::query::{AnyMutation, Combined, Edits, Item, Mutation, Patch, SendContext};
use crate::unresolved::{Problem, Unresolved};

/// Adds a row. The row has a temporary id until the server assigns one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Create<T>(pub T);

/// Restores a deleted row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Restore<T> {
    /// The row as the person saw it.
    #[serde(flatten)]
    pub row: T,
    /// The changes that the deletion held. The server has never received them.
    #[serde(default)]
    pub pending: Changes,
    /// Whether the row still exists: another person had changed it, so that it was not deleted.
    #[serde(default)]
    pub is_there: bool,
}

/// A restored row, with the outcome of the changes that its deletion held.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored<T>(pub Saved<T>);

impl<T: Record> Mutation for Create<T> {
    type Backend = Api;
    type Output = T;

    const NAME: &'static str = T::NAMES.create;
    const ATTEMPT: &'static str = T::NAMES.create_attempt;

    fn edits(&self) -> Edits<T> {
        Edits::default()
            .in_lane(self.0.id())
            .patched(new_target(&self.0), added(&self.0), added)
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        api.honours_keys()
    }

    async fn send(self, api: Api, context: SendContext) -> Result<T, ApiError> {
        create(&api, &context.key, &self.0).await
    }

    fn renames(&self) -> bool {
        true
    }

    fn new_id(&self, answer: &T) -> Option<u128> {
        created::<T>(self.0.id(), answer).map(Item::id)
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

    /// All later mutations of the row depend on its creation.
    fn absorb(&self, later: &dyn Any) -> Option<Combined<Api>> {
        Some(self.combine(later))
    }

    fn leftover(&self, outcome: Result<&T, &ApiError>) -> Option<Unresolved> {
        not_added(&self.0, &Changes::default(), outcome.err()?)
    }

    fn uncertain(&self) -> Option<Unresolved> {
        Some(addition(&self.0, &Changes::default(), Problem::Uncertain))
    }
}

impl<T> Restore<T> {
    /// Restores this row. The changes that its deletion held are added by [`Mutation::follow`].
    #[must_use]
    pub fn of(row: T) -> Self {
        Self {
            row,
            pending: Changes::default(),
            is_there: false,
        }
    }
}

impl<T: Record> Restore<T> {
    /// Whether the row is created anew, since the server never had it or can not restore.
    fn creates(&self, api: &Api) -> bool {
        !self.is_there && (!api.patches() || is_draft(&self.row))
    }

    /// Returns this mutation with the outcome of the deletion, or `None` if nothing in it changes.
    fn after(&self, pending: &Changes, is_there: bool) -> Option<AnyMutation<Api>> {
        let this = || Self {
            row: self.row.clone(),
            pending: pending.clone(),
            is_there,
        };
        (self.pending != *pending || self.is_there != is_there).then(|| AnyMutation::new(this()))
    }

    /// Returns the update to make once the row exists again.
    fn update(&self, row: T) -> Update<T> {
        Update {
            seen: row,
            changes: self.pending.clone(),
        }
    }
}

impl<T: Record> Mutation for Restore<T> {
    type Backend = Api;
    type Output = Restored<T>;

    const NAME: &'static str = T::NAMES.restore;
    const ATTEMPT: &'static str = T::NAMES.restore_attempt;

    fn edits(&self) -> Edits<Restored<T>> {
        let id = self.row.id();
        let row = Rc::new(apply(&self.pending, &self.row));
        Edits::default().in_lane(id).patched(
            new_target(&self.row),
            T::patch(RowChange::ComesBack(row)),
            move |Restored(saved): &Restored<T>| match saved {
                Saved::Row { row, .. } => added(row),
                Saved::Gone(_) => T::patch(RowChange::Goes(id)),
            },
        )
    }

    fn is_repeatable(&self, api: &Api) -> bool {
        !self.creates(api) || api.honours_keys()
    }

    async fn send(self, api: Api, context: SendContext) -> Result<Restored<T>, ApiError> {
        let api = api.in_this_session();
        if self.creates(&api) {
            let row = apply(&self.pending, &self.row);
            let created = create(&api, &context.key, &row).await?;
            return Ok(Restored(Saved::whole(created)));
        }
        if !api.patches() {
            // The row exists, and may have changed: the update reads it.
            let row = self.row.clone();
            return self.update(row).send(api, context).await.map(Restored);
        }
        let named = api.with_key(Rc::clone(&context.key));
        let row = named.restore_row(T::COLLECTION, self.row.uuid()).await?;
        if self.pending.is_empty() {
            return Ok(Restored(Saved::whole(row)));
        }
        self.update(row).send(api, context).await.map(Restored)
    }

    fn renames(&self) -> bool {
        true
    }

    fn new_id(&self, answer: &Restored<T>) -> Option<u128> {
        created::<T>(self.row.id(), answer).map(Item::id)
    }

    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<Api>> {
        if let Some(Removal { removed, pending }) = answer.downcast_ref::<Removal<T>>() {
            return self.after(pending, matches!(removed, Removed::Kept(_)));
        }
        let is_back = matches!(answer.downcast_ref(), Some(Restored(Saved::<T>::Row { .. })));
        let Some(created) = created::<T>(self.row.id(), answer) else {
            // The row was restored before, with the changes that the deletion held.
            return is_back
                .then(Changes::default)
                .and_then(|nothing| self.after(&nothing, true));
        };
        let mut row = self.row.to_row();
        row.extend(created.to_row().into_iter().filter(|(field, _)| field == "id"));
        let row = T::from_row(row)?.at_version(None);
        let pending = if is_back {
            Changes::default()
        } else {
            self.pending.clone()
        };
        let is_there = is_back;
        Some(AnyMutation::new(Self { row, pending, is_there }))
    }

    fn combine(&self, later: &dyn Any) -> Combined<Api> {
        if later.is::<Delete<T>>() {
            Combined::Nothing
        } else {
            Combined::Separate
        }
    }

    /// Later mutations of the row depend on its restoration, unless the row still exists.
    fn absorb(&self, later: &dyn Any) -> Option<Combined<Api>> {
        if self.is_there {
            return None;
        }
        let Some(Update { changes, .. }) = later.downcast_ref::<Update<T>>() else {
            return Some(self.combine(later));
        };
        Some(Combined::One(AnyMutation::new(Self {
            row: self.row.clone(),
            pending: self.pending.then(changes),
            is_there: false,
        })))
    }

    fn leftover(&self, outcome: Result<&Restored<T>, &ApiError>) -> Option<Unresolved> {
        match outcome {
            Ok(Restored(saved)) => self.update(self.row.clone()).leftover(Ok(saved)),
            Err(_) if self.is_there && self.pending.is_empty() => None,
            Err(error) if self.is_there => self.update(self.row.clone()).leftover(Err(error)),
            Err(error) => not_added(&self.row, &self.pending, error),
        }
    }

    fn uncertain(&self) -> Option<Unresolved> {
        Some(addition(&self.row, &self.pending, Problem::Uncertain))
    }
}

/// Creates a row on the server. A row may be refused because it refers to another row that is deleted, as an action to
/// its goal. It is then created without the reference, as if the other row had been deleted a moment later. Only the
/// server knows the deleted rows.
async fn create<T: Record>(api: &Api, key: &Rc<str>, row: &T) -> Result<T, ApiError> {
    let named = api.with_key(Rc::clone(key));
    let refused = match named.create_row(T::COLLECTION, &row.to_new()).await {
        Err(error) if matches!(error.kind(), Kind::Invalid(_) | Kind::NotFound) => error,
        result => return result,
    };
    let unattached = row.unattached().ok_or(refused)?;
    // This is a different request: with the same key, the server would take it for a repetition.
    let named = api.with_key(format!("{key}-unattached").into());
    named.create_row(T::COLLECTION, &unattached.to_new()).await
}

/// Returns the patch that shows an added row.
fn added<T: Record>(row: &T) -> Patch {
    T::patch(RowChange::Comes(Rc::new(row.clone())))
}

/// Returns the unresolved change for a row that an error has kept from being added.
pub(super) fn not_added<T: Record>(row: &T, changes: &Changes, error: &ApiError) -> Option<Unresolved> {
    if error.is_unreachable() {
        return Some(addition(row, changes, Problem::Uncertain));
    }
    Problem::refused(error).map(|problem| addition(row, changes, problem))
}

/// Returns the unresolved change for the addition of a row with changes in it.
pub(super) fn addition<T: Record>(row: &T, changes: &Changes, problem: Problem) -> Unresolved {
    Unresolved::new(row, changes.clone(), problem, &BTreeMap::new())
}
