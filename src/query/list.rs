//! Lists of things that have an id: items that did not change stay the same allocation from one version to the next.

use std::ops::Deref;
use std::rc::Rc;

use super::value::{Data, Diff, Patch};

/// Something with an id.
pub trait Item: PartialEq + 'static {
    /// Its id.
    fn id(&self) -> u128;

    /// Raised by every write of the item; orders two forms of it. None where the server keeps none.
    fn version(&self) -> Option<u64> {
        None
    }
}

/// A list whose items are shared between its versions.
#[derive(Debug)]
pub struct List<T> {
    items: Vec<Rc<T>>,
    opaque: Vec<Opaque>,
}

/// An item of a list that is there and can not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opaque {
    /// Its id.
    pub id: u128,
    /// Its version, if it has one.
    pub version: Option<u64>,
}

impl<T> List<T> {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            items: Vec::new(),
            opaque: Vec::new(),
        }
    }

    /// This list, and these items that can not be read.
    #[must_use]
    pub fn with_opaque(self, opaque: impl IntoIterator<Item = Opaque>) -> Self {
        Self {
            opaque: opaque.into_iter().collect(),
            ..self
        }
    }

    /// The items that can not be read.
    #[must_use]
    pub fn opaque(&self) -> &[Opaque] {
        &self.opaque
    }
}

impl Patch {
    /// The item with this id is in no list.
    #[must_use]
    pub fn removal<T: Item>(id: u128) -> Self {
        Self::new(move |list: &List<T>| list.without(id)).into_removal()
    }
}

impl<T: Item> List<T> {
    /// The ids of all items, also of those that can not be read.
    #[must_use]
    pub fn ids(&self) -> Vec<u128> {
        let opaque = self.opaque.iter().map(|opaque| opaque.id);
        self.iter().map(|item| item.id()).chain(opaque).collect()
    }

    /// The item with this id.
    #[must_use]
    pub fn find(&self, id: u128) -> Option<&Rc<T>> {
        self.iter().find(|item| item.id() == id)
    }

    /// The list with this item in the place of its like, or at the end.
    #[must_use]
    pub fn with(&self, item: &Rc<T>) -> Self {
        let mut list = self.replaced(item);
        if list.find(item.id()).is_none() {
            list.items.push(Rc::clone(item));
        }
        list
    }

    /// The list with this item in the place of its like, unless that is a newer form of it; one that is gone stays
    /// gone.
    #[must_use]
    pub fn replaced(&self, item: &Rc<T>) -> Self {
        let mut list = self.clone();
        list.opaque.retain(|opaque| opaque.id != item.id());
        let like = list.items.iter_mut().find(|each| each.id() == item.id());
        if let Some(place) = like.filter(|like| !is_newer(&***like, item)) {
            *place = Rc::clone(item);
        }
        list
    }

    /// The list with this item in the place of its like, or before the first item that comes after it.
    #[must_use]
    pub fn inserted_by_key<K: Ord>(&self, item: &Rc<T>, key: impl Fn(&T) -> K) -> Self {
        if self.find(item.id()).is_some() {
            return self.replaced(item);
        }
        let mut list = self.clone();
        list.opaque.retain(|opaque| opaque.id != item.id());
        let place = list.iter().position(|each| key(each) > key(item));
        list.items.insert(place.unwrap_or(self.len()), Rc::clone(item));
        list
    }

    /// The list without the item with this id.
    #[must_use]
    pub fn without(&self, id: u128) -> Self {
        let items: Self = self.iter().filter(|item| item.id() != id).cloned().collect();
        items.with_opaque(self.opaque.iter().filter(|opaque| opaque.id != id).copied())
    }

    /// The list in this order. Meant for one that is in order but for a few items: those are put into their places one
    /// by one, which takes a fraction of the code of what puts any list in order.
    #[must_use]
    pub fn sorted_by_key<K: Ord>(self, key: impl Fn(&T) -> K) -> Self {
        let mut sorted = Vec::with_capacity(self.len());
        for item in self.items {
            let place = sorted.partition_point(|each: &Rc<T>| key(each) <= key(&item));
            sorted.insert(place, item);
        }
        Self {
            items: sorted,
            opaque: self.opaque,
        }
    }
}

