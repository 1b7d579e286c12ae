//! Values of any type: what can be told about them without knowing what they are, and what changes them.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

/// What a query can hold.
pub trait Data: PartialEq + 'static {
    /// Lets a fresh value share with the one before what has not changed, so that what is shown of it need not change.
    #[must_use]
    fn share(before: &Self, fresh: Rc<Self>) -> Rc<Self> {
        _ = before;
        fresh
    }

    /// What differs between two values that are not equal.
    #[must_use]
    fn diff(before: &Self, after: &Self) -> Diff {
        _ = (before, after);
        Diff::Everything
    }
}

impl Data for String {}

/// What differs between two values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diff {
    /// Anything may.
    Everything,
    /// Only the following.
    Parts {
        /// Whether parts were added, removed or moved.
        shape: bool,
        /// The ids of the parts that have changed in themselves.
        ids: Vec<u128>,
    },
}

/// A value of any type. Cheap to clone.
#[derive(Clone)]
pub struct Value(Rc<dyn Erased>);

trait Erased: Any {
    fn equals(&self, other: &dyn Any) -> bool;
    fn share_before(self: Rc<Self>, before: &dyn Any) -> Rc<dyn Erased>;
    fn diff_from(&self, before: &dyn Any) -> Diff;
}

impl<T: Data> Erased for T {
    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>().is_some_and(|other| self == other)
    }

    fn share_before(self: Rc<Self>, before: &dyn Any) -> Rc<dyn Erased> {
        match before.downcast_ref::<T>() {
            Some(before) => T::share(before, self),
            None => self,
        }
    }

    fn diff_from(&self, before: &dyn Any) -> Diff {
        before
            .downcast_ref::<T>()
            .map_or(Diff::Everything, |before| T::diff(before, self))
    }
}

impl Value {
    /// Wraps a value.
    #[must_use]
    pub fn new<T: Data>(data: T) -> Self {
        Self::from_rc(Rc::new(data))
    }

    /// Wraps a value that is shared already.
    #[must_use]
    pub fn from_rc<T: Data>(data: Rc<T>) -> Self {
        Self(data)
    }

    /// The value; `None` if it is of another type, which a key's type rules out.
    #[must_use]
    pub fn get<T: Data>(&self) -> Option<Rc<T>> {
        let data: Rc<dyn Any> = Rc::clone(&self.0) as _;
        data.downcast().ok()
    }

    /// Whether both are the same allocation.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// This value, sharing with the one before what is equal in both.
    #[must_use]
    pub(super) fn sharing(self, before: Option<&Self>) -> Self {
        match before {
            Some(before) if self == *before => before.clone(),
            Some(before) => Self(self.0.share_before(&*before.0)),
            None => self,
        }
    }

    /// What differs from the value before.
    pub(super) fn diff_from(&self, before: &Self) -> Diff {
        self.0.diff_from(&*before.0)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || self.0.equals(&*other.0)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}

/// A change of a value. May be applied again and again, so applying it twice must be the same as once: insert by id
/// or replace, remove by id, set a field.
#[derive(Clone)]
pub struct Patch {
    change: Rc<dyn Fn(&Value) -> Value>,
    is_removal: bool,
}

impl Patch {
    /// A change of values of type `T`; other values stay as they are.
    pub fn new<T: Data>(change: impl Fn(&T) -> T + 'static) -> Self {
        let change = move |value: &Value| {
            value
                .get::<T>()
                .map_or_else(|| value.clone(), |data| Value::new(change(&data)))
        };
        Self {
            change: Rc::new(change),
            is_removal: false,
        }
    }

    /// This change, and another one of values of another type.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (this, change) = (self.change, other.change);
        Self {
            change: Rc::new(move |value| change(&this(value))),
            is_removal: self.is_removal,
        }
    }

    /// This change, which removes a row. It is right on data that was read before it and on data that was read after it:
    /// if the row is back in newer data, that is about to be told as well.
    pub(super) fn into_removal(self) -> Self {
        Self {
            is_removal: true,
            ..self
        }
    }

    pub(super) const fn is_removal(&self) -> bool {
        self.is_removal
    }

    /// The value after the change; the very same one if nothing has changed.
    #[must_use]
    pub fn apply(&self, value: &Value) -> Value {
        let changed = (self.change)(value);
        if changed == *value { value.clone() } else { changed }
    }
}

impl fmt::Debug for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Patch(..)")
    }
}
