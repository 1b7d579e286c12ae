//! Carries out what the outbox decides.

use std::any::Any;
use std::rc::Rc;

use super::super::any_mutation::AnyMutation;
use super::super::effect::MutationId;
use super::super::outbox::{Chore, Departure, Settled, Then, Written};
use super::super::query::Backend;
use super::{QueryClient, State};
use crate::browser::{self, clock};
use crate::time::Instant;

impl<B: Backend> QueryClient<B> {
    /// Carries a mutation out, and calls back once it has settled for good.
    pub(in crate::query) fn mutate(&self, mutation: AnyMutation<B>, then: Then<B::Error>) {
        let made = (mutation, clock::unique().into());
        let chores = self.decide(|state, now| {
            let State { outbox, cache, .. } = state;
            outbox.mutate(cache, now, self.backend(), made, then)
        });
        self.do_chores(chores);
        // The person's own change must be on the screen in the same frame.
        self.flush();
    }

    /// Takes up a mutation of an earlier visit.
    pub(super) fn take_up_written(&self, written: Written<B>) {
        let chores = self.decide(|state, now| {
            let State { outbox, cache, .. } = state;
            outbox.take_up(cache, now, self.backend(), written)
        });
        self.do_chores(chores);
    }

    fn decide<T>(&self, decide: impl FnOnce(&mut State<B>, Instant) -> T) -> T {
        let decided = decide(&mut self.0.state.borrow_mut(), clock::now());
        self.flush_soon();
        decided
    }

    fn do_chores(&self, chores: Vec<Chore<B>>) {
        for chore in chores {
            match chore {
                Chore::WriteDown(id) => self.write_down(id),
                Chore::StrikeOut(place) => self.strike_out(place),
                Chore::Rename(from, to) => {
                    let on_renamed = self.0.state.borrow().on_renamed.clone();
                    on_renamed.emit((from, to));
                }
                Chore::KeepLeftover(leftover) => {
                    let on_leftover = self.0.state.borrow().on_leftover.clone();
                    on_leftover.emit(leftover);
                }
                Chore::TellFailure(failure) => {
                    let on_failure = self.0.state.borrow().on_failure.clone();
                    on_failure.emit(failure);
                }
            }
        }
    }

    /// Sends it. The request is carried through even if everything is forgotten meanwhile; its answer has no effect
    /// then.
    pub(super) fn send(&self, id: MutationId) {
        let (epoch, departure) = {
            let mut state = self.0.state.borrow_mut();
            let State {
                epoch, outbox, cache, ..
            } = &mut *state;
            (*epoch, outbox.depart(cache, self.backend(), id))
        };
        let Some(Departure {
            mutation,
            context,
            chores,
        }) = departure
        else {
            return;
        };
        self.do_chores(chores);
        let (client, backend) = (self.downgrade(), self.backend().clone());
        browser::spawn(async move {
            // The person may have left in the meantime.
            let is_over = || client.upgrade().is_none_or(|client| client.epoch() != epoch);
            if is_over() {
                return;
            }
            let result = mutation.send(backend, context).await;
            let Some(client) = client.upgrade().filter(|client| client.epoch() == epoch) else {
                return;
            };
            match result {
                Ok(answer) => client.answered(id, &answer),
                Err(error) => client.refused(id, &error),
            }
        });
    }

    fn answered(&self, id: MutationId, answer: &Rc<dyn Any>) {
        let settled = self.decide(|state, now| state.outbox.answered(&mut state.cache, now, id, answer));
        self.settle(settled, Ok(&**answer));
    }

    fn refused(&self, id: MutationId, error: &B::Error) {
        let settled = self.decide(|state, now| {
            let State { outbox, cache, .. } = state;
            outbox.refused(cache, now, self.backend(), id, error)
        });
        self.settle(settled, Err(error));
    }

    fn settle(&self, settled: Option<Settled<B>>, outcome: Result<&dyn Any, &B::Error>) {
        let Some(Settled { chores, then }) = settled else {
            return;
        };
        self.do_chores(chores);
        for then in then {
            then(outcome);
        }
    }
}
