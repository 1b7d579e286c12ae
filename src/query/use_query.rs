//! The hook that shows a query.

use std::rc::Rc;

use yew::prelude::*;

use super::client::Observer;
use super::effect::Changed;
use super::provider::use_query_client;
use super::query::{Fails, Query};
use super::value::Value;

/// Shows a query, and keeps what is shown fresh for as long as the component lives.
///
/// The component renders again when something changes that it has looked at through the returned handle, and not
/// otherwise.
#[hook]
pub fn use_query<Q: Query>(query: Q) -> UseQuery<Q> {
    use_query_if(Some(query))
}

/// Shows a query if there is one: for what depends on something that is not known yet. See [`use_query`].
#[hook]
pub fn use_query_if<Q: Query>(query: Option<Q>) -> UseQuery<Q> {
    let client = use_query_client::<Q::Backend>();
    let update = use_force_update();
    let held = use_mut_ref(|| None::<(Q, Rc<Observer<Q::Backend>>)>);

    // Observed while rendering, not in an effect: what changes between the two would be missed.
    let mut held = held.borrow_mut();
    if held.as_ref().map(|(query, _)| query) != query.as_ref() {
        let observed = query.map(|query| {
            let observer = client.observe(&query, Callback::from(move |()| update.force_update()));
            (query, Rc::new(observer))
        });
        *held = observed;
    }
    UseQuery {
        observer: held.as_ref().map(|(_, observer)| Rc::clone(observer)),
    }
}

/// A query as a component sees it.
pub struct UseQuery<Q: Query> {
    observer: Option<Rc<Observer<Q::Backend>>>,
}

/// What there is to show of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum View<T, E> {
    /// There is no query.
    Idle,
    /// Nothing has come yet; something will, or is being tried again.
    Loading,
    /// Nothing has come, and nothing will without somebody asking.
    Failed(E),
    /// This is the data.
    Ready {
        /// The newest that there is.
        data: Rc<T>,
        /// Why it could not be refreshed, if it could not.
        error: Option<E>,
    },
}

impl<Q: Query> UseQuery<Q> {
    /// What there is to show.
    #[must_use]
    pub fn view(&self) -> View<Q::Data, Fails<Q>> {
        let Some(observer) = &self.observer else {
            return View::Idle;
        };
        let Some(snapshot) = observer.look(Changed::DATA.and(Changed::ERROR)) else {
            return View::Loading;
        };
        let error = snapshot.final_error().cloned();
        match (snapshot.data.as_ref().and_then(Value::get), error) {
            (Some(data), error) => View::Ready { data, error },
            (None, Some(error)) => View::Failed(error),
            (None, None) => View::Loading,
        }
    }

    /// The data, if there is any.
    #[must_use]
    pub fn data(&self) -> Option<Rc<Q::Data>> {
        self.observer.as_ref()?.look(Changed::DATA)?.data?.get()
    }

    /// Whether a fetch is under way.
    #[must_use]
    pub fn is_fetching(&self) -> bool {
        let snapshot = self
            .observer
            .as_ref()
            .and_then(|observer| observer.look(Changed::FETCHING));
        snapshot.is_some_and(|snapshot| snapshot.fetching)
    }

    /// Asks for fresh data.
    pub fn refetch(&self) {
        if let Some(observer) = &self.observer {
            observer.refetch();
        }
    }
}

impl<Q: Query> Clone for UseQuery<Q> {
    fn clone(&self) -> Self {
        Self {
            observer: self.observer.clone(),
        }
    }
}

impl<Q: Query> std::fmt::Debug for UseQuery<Q> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UseQuery(..)")
    }
}
