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
//! [`Cache`] decides everything and touches nothing; [`QueryClient`] carries out what it decides. This room does not
//! know HTTP, server-sent events or any entity: it is generic over what is fetched and from where.
//!
//! To show something, implement [`Query`] for a value that names it and call [`use_query`]; a row of a long list shows
//! itself with [`use_item`], a part of something with [`use_selection`], page after page with [`use_pages`]. To change
//! something, implement [`Mutation`] and call [`use_mutation`]. To say that something has changed elsewhere, call
//! [`QueryClient::invalidate`], or [`QueryClient::paint`] if it is known what it is like now. `examples/cache.rs` is a complete
//! example, `docs/cache.md` every promise with the test that proves it.
//!
//! The rules that everything rests on:
//!
//! 1. Methods record facts; one flush for each microtask draws conclusions. So ten events in one breath are one fetch.
//! 2. One fetch at a time for a key, never given up because of an event. So answers can not overtake each other, and a
//!    stream of events can not starve the screen.
//! 3. Every key counts its invalidations. A fetch remembers the count at its start; success applies that count,
//!    failure none. So an event during a fetch always causes exactly one more.
//! 4. A confirmed local write fences the answers that left before it: they are dropped and read again.
//! 5. What an event carries is painted over the data, over a fetch under way, and confirmed by a fetch that leaves
//!    later.
//! 6. Own changes are an ordered list of patches over what the server said, applied anew to everything it says.

mod any_mutation;
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
mod mates;
mod outage;
mod outbox;
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

/// For the simulation of the whole client.
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) use any_mutation::ResponseFuture;
pub use any_mutation::{AnyMutation, Kinds};
pub use cache::Cache;
pub use client::QueryClient;
pub use edits::{Edits, removal};
pub use effect::{Changed, Effect, EntryId, FlightId, MutationId, ObserverId, Plan};
pub use entry::Snapshot;
pub use explain::{Explanation, Gate};
pub use journal::{Input, Journal};
pub use key::{Key, KeyBuilder, Segment};
pub use list::{Item, List, Listed, Opaque, is_newer};
pub use outbox::Failure;
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) use outbox::{Chore, Departure, Outbox, Settled, Written};
pub use pages::Pages;
pub use policy::{Fault, OnMount, Options, Retry};
pub use provider::{
    QueryProvider, QueryProviderProperties, use_added, use_pending, use_query_client, use_unsaved, use_waiting,
};
pub use query::{Backend, Combined, Fails, Mutation, Page, PageResult, PagedQuery, Query, ReadResult, SendContext};
pub use queue::{Fate, Manner};
pub use selector::{Selector, Target};
pub use use_mutation::{UseMutation, use_mutation};
pub use use_part::{use_item, use_selection};
pub use use_query::{Show, UseQuery, View, use_pages, use_query, use_query_if, use_query_with};
pub use value::{Data, Diff, Patch, Value};
