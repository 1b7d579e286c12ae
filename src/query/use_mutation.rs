//! The hook that changes something.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use yew::prelude::*;

use super::client::{Failure, QueryClient};
use super::key::Key;
use super::provider::use_query_client;
use super::query::{Backend, Query};
use super::value::Patch;
use crate::browser;

/// What a mutation does to what is shown: at once, and once the server has answered.
pub struct Edits<O> {
    edits: Vec<Edit<O>>,
    lane: Option<u128>,
}

struct Edit<O> {
    key: Key,
    optimistic: Patch,
    outcome: Box<dyn FnOnce(&O) -> Patch>,
}

impl<O> Default for Edits<O> {
    fn default() -> Self {
        Self {
            edits: Vec::new(),
            lane: None,
        }
    }
}

impl<O> std::fmt::Debug for Edits<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.edits.iter().map(|edit| &edit.key)).finish()
    }
}

impl<O> Edits<O> {
    /// Has the mutation sent only when those before it in the same lane have settled. For what must arrive in the order
    /// in which it was done: two changes of one row that are on their way together may land in any order.
    #[must_use]
    pub const fn in_lane(mut self, lane: u128) -> Self {
        self.lane = Some(lane);
        self
    }

    /// Changes the data of a query: `optimistic` at once, what `outcome` makes of the answer once there is one.
    ///
    /// Both may be applied more than once, to data that has changed since; see [`Patch`].
    #[must_use]
    pub fn edit<Q: Query, P: Fn(&Q::Data) -> Q::Data + 'static>(
        mut self,
        query: &Q,
        optimistic: impl Fn(&Q::Data) -> Q::Data + 'static,
        outcome: impl FnOnce(&O) -> P + 'static,
    ) -> Self {
        self.edits.push(Edit {
            key: query.key(),
            optimistic: Patch::new(optimistic),
            outcome: Box::new(move |answer| Patch::new(outcome(answer))),
        });
        self
    }
}

/// A way to change something on the server. `attempt` says what it does, to follow "Could not"; `edits` says what it
/// does to what is shown; `run` does it. Both are given `deps`, and the handle stays equal for as long as they do.
///
/// The change is shown before the server has answered, and taken back if it is refused. It is carried through even
/// if the component goes away meanwhile.
#[hook]
pub fn use_mutation<D, B, I, O, P, R, F>(attempt: &'static str, deps: D, edits: P, run: R) -> UseMutation<B, I, O>
where
    D: Clone + PartialEq + 'static,
    B: Backend,
    I: 'static,
    O: 'static,
    P: Fn(&D, &I) -> Edits<O> + 'static,
    R: Fn(&D, B, I) -> F + 'static,
    F: Future<Output = Result<O, B::Error>> + 'static,
{
    let client = use_query_client::<B>();
    let plan = use_memo(deps, |deps| {
        let (for_edits, for_run) = (deps.clone(), deps.clone());
        Plan {
            edits: Box::new(move |input| edits(&for_edits, input)),
            run: Box::new(move |backend, input| Box::pin(run(&for_run, backend, input))),
        }
    });
    // Lives as long as the component, and with it what is to be called back.
    let alive = use_memo((), |()| ());
    UseMutation {
        attempt,
        client,
        alive,
        plan,
    }
}

type EditsFn<I, O> = dyn Fn(&I) -> Edits<O>;
type Running<O, E> = Pin<Box<dyn Future<Output = Result<O, E>>>>;
type RunFn<B, I, O> = dyn Fn(B, I) -> Running<O, <B as Backend>::Error>;

struct Plan<B: Backend, I, O> {
    edits: Box<EditsFn<I, O>>,
    run: Box<RunFn<B, I, O>>,
}

/// A way to change something on the server.
pub struct UseMutation<B: Backend, I, O> {
    attempt: &'static str,
    client: QueryClient<B>,
    alive: Rc<()>,
    plan: Rc<Plan<B, I, O>>,
}

impl<B: Backend, I: 'static, O: 'static> UseMutation<B, I, O> {
    /// Changes it.
    pub fn run(&self, input: I) {
        self.run_then(input, |_| {});
    }

    /// Changes it, and calls back with the outcome unless the component is gone by then.
    pub fn run_then(&self, input: I, then: impl FnOnce(Result<&O, &B::Error>) + 'static) {
        let Edits { edits, lane } = (self.plan.edits)(&input);
        let patches = edits.iter().map(|edit| (edit.key.clone(), edit.optimistic.clone()));
        let mutation = self.client.begin(patches);
        let turn = lane.map(|lane| self.client.join_lane(lane));
        let running = (self.plan.run)(self.client.backend().clone(), input);
        let (client, attempt, alive) = (self.client.clone(), self.attempt, Rc::downgrade(&self.alive));
        let epoch = client.epoch();
        browser::spawn(async move {
            // Held until this mutation has settled: the next one in the lane waits for it.
            let mut _done = None;
            if let Some((before, done)) = turn {
                _done = Some(done);
                if let Some(before) = before {
                    // That the one before is gone is as good as its word.
                    before.await.unwrap_or(());
                }
            }
            if epoch != client.epoch() {
                return;
            }
            let result = running.await;
            // Whoever began this has left; how it ended is nothing to whoever is here now.
            if epoch != client.epoch() {
                return;
            }
            match &result {
                Ok(answer) => {
                    let outcomes = edits.into_iter().map(|edit| (edit.key, (edit.outcome)(answer)));
                    client.commit(mutation, outcomes.collect::<Vec<_>>());
                }
                Err(error) => {
                    client.roll_back(mutation);
                    client.fail(Failure {
                        attempt,
                        error: error.clone(),
                    });
                }
            }
            if alive.strong_count() > 0 {
                then(result.as_ref());
            }
        });
    }
}

impl<B: Backend, I, O> Clone for UseMutation<B, I, O> {
    fn clone(&self) -> Self {
        Self {
            attempt: self.attempt,
            client: self.client.clone(),
            alive: Rc::clone(&self.alive),
            plan: Rc::clone(&self.plan),
        }
    }
}

impl<B: Backend, I, O> PartialEq for UseMutation<B, I, O> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.plan, &other.plan) && self.client == other.client
    }
}

impl<B: Backend, I, O> std::fmt::Debug for UseMutation<B, I, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UseMutation({})", self.attempt)
    }
}
