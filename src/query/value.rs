//! Values of any type, and what changes them.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

/// A value of any type that can be compared. Cheap to clone.
#[derive(Clone)]
pub struct Value {
    data: Rc<dyn Any>,
    equal: fn(&dyn Any, &dyn Any) -> bool,
}

impl Value {
    /// Wraps a value.
    #[must_use]
    pub fn new<T: PartialEq + 'static>(data: T) -> Self {
        Self::from_rc(Rc::new(data))
    }

    /// Wraps a value that is shared already.
    #[must_use]
    pub fn from_rc<T: PartialEq + 'static>(data: Rc<T>) -> Self {
        Self {
            data,
            equal: |a, b| matches!((a.downcast_ref::<T>(), b.downcast_ref()), (Some(a), Some(b)) if a == b),
        }
    }

    /// The value; `None` if it is of another type, which a key's type rules out.
    #[must_use]
    pub fn get<T: 'static>(&self) -> Option<Rc<T>> {
        Rc::clone(&self.data).downcast().ok()
    }

    /// Whether both are the same allocation.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.data, &other.data)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || (self.equal)(&*self.data, &*other.data)
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
pub struct Patch(Rc<dyn Fn(&Value) -> Value>);

impl Patch {
    /// A change of values of type `T`; other values stay as they are.
    pub fn new<T: PartialEq + 'static>(change: impl Fn(&T) -> T + 'static) -> Self {
        Self(Rc::new(move |value| {
            value
                .get::<T>()
                .map_or_else(|| value.clone(), |data| Value::new(change(&data)))
        }))
    }

    /// The value after the change.
    #[must_use]
    pub fn apply(&self, value: &Value) -> Value {
        (self.0)(value)
    }
}

impl fmt::Debug for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Patch(..)")
    }
}
