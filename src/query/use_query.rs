//! The hooks that show a query.

use std::cell::RefCell;
use std::rc::Rc;

use yew::prelude::*;

use super::client::source::{Source, Whole};
use super::client::{Observer, QueryClient};
use super::effect::Changed;
use super::entry::Snapshot;
use super::key::Key;
use super::pages::{Paged, Pages};
use super::policy::{OnMount, Options};
use super::provider::use_query_client;
use super::query::{Backend, PagedQuery, Query};
use super::value::{Data, Value};

/// Shows a query, and keeps what is shown fresh for as long as the component lives.
///
/// The component renders again when something changes that it has looked at through the returned handle, and not
/// otherwise.
#[hook]
pub fn use_query<Q: Query>(query: Q) -> UseQuery<Q::Data, Q::Backend> {
    use_query_with(Some(query), Show::default())
}

/// Shows a query if there is one: for what depends on something that is not known yet. See [`use_query`].
#[hook]
pub fn use_query_if<Q: Query>(query: Option<Q>) -> UseQuery<Q::Data, Q::Backend> {
    use_query_with(query, Show::default())
}

/// How one component wants a query to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Show<D> {
    /// Whether the data of the query before is shown until that of a new one has come.
    pub keep_previous: bool,
    /// What is shown until anything has come. Nobody else sees it.
    pub placeholder: Option<Rc<D>>,
    /// How it wants the query to be treated, if not as the query itself says.
    pub options: Option<Options>,
}

impl<D> Default for Show<D> {
    fn default() -> Self {
        Self {
            keep_previous: false,
            placeholder: None,
            options: None,
        }
    }
}

/// Shows a query if there is one, in this way. See [`use_query`].
#[hook]
pub fn use_query_with<Q: Query>(query: Option<Q>, show: Show<Q::Data>) -> UseQuery<Q::Data, Q::Backend> {
    let client = use_query_client::<Q::Backend>();
    let wanted = query.map(|query| Wanted::whole(query, &client, show.options));
    UseQuery {
        handle: use_wanted(client, wanted, show.keep_previous),
        placeholder: show.placeholder,
    }
}

/// Shows a query that comes in pages, if there is one: the first page, and more when asked. See [`use_query`].
#[hook]
pub fn use_pages<Q: PagedQuery>(query: Option<Q>) -> UseQuery<Pages<Q::Item, Q::Cursor>, Q::Backend> {
    let client = use_query_client::<Q::Backend>();
    let wanted = query.map(|query| {
        let backend = client.backend().clone();
        Wanted {
            key: query.key(),
            part: None,
            options: query.options(),
            source: Box::new(move || Rc::new(Paged::new(query, backend))),
        }
    });
    UseQuery {
        handle: use_wanted(client, wanted, false),
        placeholder: None,
    }
}

/// What a component wants to see, without what it is.
pub(super) struct Wanted<B: Backend> {
    key: Key,
    /// The part of the data that matters, if not all of it does.
    part: Option<u128>,
    options: Options,
    source: Box<dyn FnOnce() -> Rc<dyn Source<B::Error>>>,
}

impl<B: Backend> Wanted<B> {
    /// Only this part of it, for whom a component above has had all of it read.
    pub(super) fn only(self, part: u128) -> Self {
        Self {
            part: Some(part),
            options: Options {
                on_mount: OnMount::Never,
                ..self.options
            },
            ..self
        }
    }

    pub(super) fn whole<Q: Query<Backend = B>>(query: Q, client: &QueryClient<B>, options: Option<Options>) -> Self {
        let backend = client.backend().clone();
        Self {
            key: query.key(),
            part: None,
            options: options.unwrap_or_else(|| query.options()),
            source: Box::new(move || Rc::new(Whole::new(query, backend))),
        }
    }
}

/// Holds a component's observer from one render to the next.
pub(super) struct Slot<B: Backend>(Option<(Aim, Rc<Observer<B>>)>);

/// What an observer observes: a key, and a part of it if not all of it.
type Aim = (Key, Option<u128>);

impl<B: Backend> Default for Slot<B> {
    fn default() -> Self {
        Self(None)
    }
}

impl<B: Backend> Slot<B> {
    /// The observer of what is wanted. Who observed something else no longer does: returns that observer.
    ///
    /// Called while rendering, not in an effect: what changes between the two would be missed.
    pub(super) fn turn_to(
        &mut self,
        client: &QueryClient<B>,
        wanted: Option<Wanted<B>>,
        wake: impl FnOnce() -> Callback<()>,
    ) -> Option<Rc<Observer<B>>> {
        let is_same = match (&self.0, &wanted) {
            (Some(((key, part), _)), Some(wanted)) => *key == wanted.key && *part == wanted.part,
            (observed, wanted) => observed.is_none() && wanted.is_none(),
        };
        if is_same {
            return None;
        }
        let observed = wanted.map(|wanted| {
            let Wanted {
                key,
                part,
                options,
                source,
            } = wanted;
            let observer = client.observe(key.clone(), options, part, source, wake());
            ((key, part), Rc::new(observer))
        });
        std::mem::replace(&mut self.0, observed).map(|(_, before)| before)
    }

