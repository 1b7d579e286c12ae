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
mod edits;
mod effect;
mod entry;
mod explain;
mod index;
mod journal;
mod key;
mod list;
mod overlay;
mod pages;
mod policy;
mod provider;
#[expect(clippy::module_inception, reason = "the trait is what the room is named after")]
mod query;
mod queue;
mod selector;
mod use_mutation;
mod use_part;
mod use_query;
mod value;

#[cfg(test)]
mod tests;

pub use cache::Cache;
pub use client::{Failure, QueryClient};
pub use edits::{Edits, change, creation, removal};
pub use effect::{Changed, Effect, EntryId, FlightId, MutationId, ObserverId, Plan};
pub use entry::Snapshot;
pub use explain::{Explanation, Gate};
pub use journal::{Input, Journal};
pub use key::{Key, KeyBuilder, Segment};
pub use list::{Item, List, Listed};
pub use pages::Pages;
pub use policy::{Fault, OnMount, Options, Retry};
pub use provider::{QueryProvider, QueryProviderProperties, use_pending, use_query_client};
pub use query::{Backend, Fails, Mutation, Page, PageResult, PagedQuery, Query, ReadResult};
pub use queue::{Fate, Manner};
pub use selector::Selector;
pub use use_mutation::{UseMutation, use_mutation};
pub use use_part::{use_item, use_selection};
pub use use_query::{Show, UseQuery, View, use_pages, use_query, use_query_if, use_query_with};
pub use value::{Data, Diff, Patch, Value};