/// Whether the first is a later form of the same item than the second.
pub fn is_newer<T: Item>(first: &T, second: &T) -> bool {
    matches!((first.version(), second.version()), (Some(first), Some(second)) if first > second)
}

/// An item as the component above its own has it: equal to every other version of the same item, since a change of it
/// is the business of its own component, which shows it by [`use_item`](super::use_item).
#[derive(Debug)]
pub struct Listed<T>(pub Rc<T>);

impl<T> Clone for Listed<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T: Item> PartialEq for Listed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

/// Walks through a list beside another version of it: finds the like of each item, at once where both are in step.
struct Likes<'a, T> {
    before: &'a [Rc<T>],
    next: usize,
}

impl<'a, T: Item> Likes<'a, T> {
    fn of(&mut self, item: &T) -> Option<&'a Rc<T>> {
        let id = item.id();
        let in_step = |at: usize| {
            self.before
                .get(at)
                .filter(|like| like.id() == id)
                .map(|like| (at, like))
        };
        let (at, like) = in_step(self.next).or_else(|| in_step(self.next + 1)).or_else(|| {
            let mut places = self.before.iter().enumerate();
            places.find(|(_, like)| like.id() == id)
        })?;
        self.next = at + 1;
        Some(like)
    }
}

impl<T: Item> Data for List<T> {
    fn share(before: &Self, mut fresh: Rc<Self>) -> Rc<Self> {
        let mut likes = Likes {
            before: &before.items,
            next: 0,
        };
        for at in 0..fresh.len() {
            let Some(item) = fresh.get(at) else { break };
            if before.get(at).is_some_and(|like| Rc::ptr_eq(like, item)) {
                likes.next = at + 1;
                continue;
            }
            let Some(like) = likes.of(item) else { continue };
            if !Rc::ptr_eq(like, item) && like == item {
                let like = Rc::clone(like);
                if let Some(place) = Rc::make_mut(&mut fresh).items.get_mut(at) {
                    *place = like;
                }
            }
        }
        fresh
    }

    fn diff(before: &Self, after: &Self) -> Diff {
        let mut ids = Vec::new();
        let mut shape = before.len() != after.len() || before.opaque != after.opaque;
        let mut likes = Likes {
            before: &before.items,
            next: 0,
        };
        for (at, item) in after.iter().enumerate() {
            let in_place = before.get(at);
            if in_place.is_some_and(|like| Rc::ptr_eq(like, item)) {
                likes.next = at + 1;
                continue;
            }
            shape |= in_place.is_none_or(|like| like.id() != item.id());
            if likes.of(item).is_some_and(|like| like != item) {
                ids.push(item.id());
            }
        }
        Diff::Parts { shape, ids }
    }
}

impl<T> Deref for List<T> {
    type Target = [Rc<T>];

    fn deref(&self) -> &[Rc<T>] {
        &self.items
    }
}

impl<T> FromIterator<Rc<T>> for List<T> {
    fn from_iter<I: IntoIterator<Item = Rc<T>>>(items: I) -> Self {
        Self::from(items.into_iter().collect::<Vec<_>>())
    }
}

