//! What outlives the page: the data that was shown last, and the mutations that have not settled.

use super::super::effect::{EntryId, MutationId};
use super::super::query::Backend;
use super::QueryClient;
use super::source::Source;

/// What is kept, and where.
pub(super) struct Keep<B: Backend>(std::marker::PhantomData<B>);

impl<B: Backend> Default for Keep<B> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<B: Backend> QueryClient<B> {
    /// Has the cache know a kind of mutation that may have been written down on an earlier visit.
    pub fn register<M: super::super::query::Mutation<Backend = B>>(&self) {}

    pub(super) fn remember(&self, _entry: EntryId, _source: &dyn Source<B::Error>) {}

    pub(super) fn keep(&self, _entry: EntryId) {}

    pub(super) fn write_down(&self, _id: MutationId, _name: &'static str, _key: &str, _note: String) {}

    pub(super) fn strike_out(&self, _id: MutationId) {}

    pub(super) fn forget_what_was_kept(&self) {}
}
