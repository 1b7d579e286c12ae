//! Gives every component below it the cache, and tells the cache about the world.

use std::rc::Rc;

use yew::prelude::*;

use super::client::{QueryClient, Subject};
use super::outbox::Failure;
use super::query::{Backend, Mutation, Query};
use crate::browser::{Listener, PageEvent, page};
use crate::time::Instant;

/// Properties of [`QueryProvider`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct QueryProviderProperties<B: Backend> {
    /// The cache.
    pub client: QueryClient<B>,
    /// Told of every mutation that fails.
    #[prop_or_default]
    pub on_failure: Callback<Failure<B::Error>>,
    /// Is told of rows that have another id from now on: the one before, and the new one.
    #[prop_or_default]
    pub on_renamed: Callback<(u128, u128)>,
    /// Takes the parts of changes that were not made and that the person has to decide on.
    #[prop_or_default]
    pub on_leftover: Callback<B::Leftover>,
    /// What may use the cache.
    #[prop_or_default]
    pub children: Html,
}

/// Gives every component below it the cache.
#[component]
pub fn QueryProvider<B: Backend>(props: &QueryProviderProperties<B>) -> Html {
    use_effect_with(
        (props.client.clone(), props.on_failure.clone()),
        |(client, on_failure)| client.set_on_failure(on_failure.clone()),
    );
    use_effect_with(
        (props.client.clone(), props.on_renamed.clone()),
        |(client, on_renamed)| client.set_on_renamed(on_renamed.clone()),
    );
    use_effect_with(
        (props.client.clone(), props.on_leftover.clone()),
        |(client, on_leftover)| client.set_on_leftover(on_leftover.clone()),
    );
    use_effect_with(props.client.clone(), |client| {
        client.set_online(page::is_online());
        let on = |event, act: fn(&QueryClient<B>)| {
            let client = client.clone();
            Listener::new(event, move || act(&client))
        };
        let look: fn(&QueryClient<B>) = |client| client.set_visible(page::is_visible());
        look(client);
        let listeners = [
            on(PageEvent::Online, |client| client.set_online(true)),
            on(PageEvent::Offline, |client| client.set_online(false)),
            on(PageEvent::VisibilityChange, look),
            on(PageEvent::PageShow, look),
            // Another tab has unsent mutations now, or has sent them.
            on(PageEvent::Storage, QueryClient::watch_other_tabs),
        ];
        move || drop(listeners)
    });
    html! {
        <ContextProvider<QueryClient<B>> context={props.client.clone()}>
            { props.children.clone() }
        </ContextProvider<QueryClient<B>>>
    }
}

/// The cache.
///
/// # Panics
///
/// Outside a [`QueryProvider`] of this backend.
#[hook]
pub fn use_query_client<B: Backend>() -> QueryClient<B> {
    #[expect(
        clippy::expect_used,
        reason = "a component that is placed wrongly is a mistake of the program"
    )]
    use_context().expect("must be used below a <QueryProvider>")
}

/// Since when a row has changes that are not saved: its mutations, which travel in the lane of its id, have not settled.
/// `None` if it has none.
#[hook]
pub fn use_unsaved<B: Backend>(row: u128) -> Option<Instant> {
    use_subject::<B>(Subject::Lane(row)).unsaved_since(row)
}

/// How many mutations have not settled.
#[hook]
pub fn use_pending<B: Backend>() -> usize {
    use_subject::<B>(Subject::Count).pending()
}

/// The mutations of a kind that have not settled, in the order in which they were made.
#[hook]
pub fn use_waiting<M: Mutation>() -> Vec<M> {
    use_subject::<M::Backend>(Subject::Count).waiting()
}

/// The data that mutations alone make of a query, for one of which nothing has been read; `None` if there are none.
#[hook]
pub fn use_added<Q: Query<Data: Default>>(query: &Q) -> Option<Rc<Q::Data>> {
    use_subject::<Q::Backend>(Subject::Edits).added(query)
}

/// The cache; the component renders again whenever this changes.
#[hook]
fn use_subject<B: Backend>(subject: Subject) -> QueryClient<B> {
    let client = use_query_client::<B>();
    let update = use_force_update();
    // Watched from the first render on, so that no change is missed before effects run.
    use_memo((client.clone(), subject), move |(client, subject)| {
        client.watch_unsaved(*subject, Callback::from(move |()| update.force_update()))
    });
    client
}
