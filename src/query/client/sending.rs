//! Mutations from the value to the request, and from the answer to the screen.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use super::super::edits::Edit;
use super::super::effect::MutationId;
use super::super::key::Key;
use super::super::query::{Backend, Combined, Mutation, SendContext};
use super::super::queue::{Fate, Manner};
use super::super::value::Patch;
use super::{Failure, QueryClient};
use crate::browser::{self, clock};

/// A mutation whose type is erased. Cheap to clone.
pub struct AnyMutation<B: Backend>(Rc<dyn DynMutation<B>>);

impl<B: Backend> AnyMutation<B> {
    /// Erases the type of a mutation.
    #[must_use]
    pub fn new<M: Mutation<Backend = B>>(mutation: M) -> Self {
        Self(Rc::new(mutation))
    }

    pub(super) fn name(&self) -> &'static str {
        self.0.name()
    }

    /// As JSON, to be written down.
    pub(super) fn content(&self) -> Option<String> {
        self.0.content()
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
    /// Its effect on the screen, and the lane in which it travels.
    fn edits(&self) -> (Vec<Edit>, Option<u128>);
    fn is_repeatable(&self, backend: &B) -> bool;
    fn delay(&self, backend: &B) -> Duration;
    fn content(&self) -> Option<String>;
    fn send(&self, backend: B, context: SendContext) -> ResponseFuture<B::Error>;
    fn combine(&self, later: &dyn Any) -> Combined<B>;
    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<B>>;
    fn leftover(&self, outcome: Result<&dyn Any, &B::Error>) -> Option<B::Leftover>;
}

type ResponseFuture<E> = Pin<Box<dyn Future<Output = Result<Box<dyn Any>, E>>>>;

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
        Box::pin(async move { Ok(Box::new(response.await?) as Box<dyn Any>) })
    }

    fn combine(&self, later: &dyn Any) -> Combined<M::Backend> {
        Mutation::combine(self, later)
    }

    fn follow(&self, answer: &dyn Any) -> Option<AnyMutation<M::Backend>> {
        Mutation::follow(self, answer)
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
}

/// A mutation that has not settled.
pub(super) struct Sending<B: Backend> {
    pub(super) mutation: AnyMutation<B>,
    pub(super) key: Rc<str>,
    edits: Vec<Edit>,
    lane: Option<u128>,
    /// Where it is written down.
    pub(super) place: Option<String>,
    /// Called once, when it has settled for good.
    then: Vec<Then<B::Error>>,
}

impl<B: Backend> Sending<B> {
    pub(super) const fn is_written_down(&self) -> bool {
        self.place.is_some()
    }

    fn patches(&self) -> Vec<(Key, Patch)> {
        let edits = self.edits.iter();
        edits.map(|edit| (edit.key.clone(), edit.optimistic.clone())).collect()
    }
}

pub(in crate::query) type Then<E> = Box<dyn FnOnce(Result<&dyn Any, &E>)>;

impl<B: Backend> QueryClient<B> {
    /// Carries a mutation out, and calls back once it has settled for good. A mutation that can be combined with one
    /// that has not left yet becomes part of that.
    pub(in crate::query) fn mutate(&self, mutation: AnyMutation<B>, then: Then<B::Error>) {
        if let Some(then) = self.combine(&mutation, then) {
            let key: Rc<str> = clock::unique().into();
            let id = self.begin(mutation, &key, false, then);
            self.write_down(id);
        }
        // The person's own change must be on the screen in the same frame.
        self.flush();
    }

    /// Combines a mutation with the one before it in its lane. Gives the callback back if they stay two.
    fn combine(&self, later: &AnyMutation<B>, then: Then<B::Error>) -> Option<Then<B::Error>> {
        let (_, lane) = later.0.edits();
        let earlier = lane.and_then(|lane| self.0.state.borrow().cache.unsent_in(lane));
        let Some(id) = earlier else { return Some(then) };
        let combined = {
            let state = self.0.state.borrow();
            let Some(sending) = state.sending(id) else {
                return Some(then);
            };
            let earlier = AnyMutation::clone(&sending.mutation);
            drop(state);
            earlier.0.combine(later.0.as_any())
        };
        match combined {
            Combined::Separate => Some(then),
            Combined::One(mutation) => {
                self.replace(id, mutation);
                if let Some(sending) = self.0.state.borrow_mut().sending_mut(id) {
                    sending.then.push(then);
                }
                None
            }
            Combined::Nothing => {
                self.record(|cache, now| cache.cancel(now, id));
                let taken_back = self.0.state.borrow_mut().take_sending(id);
                if let Some(Sending { place, .. }) = taken_back {
                    self.strike_out(place);
                }
                None
            }
        }
    }

