//! The hooks that change something.

use std::marker::PhantomData;
use std::rc::Rc;

use yew::prelude::*;

use super::any_mutation::AnyMutation;
use super::client::QueryClient;
use super::outbox::Then;
use super::provider::use_query_client;
use super::query::{Backend, Mutation};

/// A way to carry out mutations of a kind.
///
/// A change is shown before the server has answered, and taken back if it is refused. It is carried through even if
/// the component goes away meanwhile, or the network does.
#[hook]
pub fn use_mutation<M: Mutation>() -> UseMutation<M> {
    let client = use_query_client::<M::Backend>();
    UseMutation {
        client,
        alive: use_alive(),
        kind: PhantomData,
    }
}

/// Lives as long as the component, and with it what is to be called back. The same code for mutations of every kind.
#[hook]
fn use_alive() -> Rc<()> {
    use_memo((), |()| ())
}

/// A way to carry out mutations of a kind. Equal to every other of its kind.
pub struct UseMutation<M: Mutation> {
    client: QueryClient<M::Backend>,
    alive: Rc<()>,
    kind: PhantomData<fn(M)>,
}

type Fails<M> = <<M as Mutation>::Backend as Backend>::Error;

impl<M: Mutation> UseMutation<M> {
    /// Carries it out.
    pub fn run(&self, mutation: M) {
        self.client.mutate(AnyMutation::new(mutation), Box::new(|_| {}));
    }

    /// Carries it out, and calls back with the outcome unless the component is gone by then.
    pub fn run_then(&self, mutation: M, then: impl FnOnce(Result<&M::Output, &Fails<M>>) + 'static) {
        let alive = Rc::downgrade(&self.alive);
        self.run_to_end(mutation, move |result| {
            if alive.strong_count() > 0 {
                then(result);
            }
        });
    }

    /// Carries it out, and calls back with the outcome whatever has become of the component by then.
    pub fn run_to_end(&self, mutation: M, then: impl FnOnce(Result<&M::Output, &Fails<M>>) + 'static) {
        let then: Then<Fails<M>> = Box::new(move |result| match result.map(|answer| answer.downcast_ref()) {
            Ok(Some(answer)) => then(Ok(answer)),
            Ok(None) => {}
            Err(error) => then(Err(error)),
        });
        self.client.mutate(AnyMutation::new(mutation), then);
    }
}

impl<M: Mutation> Clone for UseMutation<M> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            alive: Rc::clone(&self.alive),
            kind: PhantomData,
        }
    }
}

impl<M: Mutation> PartialEq for UseMutation<M> {
    fn eq(&self, other: &Self) -> bool {
        self.client == other.client
    }
}

impl<M: Mutation> std::fmt::Debug for UseMutation<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UseMutation({})", M::NAME)
    }
}