    pub(super) fn observer(&self) -> Option<Rc<Observer<B>>> {
        self.0.as_ref().map(|(_, observer)| Rc::clone(observer))
    }
}

/// A query as a component sees it, without what it is.
struct Handle<B: Backend> {
    observer: Option<Rc<Observer<B>>>,
    /// The data of the query before, for as long as it is shown.
    previous: Rc<RefCell<Option<Value>>>,
}

#[hook]
fn use_wanted<B: Backend>(client: QueryClient<B>, wanted: Option<Wanted<B>>, keep_previous: bool) -> Handle<B> {
    let update = use_force_update();
    let slot = use_mut_ref(Slot::default);
    let previous = use_mut_ref(|| None::<Value>);
    let before = slot
        .borrow_mut()
        .turn_to(&client, wanted, || Callback::from(move |()| update.force_update()));
    if let Some(data) = before.and_then(|before| before.peek()?.data) {
        previous.replace(Some(data));
    }
    if !keep_previous {
        previous.take();
    }
    Handle {
        observer: slot.borrow().observer(),
        previous,
    }
}

impl<B: Backend> Clone for Handle<B> {
    fn clone(&self) -> Self {
        Self {
            observer: self.observer.clone(),
            previous: Rc::clone(&self.previous),
        }
    }
}

impl<B: Backend> Handle<B> {
    /// The data; before there is any, that of the query before.
    fn shown(&self, snapshot: &Snapshot<B::Error>) -> Option<Value> {
        if snapshot.data.is_some() || snapshot.final_error().is_some() {
            self.previous.take();
        }
        snapshot.data.clone().or_else(|| self.previous.borrow().clone())
    }
}

/// A query as a component sees it.
pub struct UseQuery<D, B: Backend> {
    handle: Handle<B>,
    placeholder: Option<Rc<D>>,
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

impl<D: Data, B: Backend> UseQuery<D, B> {
    /// What there is to show.
    #[must_use]
    pub fn view(&self) -> View<D, B::Error> {
        self.view_of(Changed::DATA)
    }

    /// What there is to show, for a component that shows which items there are and leaves what they are like to
    /// components of their own: wakes when an item comes, goes or moves, and not when one changes.
    #[must_use]
    pub fn outline(&self) -> View<D, B::Error> {
        self.view_of(Changed::SHAPE)
    }

    fn view_of(&self, fields: Changed) -> View<D, B::Error> {
        let Some(observer) = &self.handle.observer else {
            return View::Idle;
        };
        let Some(snapshot) = observer.look(fields.and(Changed::ERROR)) else {
            return View::Loading;
        };
        match (self.shown(&snapshot), snapshot.final_error().cloned()) {
            (Some(data), error) => View::Ready { data, error },
            (None, Some(error)) => View::Failed(error),
            (None, None) => View::Loading,
        }
    }

    fn shown(&self, snapshot: &Snapshot<B::Error>) -> Option<Rc<D>> {
        let value = self.handle.shown(snapshot);
        value.as_ref().and_then(Value::get).or_else(|| self.placeholder.clone())
    }

    /// The data, if there is any.
    #[must_use]
    pub fn data(&self) -> Option<Rc<D>> {
        self.shown(&self.handle.observer.as_ref()?.look(Changed::DATA)?)
    }

    /// The data, for a component that only looks at which items there are. See [`outline`](Self::outline).
    #[must_use]
    pub fn outline_data(&self) -> Option<Rc<D>> {
        self.shown(&self.handle.observer.as_ref()?.look(Changed::SHAPE)?)
    }

    /// Why there is nothing, or nothing newer; `None` while that is being dealt with.
    #[must_use]
    pub fn failure(&self) -> Option<B::Error> {
        self.snapshot(Changed::ERROR)?.final_error().cloned()
    }

    /// Whether what is shown is the data of the query before.
    #[must_use]
    pub fn is_previous(&self) -> bool {
        self.data().is_some() && self.handle.previous.borrow().is_some()
    }

    /// Whether a fetch is under way.
    #[must_use]
    pub fn is_fetching(&self) -> bool {
        self.snapshot(Changed::FETCHING)
            .is_some_and(|snapshot| snapshot.fetching)
    }

    /// Whether the data is known to be out of date, or was only remembered, or nobody would say if it changed.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.snapshot(Changed::STALE).is_some_and(|snapshot| snapshot.stale)
    }

    /// Whether a fetch waits for the network, or for somebody to look.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.snapshot(Changed::PAUSED).is_some_and(|snapshot| snapshot.paused)
    }

    fn snapshot(&self, fields: Changed) -> Option<Snapshot<B::Error>> {
        self.handle.observer.as_ref()?.look(fields)
    }

    /// Asks for fresh data.
    pub fn refetch(&self) {
        if let Some(observer) = &self.handle.observer {
            observer.refetch();
        }
    }

    /// Asks for the page after the last that is shown.
    pub fn fetch_more(&self) {
        if let Some(observer) = &self.handle.observer {
            observer.fetch_more();
        }
    }
}

impl<D, B: Backend> Clone for UseQuery<D, B> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            placeholder: self.placeholder.clone(),
        }
    }
}

impl<D, B: Backend> std::fmt::Debug for UseQuery<D, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UseQuery(..)")
    }
}
