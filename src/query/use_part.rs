//! The hooks that show a part of a query, and wake for nothing else.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

use super::effect::Changed;
use super::list::{Item, List, Listed};
use super::provider::use_query_client;
use super::query::Query;
use super::use_query::{Slot, Wanted};
use super::value::Value;

/// Shows one item of a list whose [outline](super::UseQuery::outline) a component above shows: renders again when this
/// item changes, and not when others do. `item` is the item as that component has it.
#[hook]
pub fn use_item<Q: Query<Data = List<T>>, T: Item>(query: &Q, item: &Listed<T>) -> Rc<T> {
    let Listed(item) = item;
    let client = use_query_client::<Q::Backend>();
    let update = use_force_update();
    let slot = use_mut_ref(Slot::default);
    let shown = use_mut_ref(|| Rc::clone(item));
    // To look for the item each time would cost as much as the list is long, for each of its items.
    let is_woken = use_memo((), |()| Cell::new(false));

    let wanted = Wanted::whole(query.clone(), &client, None).only(item.id());
    let is_turned = slot.borrow_mut().turn_to(&client, Some(wanted), || {
        let is_woken = Rc::clone(&is_woken);
        Callback::from(move |()| {
            is_woken.set(true);
            update.force_update();
        })
    });
    if is_turned.is_some() || shown.borrow().id() != item.id() {
        shown.replace(Rc::clone(item));
    }
    if is_woken.replace(false)
        && let Some(observer) = slot.borrow().observer()
        && let Some(list) = observer.peek().and_then(|snapshot| snapshot.data?.get::<List<T>>())
        && let Some(current) = list.find(item.id())
    {
        shown.replace(Rc::clone(current));
    }
    shown.borrow().clone()
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
    let select = Rc::new(select);
    slot.borrow_mut().turn_to(&client, wanted, || {
        let (weak, selected, select) = (Rc::downgrade(&slot), Rc::clone(&selected), Rc::clone(&select));
        Callback::from(move |()| {
            let observer = weak.upgrade().and_then(|slot| slot.borrow().observer());
            let data = observer.and_then(|observer| observer.peek()?.data);
            if selected.choose(data, &*select) {
                update.force_update();
            }
        })
    });
    let data = slot
        .borrow()
        .observer()
        .and_then(|observer| observer.look(Changed::DATA)?.data);
    selected.choose(data, &*select);
    let (_, selection) = &*selected.0.borrow();
    selection.clone()
}

/// What was selected, and of what.
struct Selected<S>(RefCell<(Option<Value>, Option<Rc<S>>)>);

impl<S: PartialEq> Selected<S> {
    /// Selects from this data, and returns whether something else was selected before.
    fn choose<D: super::Data>(&self, data: Option<Value>, select: &impl Fn(&D) -> S) -> bool {
        let is_same_data = match (&self.0.borrow().0, &data) {
            (Some(before), Some(now)) => before.is(now),
            (before, now) => before.is_none() && now.is_none(),
        };
        if is_same_data {
            return false;
        }
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
