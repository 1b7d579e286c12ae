//! The rows that people edit, and the query that shows each of them.

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

/// The names of the mutations of a type of row.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// The row, in one word: "action".
    pub noun: &'static str,
    /// The name under which a creation is persisted.
    pub create: &'static str,
    /// The description of a creation: "add the action".
    pub create_attempt: &'static str,
    /// The name under which an update is persisted.
    pub update: &'static str,
    /// The description of an update: "save the action".
    pub update_attempt: &'static str,
    /// The name under which a deletion is persisted.
    pub delete: &'static str,
    /// The description of a deletion: "delete the action".
    pub delete_attempt: &'static str,
    /// The name under which a restoration is persisted.
    pub restore: &'static str,
    /// The description of a restoration: "bring the action back".
    pub restore_attempt: &'static str,
}

/// A row with a version.
pub trait Versioned: Item {
    /// Returns this row with another version. Values that the server never had together have no version.
    #[must_use]
    fn at_version(self, version: Option<u64>) -> Self;
}

/// A row that people edit.
pub trait Record: Versioned + FromFields + Serialize + DeserializeOwned + Clone + std::fmt::Debug {
    /// The collection of the row, as in the paths of the API.
    const COLLECTION: &'static str;
    /// The fields that people edit, as on the wire.
    const FIELDS: &'static [&'static str];
    /// The names of the row's mutations.
    const NAMES: Names;
    /// The query that shows the row.
    type Home: Query<Backend = Api, Data: Holds<Self>>;
    /// The body of a request that creates the row.
    type New: Serialize;

    /// Returns the query that shows the row.
    fn home(&self) -> Self::Home;

    /// Selects the other lists that may show the row.
    fn elsewhere(&self) -> Option<Selector> {
        None
    }

    /// Selects the other lists that show a new row.
    fn new_elsewhere(&self) -> Option<Selector> {
        None
    }

    /// Returns the change as a patch of the data that shows the row.
    fn patch(change: RowChange<Self>) -> Patch {
        Patch::new(move |data: &Home<Self>| change.apply(data))
    }

    /// Returns the body of a request that creates the row.
    fn to_new(&self) -> Self::New;

    /// Returns this row without its reference to another row, which may be deleted. Returns `None` if it has no
    /// reference.
    fn unattached(&self) -> Option<Self> {
        None
    }

    /// Writes the whole row, on a server that can not write single fields. `now` is the row as it was last read.
    fn put(api: Api, now: Self, wanted: Self) -> impl Future<Output = Result<Written<Self>, ApiError>> {
        _ = now;
        async move { api.put_row(Self::COLLECTION, wanted.uuid(), &wanted).await }
    }

    /// Returns the id of the row.
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(self.id())
    }

    /// Returns the row as JSON.
    fn to_row(&self) -> Row {
        match serde_json::to_value(self) {
            Ok(Value::Object(row)) => row,
            Ok(_) | Err(_) => Row::new(),
        }
    }

    /// Parses a row from JSON. Returns `None` if it is not a row of this type.
    fn from_row(row: Row) -> Option<Self> {
        serde_json::from_value(Value::Object(row)).ok()
    }

    /// Returns the fields that people edit, as JSON.
    fn fields(&self) -> Row {
        let mut row = self.to_row();
        row.retain(|name, _| Self::FIELDS.contains(&name.as_str()));
        row
    }
}

/// The data of a query that shows rows of one type.
pub trait Holds<T>: Data + Clone {
    /// Returns the row with this id.
    fn row(&self, id: u128) -> Option<Rc<T>>;
    /// Returns the data with the row in place of its earlier form, unless that form is newer.
    #[must_use]
    fn with_row(&self, row: &Rc<T>) -> Self;
    /// Returns the data with the row in its place, as an insertion or a replacement.
    #[must_use]
    fn with_new_row(&self, row: &Rc<T>) -> Self;
    /// Returns the data without the row.
    #[must_use]
    fn without_row(&self, id: u128) -> Self;
}

/// A change of a row in the data that shows it.
#[derive(Clone, Debug)]
pub enum RowChange<T> {
    /// Replaces the row, if it exists.
    Is(Rc<T>),
    /// Inserts or replaces the row.
    Comes(Rc<T>),
    /// Inserts the row. An existing row stays as the server has it.
    ComesBack(Rc<T>),
    /// Changes fields of the row.
    Changes(u128, Changes),
    /// Removes the row.
    Goes(u128),
}

impl<T: Record> RowChange<T> {
    /// Returns the data after the change.
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

/// Returns the queries that show the row.
pub(super) fn target<T: Record>(row: &T) -> Target {
    Target::of(row.home().key()).with(row.elsewhere())
}

/// Returns the queries that show a new row.
pub(super) fn new_target<T: Record>(row: &T) -> Target {
    Target::of(row.home().key()).with(row.new_elsewhere())
}

/// A row with a place in its list: a restored row returns to its earlier place.
pub trait Ordered {
    /// The sort key.
    type Key: Ord;

    /// Returns the sort key of the row.
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

/// The data of the query that shows a row.
pub(super) type Home<T> = <<T as Record>::Home as Query>::Data;

/// Returns the row that an answer puts in place of the row with this id: the server has created it with an id of its
/// own. Returns `None` for any other answer.
pub(super) fn created<T: Item>(id: u128, answer: &dyn Any) -> Option<&T> {
    let restored = || match answer.downcast_ref()? {
        Restored(Saved::Row { row, .. }) => Some(row),
        Restored(Saved::Gone(_)) => None,
    };
    let created = answer.downcast_ref().or_else(restored);
    created.filter(|created: &&T| created.id() != id)
}
