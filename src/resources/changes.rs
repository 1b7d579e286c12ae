//! Updates and deletions of rows as intents: when they are sent, and which part the person has to decide on.
//!
//! [`exchange`](super::exchange) has the requests to the server and their order.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use intent::{Changes, FieldConflict};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wire::{Deletion, FieldAuthor};

use super::additions::Restore;
use super::exchange::{Answer, Ask, Circumstances, Deleting, NO_VERSION, Step, Updating, unconfirmed};
use super::record::{Holds, Home, Record, RowChange, created, target};
use crate::api::{Api, ApiError, Changed, Deleted, Kind, Written};
use crate::query::{AnyMutation, Combined, Edits, Mutation, SendContext, Value};
use crate::unresolved::{Problem, Unresolved};

/// The delay of a deletion on a server that can not restore.
pub(super) const UNDO_WINDOW: Duration = Duration::from_secs(10);

/// Changes fields of a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Update<T> {
    /// The row as the person saw it.
    pub seen: T,
    /// The fields that change.
    pub changes: Changes,
}

/// Deletes a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delete<T> {
    /// The row as the person saw it.
    pub seen: T,
    /// The changes of the row that were unsent when it was deleted. They return with the row.
    pub pending: Changes,
}

/// The outcome of an update.
#[derive(Clone, Debug, PartialEq)]
pub enum Saved<T> {
    /// The row as it is now. Some fields may not have been written.
    Row {
        /// The row.
        row: T,
        /// The fields that another person has changed to a different value.
        conflicts: Vec<FieldConflict>,
        /// The last author of each field that was written meanwhile.
        authors: BTreeMap<String, FieldAuthor>,
    },
    /// The row was deleted meanwhile.
    Gone(Option<Deletion>),
}

/// The outcome of a deletion.
#[derive(Clone, Debug, PartialEq)]
pub enum Removed<T> {
    /// The row is deleted.
    Gone,
    /// Another person has changed the row meanwhile. It still exists.
    Kept(Changed<T>),
}

/// The answer to a deletion.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal<T> {
    /// The outcome for the row.
    pub removed: Removed<T>,
    /// The changes that the deletion held. They are made again if the row is restored.
    pub pending: Changes,
}

impl<T> Saved<T> {
    /// The row as it was wanted, without conflicts.
    pub(super) const fn whole(row: T) -> Self {
        Self::Row {
            row,
            conflicts: Vec::new(),
            authors: BTreeMap::new(),
        }
    }
}

impl<T> Delete<T> {
    /// Deletes this row.
    #[must_use]
    pub fn of(seen: T) -> Self {
        Self {
            seen,
            pending: Changes::default(),
        }
    }
}

impl<T: Record> Update<T> {
    /// Returns the change from a row as it was seen to the row as it is wanted.
    #[must_use]
    pub fn between(seen: &T, wanted: &T) -> Self {
        Self {
            seen: seen.clone(),
            changes: Changes::between(&seen.fields(), &wanted.fields()),
        }
    }

    /// Returns the change that reverses this one.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            seen: self.wanted(&self.seen),
            changes: self.changes.reversed(),
        }
    }

    fn wanted(&self, row: &T) -> T {
        unconfirmed(&self.changes, row)
    }

    /// Returns the part that the person has to decide on, such as a conflict or a deleted row.
    fn unresolved(&self, problem: Problem, authors: &BTreeMap<String, FieldAuthor>) -> Unresolved {
        Unresolved::new(&self.seen, self.changes.clone(), problem, authors)
    }
}

impl<T: Record> Mutation for Update<T> {
    type Backend = Api;
    type Output = Saved<T>;

    const NAME: &'static str = T::NAMES.update;
    const ATTEMPT: &'static str = T::NAMES.update_attempt;

    fn edits(&self) -> Edits<Saved<T>> {
        let id = self.seen.id();
        Edits::default().in_lane(id).patched(
            target(&self.seen),
            T::patch(RowChange::Changes(id, self.changes.clone())),
            move |saved: &Saved<T>| {
                T::patch(match saved {
                    Saved::Row { row, .. } => RowChange::Is(Rc::new(row.clone())),
                    Saved::Gone(_) => RowChange::Goes(id),
                })
            },
        )
    }

