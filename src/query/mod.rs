//! A cache of what the server said, kept fresh: stale while revalidate.
//!
//! | what we have | what we do | a component sees |
//! |---|---|---|
//! | nothing | fetching, or about to | loading |
//! | nothing | gave up | the error |
//! | data | nothing | the data |
//! | data | fetching, retrying | the data, still |
//! | data | gave up | the data, and that it could not be refreshed |
//!
//! [`Cache`] decides everything and touches nothing; the client carries out what it decides. This room does not know
//! HTTP, server-sent events or any entity: it is generic over what is fetched and from where.

mod cache;
mod client;
mod effect;
mod entry;
mod key;
mod overlay;
mod policy;
mod provider;
#[expect(clippy::module_inception, reason = "the trait is what the room is named after")]
mod query;
mod selector;
mod use_mutation;
mod use_query;
mod value;

#[cfg(test)]
mod tests;

pub use cache::Cache;
pub use client::{Failure, QueryClient};
pub use effect::{Changed, Effect, EntryId, FlightId, MutationId};
pub use entry::Snapshot;
pub use key::{Key, KeyBuilder, Segment};
pub use policy::{Fault, Options, Retry};
pub use provider::{QueryProvider, QueryProviderProperties, use_query_client};
pub use query::{Backend, Fails, Query};
pub use selector::Selector;
pub use use_mutation::{Edits, UseMutation, use_mutation};
pub use use_query::{UseQuery, View, use_query, use_query_if};
pub use value::{Patch, Value};