impl<T> From<Vec<Rc<T>>> for List<T> {
    fn from(items: Vec<Rc<T>>) -> Self {
        Self {
            items,
            opaque: Vec::new(),
        }
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self {
            items: self.items.clone(),
            opaque: self.opaque.clone(),
        }
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Items that are the same allocation are equal without a look inside.
impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.opaque == other.opaque
            && self.iter().zip(other.iter()).all(|(a, b)| Rc::ptr_eq(a, b) || a == b)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Row(u128, &'static str);

    impl Item for Row {
        fn id(&self) -> u128 {
            self.0
        }
    }

    fn row(id: u128, text: &'static str) -> Rc<Row> {
        Rc::new(Row(id, text))
    }

    fn list(rows: &[(u128, &'static str)]) -> List<Row> {
        rows.iter().map(|(id, text)| row(*id, text)).collect()
    }

    fn texts(list: &List<Row>) -> String {
        list.iter().map(|row| row.1).collect()
    }

    #[test]
    fn with_replaces_or_appends_item() {
        let ab = list(&[(1, "a"), (2, "b")]);
        assert_eq!(texts(&ab.with(&row(1, "A"))), "Ab");
        assert_eq!(texts(&ab.with(&row(3, "c")).with(&row(3, "c"))), "abc");
        assert_eq!(texts(&ab.replaced(&row(2, "B"))), "aB");
        assert_eq!(texts(&ab.replaced(&row(3, "c"))), "ab");
        assert_eq!(texts(&ab.without(2).without(2)), "a");
    }

    #[test]
    fn opaque_item_stays_until_replaced() {
        let opaque = |id| Opaque { id, version: None };
        let ids = |list: &List<Row>| list.opaque().iter().map(|opaque| opaque.id).collect::<Vec<_>>();
        let both = list(&[(1, "a")]).with_opaque([opaque(2), opaque(3)]);
        assert_ne!(both, list(&[(1, "a")]));
        assert_eq!(
            List::diff(&list(&[(1, "a")]), &both),
            Diff::Parts {
                shape: true,
                ids: Vec::new()
            }
        );
        let kept = [
            both.without(1),
            both.with(&row(4, "d")),
            both.clone().sorted_by_key(|row| row.0),
        ];
        assert!(kept.iter().all(|list| ids(list) == [2, 3]));
        assert_eq!(ids(&both.without(2)), [3]);
        let read = both.with(&row(2, "b"));
        assert_eq!((ids(&read).as_slice(), texts(&read).as_str()), ([3].as_slice(), "ab"));
        assert_eq!(ids(&both.inserted_by_key(&row(3, "c"), |row| row.0)), [2]);
    }

    #[test]
    fn sort_is_stable() {
        let mixed = list(&[(1, "c"), (2, "a"), (3, "b"), (4, "a"), (5, "c")]);
        let sorted = mixed.sorted_by_key(|row| row.1);
        assert_eq!(texts(&sorted), "aabcc");
        assert_eq!(sorted.iter().map(|row| row.0).collect::<Vec<_>>(), [2, 4, 3, 1, 5]);
        assert!(List::<Row>::new().sorted_by_key(|row| row.1).is_empty());
    }

    #[test]
    fn equal_items_keep_their_allocation() {
        let abc = list(&[(1, "a"), (2, "b"), (3, "c")]);
        let fresh = List::share(&abc, Rc::new(list(&[(3, "c"), (4, "d"), (2, "B"), (1, "a")])));
        assert!(Rc::ptr_eq(&fresh[0], &abc[2]) && Rc::ptr_eq(&fresh[3], &abc[0]));
        assert_eq!(texts(&fresh), "cdBa");
    }

    #[test]
    fn diff_separates_items_from_structure() {
        let abc = list(&[(1, "a"), (2, "b"), (3, "c")]);
        let diff = |after: &List<Row>| List::diff(&abc, after);
        let parts = |shape, ids: &[u128]| Diff::Parts {
            shape,
            ids: ids.to_vec(),
        };
        assert_eq!(diff(&abc.replaced(&row(2, "B"))), parts(false, &[2]));
        assert_eq!(diff(&abc.without(2)), parts(true, &[]));
        assert_eq!(diff(&abc.with(&row(4, "d")).replaced(&row(1, "A"))), parts(true, &[1]));
        assert_eq!(diff(&list(&[(3, "c"), (1, "a"), (2, "B")])), parts(true, &[2]));
        assert_eq!(diff(&list(&[(1, "a"), (2, "b"), (3, "c")])), parts(false, &[]));
    }
}