    /// A repetition finds the wanted values in place.
    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    async fn send(self, api: Api, context: SendContext) -> Result<Saved<T>, ApiError> {
        let api = api.in_this_session();
        let circumstances = circumstances(&api, &context, self.seen.id());
        let (mut updating, mut step) = Updating::begin(&self.seen, &self.changes, circumstances);
        loop {
            match step {
                Step::Ask(ask) => step = updating.handle(request(&api, &context, self.seen.uuid(), ask).await?),
                Step::Done(saved) => return Ok(saved),
                Step::Later => return Err(Kind::Unavailable(None).into()),
            }
        }
    }

    fn beyond(&self, shown: &[Value]) -> Option<AnyMutation<Api>> {
        let id = self.seen.id();
        let row = shown.iter().find_map(|data| data.get::<Home<T>>()?.row(id));
        let changes = match row {
            Some(row) => self.changes.beyond(&row.to_row()),
            None => self.changes.clone(),
        };
        let seen = self.seen.clone();
        (!changes.is_empty()).then(|| AnyMutation::new(Self { seen, changes }))
    }

    fn combine(&self, later: &dyn Any) -> Combined<Api> {
        if let Some(later) = later.downcast_ref::<Self>() {
            if !self.changes.leads_to(&later.changes) {
                return Combined::Separate;
            }
            let changes = self.changes.then(&later.changes);
            if changes.is_empty() {
                return Combined::Nothing;
            }
            let seen = self.seen.clone();
            return Combined::One(AnyMutation::new(Self { seen, changes }));
        }
        if later.is::<Delete<T>>() {
            // The server has the row as it was before this change.
            return Combined::One(AnyMutation::new(Delete {
                seen: self.seen.clone(),
                pending: self.changes.clone(),
            }));
        }
        Combined::Separate
    }

    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<Api>> {
        let seen = created::<T>(self.seen.id(), answer)?.clone();
        let changes = self.changes.clone();
        Some(AnyMutation::new(Self { seen, changes }))
    }

    fn leftover(&self, outcome: Result<&Saved<T>, &ApiError>) -> Option<Unresolved> {
        let nobody = BTreeMap::new();
        match outcome {
            Ok(Saved::Row { conflicts, .. }) if conflicts.is_empty() => None,
            Ok(Saved::Row {
                row,
                conflicts,
                authors,
            }) => {
                let conflict = Problem::BothChanged {
                    fields: conflicts.clone(),
                };
                // The authors of other fields are not part of the conflict.
                let in_conflict = |field: &String| conflicts.iter().any(|conflict| conflict.field == *field);
                let authors = authors_of(authors, in_conflict);
                Some(self.unresolved(conflict, &authors).now(row))
            }
            Ok(Saved::Gone(deletion)) => Some(self.unresolved(Problem::DeletedThere, &nobody).deleted(*deletion)),
            Err(error) => Problem::refused(error).map(|problem| self.unresolved(problem, &nobody)),
        }
    }
}

impl<T: Record> Mutation for Delete<T> {
    type Backend = Api;
    type Output = Removal<T>;

    const NAME: &'static str = T::NAMES.delete;
    const ATTEMPT: &'static str = T::NAMES.delete_attempt;

    fn edits(&self) -> Edits<Removal<T>> {
        let id = self.seen.id();
        Edits::default().in_lane(id).patched(
            target(&self.seen),
            T::patch(RowChange::Goes(id)),
            move |Removal { removed, .. }: &Removal<T>| {
                T::patch(match removed {
                    Removed::Gone => RowChange::Goes(id),
                    Removed::Kept(Changed { now, .. }) => RowChange::Is(Rc::new(now.clone())),
                })
            },
        )
    }

    fn is_repeatable(&self, _: &Api) -> bool {
        true
    }

    fn delay(&self, api: &Api) -> Duration {
        if api.patches() { Duration::ZERO } else { UNDO_WINDOW }
    }

    async fn send(self, api: Api, context: SendContext) -> Result<Removal<T>, ApiError> {
        let api = api.in_this_session();
        let circumstances = circumstances(&api, &context, self.seen.id());
        let (mut deleting, mut step) = Deleting::begin(&self.seen, circumstances);
        loop {
            match step {
                Step::Ask(ask) => step = deleting.handle(request(&api, &context, self.seen.uuid(), ask).await?),
                Step::Done(removed) => {
                    let pending = self.pending;
                    return Ok(Removal { removed, pending });
                }
                Step::Later => return Err(Kind::Unavailable(None).into()),
            }
        }
    }

