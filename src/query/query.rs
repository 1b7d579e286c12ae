//! What a query and a mutation are: values that know what they are called, and how they are carried out.

use std::future::Future;
use std::rc::Rc;

use serde::Serialize;

use super::edits::Edits;
use super::key::Key;
use super::policy::{Fault, Options};
use super::value::Data;

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
    type Data: Data;
    /// What is kept of the last answer so that only what has changed of the next one needs to be read.
    type Memo: 'static;

    /// What it is called. Queries with equal keys are one query.
    fn key(&self) -> Key;

    /// How it wants to be treated.
    fn options(&self) -> Options {
        Options::default()
    }

    /// Fetches it. Dropping the future gives it up.
    fn fetch(self, backend: Self::Backend) -> impl Future<Output = Result<Vec<u8>, Fails<Self>>> + 'static;

    /// Reads what was fetched, against what was kept of the last answer.
    ///
    /// # Errors
    ///
    /// If it is not what was asked for.
    fn read(body: Vec<u8>, last: Option<&Self::Memo>) -> ReadResult<Self>;

    /// What [`read`](Self::read) was given, if it is worth keeping for the next visit.
    fn body(memo: &Self::Memo) -> Option<&[u8]> {
        _ = memo;
        None
    }
}

/// The data that was read, and what is to be kept to read the next answer.
pub type ReadResult<Q> = Result<(Rc<<Q as Query>::Data>, <Q as Query>::Memo), Fails<Q>>;

/// What a query can fail with.
pub type Fails<Q> = <<Q as Query>::Backend as Backend>::Error;

/// A query that comes in pages, each of which says where the next one begins.
pub trait PagedQuery: Clone + PartialEq + 'static {
    /// Where it comes from.
    type Backend: Backend;
    /// What is on a page.
    type Item: super::list::Item;
    /// Where a page begins.
    type Cursor: Clone + PartialEq + 'static;

    /// What it is called: all its pages are one key.
    fn key(&self) -> Key;

    /// How it wants to be treated.
    fn options(&self) -> Options {
        Options::default()
    }

    /// The most pages that are shown; beyond, the first ones go.
    fn max_pages(&self) -> usize {
        usize::MAX
    }

    /// Fetches the page that begins there: the first, if nowhere.
    fn fetch_page(
        self,
        backend: Self::Backend,
        from: Option<Self::Cursor>,
    ) -> impl Future<Output = PageResult<Self>> + 'static;
}

/// A page that was fetched.
pub type PageResult<Q> =
    Result<Page<<Q as PagedQuery>::Item, <Q as PagedQuery>::Cursor>, <<Q as PagedQuery>::Backend as Backend>::Error>;

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, C> {
    /// What is on it.
    pub items: Vec<Rc<T>>,
    /// Where the next one begins; `None` if it is the last.
    pub next: Option<C>,
}

/// A mutation is a value as well: what it does to what is shown, and how it is sent.
///
/// It can be written down, so that what was done without a network survives that the page is closed.
pub trait Mutation: Serialize + Clone + 'static {
    /// Where it goes.
    type Backend: Backend;
    /// What the server answers.
    type Output: 'static;

    /// What it is called where it is written down. Never to be used for anything else.
    const NAME: &'static str;
    /// What it attempts, to follow "Could not".
    const ATTEMPT: &'static str;

    /// Reads what was written down: JSON, as [`Serialize`] writes it. `None` if it can not be read any more.
    fn read(content: &[u8]) -> Option<Self>;

    /// What it does to what is shown: at once, and once the server has answered.
    fn edits(&self) -> Edits<Self::Output>;

    /// Whether the server takes it for one and the same however often it arrives with the same key.
    fn is_repeatable(&self, backend: &Self::Backend) -> bool;

    /// Sends it. `key` names this mutation and no other, however often it is sent.
    fn send(
        self,
        backend: Self::Backend,
        key: Rc<str>,
    ) -> impl Future<Output = Result<Self::Output, <Self::Backend as Backend>::Error>> + 'static;
}
