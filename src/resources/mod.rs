//! What the app shows, as queries and mutations of the cache: one file for each kind of thing.
//!
//! A query says what it is called, how it is fetched and how old it may grow; the mutations say what they do to what
//! is shown. This room does not know where events come from, nor how anything looks.

mod actions;
mod agreements;
mod goals;
mod list;
mod relationships;
mod sessions;

use crate::api::{Api, ApiError, Kind};
use crate::query::{Backend, Fault, Retry};

pub use actions::{ActionMutations, SessionActions, UserActions, use_action_mutations};
pub use agreements::{AgreementMutations, SessionAgreements, use_agreement_mutations};
pub use goals::{GoalMutations, RelationshipGoals, SessionGoals, use_goal_mutations};
pub use list::{Item, List};
pub use relationships::UserRelationships;
pub use sessions::{SessionById, UserSessions, use_plan_session, use_rename_session};

/// The cache of the app.
pub type Client = crate::query::QueryClient<Api>;

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