    fn combine(&self, later: &dyn Any) -> Combined<Api> {
        if let Some(Update { changes, .. }) = later.downcast_ref::<Update<T>>() {
            if !self.pending.leads_to(changes) {
                return Combined::Separate;
            }
            // The change is deleted with the row, and may be restored with it.
            return Combined::One(AnyMutation::new(Self {
                seen: self.seen.clone(),
                pending: self.pending.then(changes),
            }));
        }
        if !later.is::<Restore<T>>() {
            return Combined::Separate;
        }
        if self.pending.is_empty() {
            return Combined::Nothing;
        }
        Combined::One(AnyMutation::new(Update {
            seen: self.seen.clone(),
            changes: self.pending.clone(),
        }))
    }

    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<Api>> {
        let seen = created::<T>(self.seen.id(), answer)?.clone();
        let pending = self.pending.clone();
        Some(AnyMutation::new(Self { seen, pending }))
    }

    /// A mutation that restores the row has to know the changes that its deletion held, even if a further deletion
    /// holds none.
    fn renames(&self) -> bool {
        true
    }

    fn leftover(&self, outcome: Result<&Removal<T>, &ApiError>) -> Option<Unresolved> {
        match outcome {
            Ok(Removal { removed, .. }) => {
                let Removed::Kept(Changed { now, authors }) = removed else {
                    return None;
                };
                let theirs = Changes::between(&self.seen.fields(), &now.fields());
                let authors = authors_of(authors, |field| theirs.contains(field));
                // If the person deletes the row after all, it can be added again with the text of both people.
                let changes = theirs.then(&self.pending);
                Some(Unresolved::new(&self.seen, changes, Problem::ChangedThere, &authors).now(now))
            }
            // The row is shown again, as the server has it.
            Err(_) if self.pending.is_empty() => None,
            Err(error) => {
                let (seen, changes) = (self.seen.clone(), self.pending.clone());
                Update { seen, changes }.leftover(Err(error))
            }
        }
    }
}

/// Returns the last authors of the selected fields.
fn authors_of(
    authors: &BTreeMap<String, FieldAuthor>,
    is_meant: impl Fn(&String) -> bool,
) -> BTreeMap<String, FieldAuthor> {
    let meant = authors.iter().filter(|(field, _)| is_meant(field));
    meant.map(|(field, author)| (field.clone(), *author)).collect()
}

/// Returns the circumstances in which a mutation of this row is sent.
fn circumstances<T: Record>(api: &Api, context: &SendContext, id: u128) -> Circumstances<T> {
    let data = context.confirmed.as_ref();
    let data = data.and_then(Value::get::<Home<T>>);
    Circumstances {
        patches: api.patches(),
        has_status_route: api.has_status_route(),
        confirmed: data.and_then(|data| data.row(id)),
        is_current: context.is_current,
    }
}

/// Sends a request of an exchange.
async fn request<T: Record>(api: &Api, context: &SendContext, id: Uuid, ask: Ask<T>) -> Result<Answer<T>, ApiError> {
    // A different condition makes a different request: the server must not take it for a repetition. An unconditional
    // write has no key, since its content depends on the read before it and may differ the next time. A read has no key
    // either.
    let api = match &ask {
        Ask::Patch(_, version) | Ask::Delete(Some(version)) if *version != NO_VERSION => {
            api.with_key(format!("{}-{version}", context.key).into())
        }
        _ => api.clone(),
    };
    let written = match ask {
        Ask::Read => api.read_row(T::COLLECTION, id).await?,
        Ask::Patch(patch, version) => api.patch_row(T::COLLECTION, id, &patch, Some(version)).await?,
        Ask::Put { now, wanted } => T::put(api, *now, *wanted).await?,
        Ask::Status(status) => match api.put_status(T::COLLECTION, id, &status).await? {
            Some(written) => written,
            None => return Ok(Answer::NoRoute),
        },
        Ask::Delete(version) => {
            return Ok(match api.delete_row(T::COLLECTION, id, version).await? {
                Deleted::Done => Answer::Deleted,
                Deleted::Changed(changed) => Answer::Changed(changed),
            });
        }
    };
    Ok(match written {
        Written::Done(row) => Answer::Row(row),
        Written::Changed(changed) => Answer::Changed(changed),
        Written::Gone(deletion) => Answer::Gone(deletion),
    })
}
