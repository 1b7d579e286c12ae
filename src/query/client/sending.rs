//! Mutations on their way: from the value to the request, and from the answer to what is shown.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::super::edits::Edit;
use super::super::effect::MutationId;
use super::super::key::Key;
use super::super::query::{Backend, Mutation};
use super::super::queue::{Fate, Manner};
use super::super::value::Patch;
use super::{Failure, QueryClient};
use crate::browser::{self, clock};

/// A mutation, without what it is.
pub(in crate::query) trait Carried<B: Backend> {
    fn name(&self) -> &'static str;
    fn attempt(&self) -> &'static str;
    /// What it does to what is shown, and the lane in which it travels.
    fn edits(&self) -> (Vec<Edit>, Option<u128>);
    fn is_repeatable(&self, backend: &B) -> bool;
    /// What it is, to be written down.
    fn content(&self) -> Option<String>;
    fn send(&self, backend: B, key: Rc<str>) -> Answering<B::Error>;
}

type Answering<E> = Pin<Box<dyn Future<Output = Result<Box<dyn Any>, E>>>>;

impl<M: Mutation> Carried<M::Backend> for M {
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

    fn content(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    fn send(&self, backend: M::Backend, key: Rc<str>) -> Answering<<M::Backend as Backend>::Error> {
        let sending = Mutation::send(self.clone(), backend, key);
        Box::pin(async move { Ok(Box::new(sending.await?) as Box<dyn Any>) })
    }
}

/// A mutation that has not settled.
pub(super) struct Sending<B: Backend> {
    mutation: Rc<dyn Carried<B>>,
    key: Rc<str>,
    edits: Vec<Edit>,
    /// Where it is written down.
    pub(super) place: Option<String>,
    /// Called once, when it has settled for good.
    then: Then<B::Error>,
}

impl<B: Backend> Sending<B> {
    pub(super) const fn is_written_down(&self) -> bool {
        self.place.is_some()
    }
}

pub(in crate::query) type Then<E> = Box<dyn FnOnce(Result<&dyn Any, &E>)>;

impl<B: Backend> QueryClient<B> {
    /// Carries a mutation out, and calls back once it has settled for good.
    pub(in crate::query) fn mutate(&self, mutation: Rc<dyn Carried<B>>, then: Then<B::Error>) {
        let key: Rc<str> = clock::unique().into();
        let (name, content) = (mutation.name(), mutation.content());
        let id = self.begin(mutation, &key, false, then);
        if let Some(content) = content {
            self.write_down(id, name, &key, content);
        }
        // The person's own change must be on the screen in the same frame.
        self.flush();
    }

    pub(super) fn begin(
        &self,
        mutation: Rc<dyn Carried<B>>,
        key: &Rc<str>,
        restored: bool,
        then: Then<B::Error>,
    ) -> MutationId {
        let (edits, lane) = mutation.edits();
        let manner = Manner {
            lane,
            repeatable: mutation.is_repeatable(self.backend()),
            restored,
        };
        let patches: Vec<(Key, Patch)> = edits
            .iter()
            .map(|edit| (edit.key.clone(), edit.optimistic.clone()))
            .collect();
        let sending = Sending {
            mutation,
            key: Rc::clone(key),
            edits,
            place: None,
            then,
        };
        let id = self.record(|cache, now| cache.begin(now, manner, patches));
        self.0.state.borrow_mut().sendings.push((id, sending));
        id
    }

    /// Sends it. The request is carried through even if everything is forgotten meanwhile; only, nobody hears of it.
    pub(super) fn send(&self, id: MutationId) {
        let mut state = self.0.state.borrow_mut();
        let epoch = state.epoch;
        let Some(sending) = state.sending_mut(id) else { return };
        let (mutation, key) = (Rc::clone(&sending.mutation), Rc::clone(&sending.key));
        // What may have arrived must not be sent again by whoever comes next.
        let is_repeatable = mutation.is_repeatable(self.backend());
        let place = sending.place.take_if(|_| !is_repeatable);
        drop(state);
        self.strike_out(place);
        let (client, sending) = (self.downgrade(), mutation.send(self.backend().clone(), key));
        browser::spawn(async move {
            let result = sending.await;
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
        self.strike_out(sending.place);
        (sending.then)(Ok(answer));
    }

    fn refused(&self, id: MutationId, error: &B::Error) {
        if self.record(|cache, now| cache.fail(now, id, error)) == Fate::Waits {
            return;
        }
        let sending = self.0.state.borrow_mut().take_sending(id);
        if let Some(sending) = sending {
            self.strike_out(sending.place);
            self.fail(Failure {
                attempt: sending.mutation.attempt(),
                error: error.clone(),
            });
            (sending.then)(Err(error));
        }
    }
}
