//! What the app shows, as queries and mutations of the cache: one file for each kind of thing.
//!
//! A query says what it is called, how it is fetched and how old it may grow; a mutation says what it does to what is
//! shown and how it is sent. This room does not know where events come from, nor how anything looks.

mod actions;
mod agreements;
mod goals;
mod relationships;
mod sessions;

use std::rc::Rc;

use wire::json::FromJson;
use wire::{Action, Agreement, CoachingRelationship, CoachingSession, CoachingSessionId, Goal};

use crate::api::{Api, ApiError, Kind, Rows};
use crate::query::{Backend, Data, Fault, Item, List, QueryClient, Retry};

pub use actions::{CreateAction, DeleteAction, SessionActions, UpdateAction, UserActions};
pub use agreements::{CreateAgreement, DeleteAgreement, SessionAgreements, UpdateAgreement};
pub use goals::{CreateGoal, DeleteGoal, LinkGoal, RelationshipGoals, SessionGoals, UnlinkGoal, UpdateGoal};
pub use relationships::UserRelationships;
pub use sessions::{PlanSession, RenameSession, SessionById, UserSessions};

/// The cache of the app.
pub type Client = QueryClient<Api>;

/// Has the cache know every mutation that may have been written down on an earlier visit.
pub fn register(client: &Client) {
    client.register::<CreateAction>();
    client.register::<UpdateAction>();
    client.register::<DeleteAction>();
    client.register::<CreateAgreement>();
    client.register::<UpdateAgreement>();
    client.register::<DeleteAgreement>();
    client.register::<CreateGoal>();
    client.register::<UpdateGoal>();
    client.register::<DeleteGoal>();
    client.register::<LinkGoal>();
    client.register::<UnlinkGoal>();
    client.register::<PlanSession>();
    client.register::<RenameSession>();
}

/// Fetches what the page of a session shows, for somebody who is about to go there.
pub fn prefetch_session(client: &Client, id: CoachingSessionId) {
    client.prefetch(&SessionById(id));
    client.prefetch(&SessionActions(id));
    client.prefetch(&SessionAgreements(id));
    client.prefetch(&SessionGoals(id));
}

impl Backend for Api {
    type Error = ApiError;
}

impl Fault for ApiError {
    fn retry(&self) -> Retry {
        match self.kind() {
            Kind::Unreachable | Kind::TimedOut | Kind::Server(_) => Retry::Backoff,
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
        }
    )*};
}

items! { Action Agreement CoachingRelationship CoachingSession Goal }

impl Data for CoachingSession {}

/// What is read of a list against the last one: only the rows whose bytes differ.
type Reading<T> = Result<(Rc<List<T>>, Rows<T>), ApiError>;

fn read_list<T: Item + FromJson>(body: Vec<u8>, last: Option<&Rows<T>>) -> Reading<T> {
    let rows = Rows::read(body, last)?;
    Ok((Rc::new(rows.list().iter().cloned().collect()), rows))
}

/// Whatever is gone already is as gone as it was meant to be.
fn gone(result: Result<(), ApiError>) -> Result<(), ApiError> {
    match result {
        Err(error) if matches!(error.kind(), Kind::NotFound) => Ok(()),
        result => result,
    }
}
