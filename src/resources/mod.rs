//! The data of the app as queries and mutations of the cache: one file for each type of row.
//!
//! A query has a key, a fetch and a limit on the age of its data. A mutation has optimistic edits and a request. This
//! module does not know the source of events, or the look of components.

mod actions;
mod additions;
mod agreements;
mod changes;
mod exchange;
mod goals;
mod history;
mod opaque;
mod record;
mod relationships;
mod sessions;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;

use std::rc::Rc;

use wire::json::FromJson;
use wire::{Action, Agreement, CoachingRelationship, CoachingSession, CoachingSessionId, Goal};

use crate::api::{Api, ApiError, Kind, Rows};
use crate::query::{Backend, Data, Fault, Item, Kinds, List, Opaque, QueryClient, Retry};
use crate::unresolved::Unresolved;

pub use actions::{SessionActions, UserActions};
pub use additions::{Create, Restore, Restored};
pub use agreements::SessionAgreements;
pub use changes::{Delete, Removal, Removed, Saved, Update};
pub use goals::{LinkGoal, RelationshipGoals, SessionGoals, UnlinkGoal};
pub use history::RowHistory;
pub use opaque::{DeleteOpaque, RowList};
pub use record::{Holds, Record, Versioned};
pub use relationships::UserRelationships;
pub use sessions::{PlanSession, SessionById, UserSessions};

/// The cache of the app.
pub type Client = QueryClient<Api>;

/// Registers every mutation that an earlier visit may have persisted.
pub fn register(client: &Client) {
    client.register_all(kinds());
}

/// Returns every mutation that an earlier visit may have persisted.
pub(crate) fn kinds() -> Kinds<Api> {
    fn row<T: Record>(kinds: Kinds<Api>) -> Kinds<Api> {
        let kinds = kinds.with::<Create<T>>().with::<Update<T>>();
        kinds.with::<Delete<T>>().with::<Restore<T>>()
    }
    row::<Goal>(row::<Agreement>(row::<Action>(Kinds::default())))
        .with::<Update<CoachingSession>>()
        .with::<LinkGoal>()
        .with::<UnlinkGoal>()
        .with::<PlanSession>()
        .with::<DeleteOpaque>()
}

/// Fetches the data of a coaching session's page before the person navigates to it.
pub fn prefetch_session(client: &Client, id: CoachingSessionId) {
    client.prefetch(&SessionById(id));
    client.prefetch(&SessionActions(id));
    client.prefetch(&SessionAgreements(id));
    client.prefetch(&SessionGoals(id));
}

impl Backend for Api {
    type Error = ApiError;
    type Leftover = Unresolved;
}

impl Fault for ApiError {
    fn is_unreachable(&self) -> bool {
        Self::is_unreachable(self)
    }

    fn is_signed_out(&self) -> bool {
        matches!(self.kind(), Kind::Unauthorized)
    }

    fn retry(&self) -> Retry {
        match self.kind() {
            Kind::Unreachable | Kind::TimedOut | Kind::Intercepted | Kind::Server(_) => Retry::Backoff,
            Kind::TooManyRequests(wait) | Kind::Unavailable(wait) => wait.map_or(Retry::Backoff, Retry::After),
            Kind::Unauthorized
            | Kind::WrongCredentials
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Conflict(_)
            | Kind::Invalid(_)
            | Kind::TooLarge
            | Kind::VersionMismatch
            | Kind::Unreadable => Retry::Never,
        }
    }
}

macro_rules! items {
    ($($item:ty)*) => {$(
        impl Item for $item {
            fn id(&self) -> u128 {
                self.id.as_u128()
            }

            fn version(&self) -> Option<u64> {
                self.version
            }
        }

        impl Versioned for $item {
            fn at_version(self, version: Option<u64>) -> Self {
                Self { version, ..self }
            }
        }
    )*};
}

impl Item for CoachingRelationship {
    fn id(&self) -> u128 {
        self.id.as_u128()
    }
}

items! { Action Agreement CoachingSession Goal }

impl Data for CoachingSession {}

/// The result of reading a list against the last one: only the rows with different bytes are parsed.
type Reading<T> = Result<(Rc<List<T>>, Rows<T>), ApiError>;

fn read_list<T: Item + FromJson>(body: Vec<u8>, last: Option<&Rows<T>>) -> Reading<T> {
    let rows = Rows::read(body, last)?;
    let opaque = rows.illegible().map(|row| Opaque {
        id: row.id.as_u128(),
        version: row.version,
    });
    let list = List::from(rows.list()).with_opaque(opaque);
    if !list.opaque().is_empty() && last.is_none_or(|last| !last.is_same(&rows)) {
        log::warn!("{} rows of a list can not be read", list.opaque().len());
    }
    Ok((Rc::new(list), rows))
}

/// Treats the deletion of a missing row as a success.
fn gone(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if matches!(error.kind(), Kind::NotFound) => Ok(()),
        result => result,
    }
}
