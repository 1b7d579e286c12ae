//! What a query is.

use std::future::Future;

use super::key::Key;
use super::policy::{Fault, Options};

/// Where data comes from. Cheap to clone.
pub trait Backend: Clone + PartialEq + 'static {
    /// What can go wrong there.
    type Error: Fault;
}

/// A query is a value: its key, how to fetch it, and how to treat it, in one place.
///
/// See the module's documentation for an example.
pub trait Query: Clone + PartialEq + 'static {
    /// Where it comes from.
    type Backend: Backend;
    /// What it is.
    type Data: PartialEq + 'static;

    /// What it is called. Queries with equal keys are one query.
    fn key(&self) -> Key;

    /// How it wants to be treated.
    fn options(&self) -> Options {
        Options::default()
    }

    /// Fetches it. Dropping the future gives it up.
    fn fetch(self, backend: Self::Backend) -> impl Future<Output = Result<Self::Data, Fails<Self>>> + 'static;

    /// Lets new data share with the previous what has not changed, so that what is shown of it need not change.
    fn share(previous: &Self::Data, fresh: Self::Data) -> Self::Data {
        _ = previous;
        fresh
    }
}

/// What a query can fail with.
pub type Fails<Q> = <<Q as Query>::Backend as Backend>::Error;
