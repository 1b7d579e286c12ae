//! Mutations whose type is erased.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use super::edits::Edit;
use super::query::{Backend, Combined, Mutation, SendContext};
use super::value::Value;

/// A mutation whose type is erased. Cheap to clone.
pub struct AnyMutation<B: Backend>(Rc<dyn DynMutation<B>>);

/// The answer to a mutation, as it comes.
pub(crate) type ResponseFuture<E> = Pin<Box<dyn Future<Output = Result<Rc<dyn Any>, E>>>>;

impl<B: Backend> AnyMutation<B> {
    /// Erases the type of a mutation.
    #[must_use]
    pub fn new<M: Mutation<Backend = B>>(mutation: M) -> Self {
        Self(Rc::new(mutation))
    }

    /// The mutation itself, if it is of this kind.
    pub(super) fn get<M: Mutation<Backend = B>>(&self) -> Option<&M> {
        self.0.as_any().downcast_ref()
    }

    /// Its name where it is written down.
    pub(crate) fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The attempt, to follow "Could not".
    pub(super) fn attempt(&self) -> &'static str {
        self.0.attempt()
    }

    /// Its effect on the screen, and the lane in which it travels.
    pub(crate) fn edits(&self) -> (Vec<Edit>, Option<u128>) {
        self.0.edits()
    }

    /// Whether the server takes it for one and the same however often it arrives.
    pub(crate) fn is_repeatable(&self, backend: &B) -> bool {
        self.0.is_repeatable(backend)
    }

    pub(super) fn delay(&self, backend: &B) -> Duration {
        self.0.delay(backend)
    }

    /// As JSON, to be written down.
    pub(crate) fn content(&self) -> Option<String> {
        self.0.content()
    }

    /// Sends it.
    pub(crate) fn send(&self, backend: B, context: SendContext) -> ResponseFuture<B::Error> {
        self.0.send(backend, context)
    }

    pub(super) fn beyond(&self, shown: &[Value]) -> Option<Self> {
        self.0.beyond(shown)
    }

    pub(super) fn combine(&self, later: &Self) -> Combined<B> {
        self.0.combine(later.0.as_any())
    }

    pub(super) fn absorb(&self, later: &Self) -> Option<Combined<B>> {
        self.0.absorb(later.0.as_any())
    }

    pub(super) fn renames(&self) -> bool {
        self.0.renames()
    }

    pub(super) fn follow(&self, answer: &dyn Any) -> Option<Self> {
        self.0.follow(answer)
    }

    pub(super) fn new_id(&self, answer: &dyn Any) -> Option<u128> {
        self.0.new_id(answer)
    }

    pub(super) fn leftover(&self, outcome: Result<&dyn Any, &B::Error>) -> Option<B::Leftover> {
        self.0.leftover(outcome)
    }

    pub(super) fn uncertain(&self) -> Option<B::Leftover> {
        self.0.uncertain()
    }
}

impl<B: Backend> Clone for AnyMutation<B> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<B: Backend> fmt::Debug for AnyMutation<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyMutation({})", self.name())
    }
}

trait DynMutation<B: Backend> {
    fn as_any(&self) -> &dyn Any;
    fn name(&self) -> &'static str;
    fn attempt(&self) -> &'static str;
    fn edits(&self) -> (Vec<Edit>, Option<u128>);
    fn is_repeatable(&self, backend: &B) -> bool;
    fn delay(&self, backend: &B) -> Duration;
    fn content(&self) -> Option<String>;
    fn send(&self, backend: B, context: SendContext) -> ResponseFuture<B::Error>;
    fn beyond(&self, shown: &[Value]) -> Option<AnyMutation<B>>;
    fn combine(&self, later: &dyn Any) -> Combined<B>;
    fn absorb(&self, later: &dyn Any) -> Option<Combined<B>>;
    fn renames(&self) -> bool;
    fn new_id(&self, answer: &dyn Any) -> Option<u128>;
    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<B>>;
    fn leftover(&self, outcome: Result<&dyn Any, &B::Error>) -> Option<B::Leftover>;
    fn uncertain(&self) -> Option<B::Leftover>;
}

impl<M: Mutation> DynMutation<M::Backend> for M {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn name(&self) -> &'static str {
        M::NAME
    }

    fn attempt(&self) -> &'static str {
        M::ATTEMPT
    }

    fn edits(&self) -> (Vec<Edit>, Option<u128>) {
        let edits = Mutation::edits(self);
        (edits.edits, edits.lane)
    }

    fn is_repeatable(&self, backend: &M::Backend) -> bool {
        Mutation::is_repeatable(self, backend)
    }

    fn delay(&self, backend: &M::Backend) -> Duration {
        Mutation::delay(self, backend)
    }

    fn content(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    fn send(&self, backend: M::Backend, context: SendContext) -> ResponseFuture<<M::Backend as Backend>::Error> {
        let response = Mutation::send(self.clone(), backend, context);
        Box::pin(async move { Ok(Rc::new(response.await?) as Rc<dyn Any>) })
    }

    fn beyond(&self, shown: &[Value]) -> Option<AnyMutation<M::Backend>> {
        Mutation::beyond(self, shown)
    }

    fn combine(&self, later: &dyn Any) -> Combined<M::Backend> {
        Mutation::combine(self, later)
    }

    fn absorb(&self, later: &dyn Any) -> Option<Combined<M::Backend>> {
        Mutation::absorb(self, later)
    }

    fn renames(&self) -> bool {
        Mutation::renames(self)
    }

    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<M::Backend>> {
        Mutation::follow(self, answer)
    }

    fn new_id(&self, answer: &dyn Any) -> Option<u128> {
        Mutation::new_id(self, answer.downcast_ref()?)
    }

    fn leftover(
        &self,
        outcome: Result<&dyn Any, &<M::Backend as Backend>::Error>,
    ) -> Option<<M::Backend as Backend>::Leftover> {
        match outcome.map(|answer| answer.downcast_ref()) {
            Ok(Some(answer)) => Mutation::leftover(self, Ok(answer)),
            Ok(None) => None,
            Err(error) => Mutation::leftover(self, Err(error)),
        }
    }

    fn uncertain(&self) -> Option<<M::Backend as Backend>::Leftover> {
        Mutation::uncertain(self)
    }
}

/// Reads a mutation that was written down.
type Read<B> = fn(&[u8]) -> Option<AnyMutation<B>>;

/// The kinds of mutations that can be read back.
pub struct Kinds<B: Backend>(Vec<(&'static str, Read<B>)>);

impl<B: Backend> Kinds<B> {
    /// These kinds and one more.
    #[must_use]
    pub fn with<M: Mutation<Backend = B>>(mut self) -> Self {
        let read: Read<B> = |content| serde_json::from_slice::<M>(content).ok().map(AnyMutation::new);
        self.0.push((M::NAME, read));
        self
    }

    /// These kinds and those.
    pub(super) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// Reads what [`AnyMutation::content`] has written.
    pub(crate) fn read(&self, name: &str, content: &[u8]) -> Option<AnyMutation<B>> {
        let (_, read) = self.0.iter().find(|(kind, _)| *kind == name)?;
        read(content)
    }
}

impl<B: Backend> Default for Kinds<B> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<B: Backend> fmt::Debug for Kinds<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
