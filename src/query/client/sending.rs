//! Mutations on their way: from the value to the request, and from the answer to what is shown.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::super::effect::MutationId;
use super::super::key::Key;
use super::super::policy::Fault;
use super::super::query::{Backend, Mutation};
use super::super::queue::{Fate, Manner};
use super::super::value::Patch;
use super::{Failure, QueryClient};
use crate::browser::{self, clock};

/// What one mutation does, without what it is.
pub(super) struct Sending<E> {
    attempt: &'static str,
    /// Sends it; returns what the answer makes of what is shown.
    send: Rc<dyn Fn() -> Sent<E>>,
    /// Called once, if it fails for good.
    refused: Box<dyn FnOnce(&E)>,
}

type Sent<E> = Pin<Box<dyn Future<Output = Result<Outcome, E>>>>;

/// What an answer makes of what is shown, and who is told of it.
struct Outcome {
    patches: Vec<(Key, Patch)>,
    answered: Box<dyn FnOnce()>,
}

type Then<O, E> = Box<dyn FnOnce(Result<&O, &E>)>;

impl<B: Backend> QueryClient<B> {
    /// Carries a mutation out, and calls back once it has settled for good.
    pub(in crate::query) fn mutate<M: Mutation<Backend = B>>(&self, mutation: M, then: Then<M::Output, B::Error>) {
        let key: Rc<str> = clock::unique().into();
        let note = serde_json::to_string(&mutation).ok();
        let id = self.begin(mutation, &key, false, then);
        if let Some(note) = note {
            self.write_down(id, M::NAME, &key, note);
        }
        // The person's own change must be on the screen in the same frame.
        self.flush();
    }

    pub(super) fn begin<M: Mutation<Backend = B>>(
        &self,
        mutation: M,
        key: &Rc<str>,
        restored: bool,
        then: Then<M::Output, B::Error>,
    ) -> MutationId {
        let edits = mutation.edits();
        let manner = Manner {
            lane: edits.lane,
            repeatable: mutation.is_repeatable(self.backend()),
            restored,
        };
        let patches = edits
            .edits
            .iter()
            .map(|edit| (edit.key.clone(), edit.optimistic.clone()));
        let patches = patches.collect();
        let outcomes: Vec<_> = edits.edits.into_iter().map(|edit| (edit.key, edit.outcome)).collect();
        // Whichever way it ends takes them.
        let ending = Rc::new(RefCell::new(Some((outcomes, then))));
        let refused = {
            let ending = Rc::clone(&ending);
            Box::new(move |error: &B::Error| {
                if let Some((_, then)) = ending.take() {
                    then(Err(error));
                }
            })
        };
        let (backend, key) = (self.backend().clone(), Rc::clone(key));
        let send = Rc::new(move || {
            let sending = mutation.clone().send(backend.clone(), Rc::clone(&key));
            let ending = Rc::clone(&ending);
            let sent: Sent<B::Error> = Box::pin(async move {
                let answer = sending.await?;
                let (outcomes, then) = ending.take().unzip();
                let patches = outcomes
                    .into_iter()
                    .flatten()
                    .map(|(key, outcome)| (key, outcome(&answer)));
                Ok(Outcome {
                    patches: patches.collect(),
                    answered: Box::new(move || {
                        if let Some(then) = then {
                            then(Ok(&answer));
                        }
                    }),
                })
            });
            sent
        });
        let sending = Sending {
            attempt: M::ATTEMPT,
            send,
            refused,
        };
        let id = self.record(|cache, now| cache.begin(now, manner, patches));
        self.0.state.borrow_mut().sendings.insert(id, sending);
        id
    }

    /// Sends it. The request is carried through even if everything is forgotten meanwhile; only, nobody hears of it.
    pub(super) fn send(&self, id: MutationId) {
        let state = self.0.state.borrow();
        let Some(send) = state.sendings.get(&id).map(|sending| Rc::clone(&sending.send)) else {
            return;
        };
        let epoch = state.epoch;
        drop(state);
        let (client, sending) = (self.downgrade(), send());
        browser::spawn(async move {
            let result = sending.await;
            let Some(client) = client.upgrade() else { return };
            if epoch != client.epoch() {
                return;
            }
            match result {
                Ok(outcome) => client.answered(id, outcome),
                Err(error) => client.refused(id, &error),
            }
        });
    }

    fn answered(&self, id: MutationId, outcome: Outcome) {
        self.record(|cache, now| cache.commit(now, id, outcome.patches));
        let sending = self.0.state.borrow_mut().sendings.remove(&id);
        drop(sending);
        self.strike_out(id);
        (outcome.answered)();
    }

    fn refused(&self, id: MutationId, error: &B::Error) {
        if self.record(|cache, now| cache.fail(now, id, error)) == Fate::Waits {
            return;
        }
        let sending = self.0.state.borrow_mut().sendings.remove(&id);
        self.strike_out(id);
        if let Some(sending) = sending {
            self.fail(Failure {
                attempt: sending.attempt,
                error: error.clone(),
            });
            (sending.refused)(error);
        }
    }
}

impl<E: Fault> std::fmt::Debug for Sending<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sending({})", self.attempt)
    }
}