    /// A mutation that has not left is another one from now on, under the same name and in the same place.
    fn replace(&self, id: MutationId, mutation: AnyMutation<B>) {
        let (edits, lane) = mutation.0.edits();
        let patches = {
            let mut state = self.0.state.borrow_mut();
            let Some(sending) = state.sending_mut(id) else { return };
            (sending.mutation, sending.edits, sending.lane) = (mutation, edits, lane);
            sending.patches()
        };
        self.record(|cache, now| cache.replace(now, id, lane, patches));
        self.write_down(id);
    }

    pub(super) fn begin(
        &self,
        mutation: AnyMutation<B>,
        key: &Rc<str>,
        restored: bool,
        then: Then<B::Error>,
    ) -> MutationId {
        let (edits, lane) = mutation.0.edits();
        let manner = Manner {
            lane,
            repeatable: mutation.0.is_repeatable(self.backend()),
            restored,
            delay: mutation.0.delay(self.backend()),
        };
        let sending = Sending {
            mutation,
            key: Rc::clone(key),
            edits,
            lane,
            place: None,
            then: vec![then],
        };
        let patches = sending.patches();
        let id = self.record(|cache, now| cache.begin(now, manner, patches));
        self.0.state.borrow_mut().sendings.push((id, sending));
        id
    }

    /// Sends it. The request is carried through even if everything is forgotten meanwhile; its answer has no effect
    /// then.
    pub(super) fn send(&self, id: MutationId) {
        let mut state = self.0.state.borrow_mut();
        let epoch = state.epoch;
        let Some(sending) = state.sending(id) else { return };
        let keys: Vec<Key> = sending.edits.iter().map(|edit| edit.key.clone()).collect();
        let (mutation, key) = (sending.mutation.clone(), Rc::clone(&sending.key));
        let context = SendContext {
            key,
            confirmed: keys.first().and_then(|key| state.cache.confirmed(key)),
            is_current: state.cache.is_current(id, &keys),
        };
        // A request that may have arrived must not be repeated on a later visit.
        let is_repeatable = mutation.0.is_repeatable(self.backend());
        let sending = state.sending_mut(id).filter(|_| !is_repeatable);
        let place = sending.and_then(|sending| sending.place.take());
        drop(state);
        self.strike_out(place);
        let (client, response) = (self.downgrade(), mutation.0.send(self.backend().clone(), context));
        browser::spawn(async move {
            let result = response.await;
            let Some(client) = client.upgrade() else { return };
            if epoch != client.epoch() {
                return;
            }
            match result {
                Ok(answer) => client.answered(id, &*answer),
                Err(error) => client.refused(id, &error),
            }
        });
    }

    fn answered(&self, id: MutationId, answer: &dyn Any) {
        let Some(sending) = self.0.state.borrow_mut().take_sending(id) else {
            return;
        };
        let outcomes = sending.edits.into_iter();
        let patches = outcomes.filter_map(|edit| Some((edit.key, (edit.outcome)(answer)?)));
        let patches = patches.collect();
        self.record(|cache, now| cache.commit(now, id, patches));
        self.keep_leftover(sending.mutation.0.leftover(Ok(answer)));
        self.strike_out(sending.place);
        self.follow(sending.lane, answer);
        for then in sending.then {
            then(Ok(answer));
        }
    }

    /// The mutations that come after an answered one in its lane take note of the answer.
    fn follow(&self, lane: Option<u128>, answer: &dyn Any) {
        let Some(lane) = lane else { return };
        let mates: Vec<_> = self.0.state.borrow().cache.in_lane(lane).collect();
        for mate in mates {
            let mutation = self
                .0
                .state
                .borrow()
                .sending(mate)
                .map(|sending| sending.mutation.clone());
            if let Some(mutation) = mutation.and_then(|mutation| mutation.0.follow(answer)) {
                self.replace(mate, mutation);
            }
        }
    }

    fn refused(&self, id: MutationId, error: &B::Error) {
        if self.record(|cache, now| cache.fail(now, id, error)) == Fate::Waits {
            return;
        }
        let sending = self.0.state.borrow_mut().take_sending(id);
        if let Some(sending) = sending {
            let leftover = sending.mutation.0.leftover(Err(error));
            let is_kept = leftover.is_some();
            self.keep_leftover(leftover);
            self.strike_out(sending.place);
            if !is_kept {
                self.fail(Failure {
                    attempt: sending.mutation.0.attempt(),
                    error: error.clone(),
                });
            }
            for then in sending.then {
                then(Err(error));
            }
        }
    }

    fn keep_leftover(&self, leftover: Option<B::Leftover>) {
        let on_leftover = self.0.state.borrow().on_leftover.clone();
        if let Some(leftover) = leftover {
            on_leftover.emit(leftover);
        }
    }
}
