//! What a query and a mutation are: values that know what they are called, and how they are carried out.

use std::any::Any;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::any_mutation::AnyMutation;
use super::edits::Edits;
use super::key::Key;
use super::policy::{Fault, Options};
use super::value::{Data, Value};

/// Where data comes from. Cheap to clone.
pub trait Backend: Clone + PartialEq + 'static {
    /// What can go wrong there.
    type Error: Fault;
    /// The part of a change that was not made and that the person has to decide on; see [`Mutation::leftover`].
    type Leftover: PartialEq + 'static;
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

/// A mutation is a value as well: its effect on the screen, and the way it is sent.
///
/// It can be written down as JSON, so that a change made without a network survives the page.
pub trait Mutation: Serialize + DeserializeOwned + Clone + 'static {
    /// Where it goes.
    type Backend: Backend;
    /// The server's answer.
    type Output: 'static;

    /// Its name where it is written down. Never to be used for anything else.
    const NAME: &'static str;
    /// The attempt, to follow "Could not".
    const ATTEMPT: &'static str;

    /// Its effect on the screen: at once, and once the server has answered.
    fn edits(&self) -> Edits<Self::Output>;

    /// Whether the server takes it for one and the same however often it arrives with the same key.
    fn is_repeatable(&self, backend: &Self::Backend) -> bool;

    /// How long it is held back, for a person who may take it back, where the server can not do that.
    fn delay(&self, backend: &Self::Backend) -> Duration {
        _ = backend;
        Duration::ZERO
    }

    /// Sends it. An attempt whose fate is unknown may be followed by another one with the same key.
    fn send(
        self,
        backend: Self::Backend,
        context: SendContext,
    ) -> impl Future<Output = Result<Self::Output, <Self::Backend as Backend>::Error>> + 'static;

    /// This mutation without what is shown already by the queries that it edits: an undo may come after what it takes
    /// back was changed back by hand. `None` if nothing is left.
    fn beyond(&self, shown: &[Value]) -> Option<AnyMutation<Self::Backend>> {
        _ = shown;
        Some(AnyMutation::new(self.clone()))
    }

    /// This mutation, which has not left yet, and a later one of the same lane as a single one.
    fn combine(&self, later: &dyn Any) -> Combined<Self::Backend> {
        _ = later;
        Combined::Separate
    }

    /// This mutation, which was not made, and a later one of its lane as a single one that was not made. `None` if the
    /// later one can be made all the same.
    fn absorb(&self, later: &dyn Any) -> Option<Combined<Self::Backend>> {
        _ = later;
        None
    }

    /// This mutation after an earlier one of its lane was answered, if that makes a difference: a row that was created
    /// has another id from then on, a row that was deleted comes back with the changes that had not left.
    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<Self::Backend>> {
        _ = answer;
        None
    }

    /// Whether later mutations of the row have to know the answer, since it gives the row another id or tells what its
    /// deletion held: they [follow](Self::follow) it, whenever they are made.
    fn renames(&self) -> bool {
        false
    }

    /// The id that the row has from this answer on, if it is another one than before: that of the lane.
    fn new_id(&self, answer: &Self::Output) -> Option<u128> {
        _ = answer;
        None
    }

    /// The part of the change that was not made and that the person has to decide on.
    fn leftover(
        &self,
        outcome: Result<&Self::Output, &<Self::Backend as Backend>::Error>,
    ) -> Option<<Self::Backend as Backend>::Leftover> {
        _ = outcome;
        None
    }

    /// The part of the change that the person has to decide on if it left on an earlier visit, its answer never came,
    /// and it must not be repeated.
    fn uncertain(&self) -> Option<<Self::Backend as Backend>::Leftover> {
        None
    }
}

/// The circumstances in which a mutation is sent.
#[derive(Clone, Debug)]
pub struct SendContext {
    /// Names this mutation and no other, however often it is sent.
    pub key: Rc<str>,
    /// The data of the first query that it edits, as the server has confirmed it.
    pub confirmed: Option<Value>,
    /// Whether that is all there is to know: nothing was announced since, and the mutation has not waited.
    pub is_current: bool,
}

/// Two mutations of one lane, the first of which has not left yet.
#[derive(Debug)]
pub enum Combined<B: Backend> {
    /// They stay two.
    Separate,
    /// One mutation does the same.
    One(AnyMutation<B>),
    /// Together they do nothing.
    Nothing,
}
