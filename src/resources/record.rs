//! The rows that people change, and the query in which each of them is shown.

use std::any::Any;
use std::rc::Rc;

use intent::{Changes, Row, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use wire::json::FromFields;

use super::additions::Restored;
use super::changes::Saved;
use super::exchange::unconfirmed;
use crate::api::{Api, ApiError, Written};
use crate::query::{Data, Item, List, Patch, Query, Selector, Target};

/// The names of the mutations of a kind of row.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// The row, in a word: "action".
    pub noun: &'static str,
    /// Where a creation is written down.
    pub create: &'static str,
    /// "add the action"
    pub create_attempt: &'static str,
    /// Where an update is written down.
    pub update: &'static str,
    /// "save the action"
    pub update_attempt: &'static str,
    /// Where a deletion is written down.
    pub delete: &'static str,
    /// "delete the action"
    pub delete_attempt: &'static str,
    /// Where a restoration is written down.
    pub restore: &'static str,
    /// "bring the action back"
    pub restore_attempt: &'static str,
}

/// A row with a version.
pub trait Versioned: Item {
    /// This row, at another version. Values that the server never had together have none.
    #[must_use]
    fn at_version(self, version: Option<u64>) -> Self;
}

/// A row that people change.
pub trait Record: Versioned + FromFields + Serialize + DeserializeOwned + Clone + std::fmt::Debug {
    /// Its collection, as in the addresses of the API.
    const COLLECTION: &'static str;
    /// The fields that people change, as on the wire.
    const FIELDS: &'static [&'static str];
    /// The names of its mutations.
    const NAMES: Names;
    /// The query in which it is shown.
    type Home: Query<Backend = Api, Data: Holds<Self>>;
    /// The body that creates it.
    type New: Serialize;

    /// The query in which it is shown.
    fn home(&self) -> Self::Home;

    /// The other lists that may show the row.
    fn elsewhere(&self) -> Option<Selector> {
        None
    }

    /// The other lists that show the row as soon as there is one.
    fn new_elsewhere(&self) -> Option<Selector> {
        None
    }

    /// The change as a patch of whatever shows the row.
    fn patch(change: RowChange<Self>) -> Patch {
        Patch::new(move |data: &Home<Self>| change.apply(data))
    }

    /// The body that creates it.
    fn to_new(&self) -> Self::New;

    /// This row without the reference to another one that may be gone; `None` if it has none.
    fn unattached(&self) -> Option<Self> {
        None
    }

    /// Writes the whole row where rows can not be written field by field. `now` is the row as it was read last.
    fn put(api: Api, now: Self, wanted: Self) -> impl Future<Output = Result<Written<Self>, ApiError>> {
        _ = now;
        async move { api.put_row(Self::COLLECTION, wanted.uuid(), &wanted).await }
    }

    /// Its id.
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(self.id())
    }

    /// The row as JSON.
    fn to_row(&self) -> Row {
        match serde_json::to_value(self) {
            Ok(Value::Object(row)) => row,
            Ok(_) | Err(_) => Row::new(),
        }
    }

    /// Reads a row from JSON; none if it is not one of these.
    fn from_row(row: Row) -> Option<Self> {
        serde_json::from_value(Value::Object(row)).ok()
    }

    /// The fields that people change, as JSON.
    fn fields(&self) -> Row {
        let mut row = self.to_row();
        row.retain(|name, _| Self::FIELDS.contains(&name.as_str()));
        row
    }
}

/// The data of a query that shows rows of a kind.
pub trait Holds<T>: Data + Clone {
    /// The row with this id.
    fn row(&self, id: u128) -> Option<Rc<T>>;
    /// With the row in the place of its like, unless that is newer.
    #[must_use]
    fn with_row(&self, row: &Rc<T>) -> Self;
    /// With the row in its place, whether it was there before or not.
    #[must_use]
    fn with_new_row(&self, row: &Rc<T>) -> Self;
    /// Without the row.
    #[must_use]
    fn without_row(&self, id: u128) -> Self;
}

/// What becomes of a row where it is shown.
#[derive(Clone, Debug)]
pub enum RowChange<T> {
    /// It is like this, if it is there.
    Is(Rc<T>),
    /// It is there, like this.
    Comes(Rc<T>),
    /// It is there, like this unless it is there already: then it is as the server has it.
    ComesBack(Rc<T>),
    /// Fields of it change.
    Changes(u128, Changes),
    /// It goes.
    Goes(u128),
}

impl<T: Record> RowChange<T> {
    /// The data after the change.
    pub fn apply<D: Holds<T>>(&self, data: &D) -> D {
        match self {
            Self::Is(row) => data.with_row(row),
            Self::ComesBack(row) if data.row(row.id()).is_some() => data.clone(),
            Self::Comes(row) | Self::ComesBack(row) => data.with_new_row(row),
            Self::Changes(id, changes) => match data.row(*id) {
                Some(row) => data.with_row(&Rc::new(unconfirmed(changes, &*row))),
                None => data.clone(),
            },
            Self::Goes(id) => data.without_row(*id),
        }
    }
}

/// What shows the row.
pub(super) fn target<T: Record>(row: &T) -> Target {
    Target::of(row.home().key()).with(row.elsewhere())
}

/// What shows the row as soon as there is one.
pub(super) fn new_target<T: Record>(row: &T) -> Target {
    Target::of(row.home().key()).with(row.new_elsewhere())
}

/// A row whose list has an order: a row that comes back stands where it was.
pub trait Ordered {
    /// The place in the list.
    type Key: Ord;

    /// The place in the list.
    fn order(&self) -> Self::Key;
}

impl<T: Item + Ordered> Holds<T> for List<T> {
    fn row(&self, id: u128) -> Option<Rc<T>> {
        self.find(id).cloned()
    }

    fn with_row(&self, row: &Rc<T>) -> Self {
        self.replaced(row)
    }

    fn with_new_row(&self, row: &Rc<T>) -> Self {
        self.inserted_by_key(row, Ordered::order)
    }

    fn without_row(&self, id: u128) -> Self {
        self.without(id)
    }
}

/// The data of the query in which a row is shown.
pub(super) type Home<T> = <<T as Record>::Home as Query>::Data;

/// The row that has taken the place of the one with this id, if an answer says so: the server has created it, and has
/// given it an id of its own.
pub(super) fn created<T: Item>(id: u128, answer: &dyn Any) -> Option<&T> {
    let restored = || match answer.downcast_ref()? {
        Restored(Saved::Row { row, .. }) => Some(row),
        Restored(Saved::Gone(_)) => None,
    };
    let created = answer.downcast_ref().or_else(restored);
    created.filter(|created: &&T| created.id() != id)
}
