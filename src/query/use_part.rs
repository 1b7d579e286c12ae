//! The hooks that show a part of a query, and wake for nothing else.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

use super::client::{Observer, QueryClient};
use super::effect::Changed;
use super::list::{Item, List, Listed};
use super::provider::use_query_client;
use super::query::{Backend, Query};
use super::use_query::{Slot, Wanted};
use super::value::Value;

/// Shows one item of a list whose [outline](super::UseQuery::outline) a component above shows: renders again when this
/// item changes, and not when others do. `item` is the item as that component has it.
#[hook]
pub fn use_item<Q: Query<Data = List<T>>, T: Item>(query: &Q, item: &Listed<T>) -> Rc<T> {
    let Listed(item) = item;
    let client = use_query_client::<Q::Backend>();
    let wanted = Wanted::whole(query.clone(), &client, None).only(item.id());
    let part = use_part(client, Some(wanted));
    // To look for the item each time would cost as much as the list is long, for each of its items.
    let current = part
        .if_woken()
        .and_then(|list| list.get::<List<T>>()?.find(item.id()).cloned());
    part.show(item, current)
}

/// A part of a query as a component sees it, without what it is.
struct Part<B: Backend> {
    observer: Option<Rc<Observer<B>>>,
    /// Whether the component observes something else than before.
    is_turned: bool,
    state: Rc<PartState>,
}

#[derive(Default)]
struct PartState {
    is_woken: Cell<bool>,
    /// What is shown, and whatever it was made of.
    shown: RefCell<Option<Rc<dyn Any>>>,
}

/// The same code for parts of every kind.
#[hook]
fn use_part<B: Backend>(client: QueryClient<B>, wanted: Option<Wanted<B>>) -> Part<B> {
    let update = use_force_update();
    let slot = use_mut_ref(Slot::default);
    let state = use_memo((), |()| PartState::default());
    let mut slot = slot.borrow_mut();
    let before = slot.observer();
    slot.turn_to(&client, wanted, || {
        let state = Rc::clone(&state);
        Callback::from(move |()| {
            state.is_woken.set(true);
            update.force_update();
        })
    });
    let observer = slot.observer();
    let is_turned = match (&before, &observer) {
        (Some(before), Some(now)) => !Rc::ptr_eq(before, now),
        (before, now) => before.is_some() != now.is_some(),
    };
    Part {
        observer,
        is_turned,
        state,
    }
}

impl<B: Backend> Part<B> {
    /// The data, if the component was woken.
    fn if_woken(&self) -> Option<Value> {
        let is_woken = self.state.is_woken.replace(false);
        self.observer.as_ref().filter(|_| is_woken)?.peek()?.data
    }

    /// Shows an item: what it is now, if that is known; else what was shown last; at first, `given`.
    fn show<T: Item>(&self, given: &Rc<T>, current: Option<Rc<T>>) -> Rc<T> {
        let mut shown = self.state.shown.borrow_mut();
        let last = shown.take().filter(|_| !self.is_turned);
        let last = last.and_then(|last| last.downcast::<T>().ok());
        let item = current.or(last).unwrap_or_else(|| Rc::clone(given));
        *shown = Some(Rc::clone(&item) as _);
        item
    }
}

/// Shows what `select` makes of a query's data: renders again when that changes, whatever else of the data does.
///
/// Nothing if there is no query or no data.
#[hook]
pub fn use_selection<Q: Query, S: PartialEq + 'static>(
    query: Option<Q>,
    select: impl Fn(&Q::Data) -> S + 'static,
) -> Option<Rc<S>> {
    let client = use_query_client::<Q::Backend>();
    let update = use_force_update();
    let slot = use_mut_ref(Slot::default);
    let selected = use_memo((), |()| Selected(RefCell::new((None, None))));

    let wanted = query.map(|query| Wanted::whole(query, &client, None));
    let select: Select<Q::Data, S> = Rc::new(select);
    let latest = use_mut_ref(|| Rc::clone(&select));
    latest.replace(Rc::clone(&select));
    slot.borrow_mut().turn_to(&client, wanted, || {
        let (weak, selected) = (Rc::downgrade(&slot), Rc::clone(&selected));
        Callback::from(move |()| {
            let observer = weak.upgrade().and_then(|slot| slot.borrow().observer());
            let data = observer.and_then(|observer| observer.peek()?.data);
            let select = Rc::clone(&latest.borrow());
            if !selected.is_of(data.as_ref()) && selected.select(data, &*select) {
                update.force_update();
            }
        })
    });
    let data = slot
        .borrow()
        .observer()
        .and_then(|observer| observer.look(Changed::DATA)?.data);
    // Whatever has changed, `select` may choose something else of the same data.
    selected.select(data, &*select);
    let (_, selection) = &*selected.0.borrow();
    selection.clone()
}

/// Makes something of data.
type Select<D, S> = Rc<dyn Fn(&D) -> S>;

/// What was selected, and of what.
struct Selected<S>(RefCell<(Option<Value>, Option<Rc<S>>)>);

impl<S: PartialEq> Selected<S> {
    /// Whether it was selected of this data.
    fn is_of(&self, data: Option<&Value>) -> bool {
        match (&self.0.borrow().0, data) {
            (Some(before), Some(now)) => before.is(now),
            (before, now) => before.is_none() && now.is_none(),
        }
    }

    /// Selects from this data, and returns whether something else was selected before.
    fn select<D: super::Data>(&self, data: Option<Value>, select: &dyn Fn(&D) -> S) -> bool {
        let selection = data.as_ref().and_then(Value::get::<D>).map(|data| select(&data));
        let mut selected = self.0.borrow_mut();
        selected.0 = data;
        let differs = selected.1.as_deref() != selection.as_ref();
        if differs {
            selected.1 = selection.map(Rc::new);
        }
        differs
    }
}
