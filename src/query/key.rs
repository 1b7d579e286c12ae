//! What a query is called: its endpoint, structurally.

use std::any::{TypeId, type_name};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

/// One part of a path, or the value of a parameter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A fixed word.
    Word(&'static str),
    /// An id of 128 bits.
    Id(u128),
    /// Any other text.
    Text(Rc<str>),
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Id(id) => write!(f, "{id:x}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Different for different segments: text is in quotes, and an id, which is in hexadecimal as elsewhere, behind a `#`.
impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Id(id) => write!(f, "#{id:x}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl From<&'static str> for Segment {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}

impl From<u128> for Segment {
    fn from(id: u128) -> Self {
        Self::Id(id)
    }
}

impl From<String> for Segment {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// What a query is called: the type of the query, a path, and parameters in no particular order.
///
/// Keys are compared in full, so no two queries can ever share an entry by an accident of hashing. Cheap to clone.
#[derive(Clone)]
pub struct Key(Rc<Parts>);

struct Parts {
    kind: TypeId,
    kind_name: &'static str,
    path: Vec<Segment>,
    /// Sorted by name.
    params: Vec<(&'static str, Segment)>,
    hash: u64,
}

impl Key {
    /// Starts a key for queries of type `Q`.
    #[must_use]
    pub fn of<Q: 'static>() -> KeyBuilder {
        KeyBuilder {
            kind: TypeId::of::<Q>(),
            kind_name: type_name::<Q>(),
            path: Vec::new(),
            params: Vec::new(),
        }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &[Segment] {
        &self.0.path
    }

    /// What it can be found by later, by the same build of the app: different for different keys.
    #[must_use]
    pub fn address(&self) -> String {
        let Parts {
            kind_name,
            path,
            params,
            ..
        } = &*self.0;
        format!("{kind_name} {path:?} {params:?}")
    }

    /// The parameters, sorted by name.
    #[must_use]
    pub fn params(&self) -> &[(&'static str, Segment)] {
        &self.0.params
    }

    /// The value of a parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Segment> {
        self.0
            .params
            .iter()
            .find(|(each, _)| *each == name)
            .map(|(_, value)| value)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&*self.0, &*other.0);
        Rc::ptr_eq(&self.0, &other.0)
            || (a.hash == b.hash && a.kind == b.kind && a.path == b.path && a.params == b.params)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

/// Path and parameters, as in an address.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.0.path {
            write!(f, "/{segment}")?;
        }
        for (index, (name, value)) in self.0.params.iter().enumerate() {
            write!(f, "{}{name}={value}", if index == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Builds a [`Key`].
#[derive(Clone, Debug)]
pub struct KeyBuilder {
    kind: TypeId,
    kind_name: &'static str,
    path: Vec<Segment>,
    /// Sorted by name.
    params: Vec<(&'static str, Segment)>,
}

impl KeyBuilder {
    /// Adds a part to the path.
    #[must_use]
    pub fn segment(mut self, segment: impl Into<Segment>) -> Self {
        self.path.push(segment.into());
        self
    }

    /// Sets a parameter.
    #[must_use]
    pub fn param(mut self, name: &'static str, value: impl Into<Segment>) -> Self {
        self.set(name, value.into());
        self
    }

    fn set(&mut self, name: &'static str, value: Segment) {
        self.params.retain(|(each, _)| *each != name);
        let place = self.params.partition_point(|(each, _)| *each < name);
        self.params.insert(place, (name, value));
    }

    /// The key.
    #[must_use]
    pub fn build(self) -> Key {
        let mut hasher = DefaultHasher::new();
        (self.kind, &self.path, &self.params).hash(&mut hasher);
        Key(Rc::new(Parts {
            kind: self.kind,
            kind_name: self.kind_name,
            path: self.path,
            params: self.params,
            hash: hasher.finish(),
        }))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Key;

    struct A;
    struct B;

    #[test]
    fn parameter_order_does_not_change_key() {
        let one = Key::of::<A>().segment("actions").param("x", 1).param("y", 2).build();
        let two = Key::of::<A>().segment("actions").param("y", 2).param("x", 1).build();
        assert_eq!(one, two);
    }

    #[test]
    fn the_type_every_segment_and_every_parameter_are() {
        let key = || Key::of::<A>().segment("sessions").segment(7);
        assert_ne!(key().build(), Key::of::<B>().segment("sessions").segment(7).build());
        assert_ne!(key().build(), key().segment("goals").build());
        assert_ne!(key().build(), key().param("x", 1).build());
        assert_ne!(key().param("x", 1).build(), key().param("x", "1").build());
    }

    #[test]
    fn different_keys_have_different_addresses() {
        let keys = [
            Key::of::<A>().segment("a").segment(10).build(),
            Key::of::<A>().segment("a").segment("a".to_owned()).build(),
            Key::of::<B>().segment("a").segment(10).build(),
            Key::of::<A>().segment("a/a".to_owned()).build(),
            Key::of::<A>().segment("a").param("a", 10).build(),
        ];
        let addresses: std::collections::BTreeSet<_> = keys.iter().map(Key::address).collect();
        assert_eq!(addresses.len(), keys.len(), "{addresses:?}");
        assert_eq!(
            keys[0].address(),
            Key::of::<A>().segment("a").segment(10).build().address()
        );
    }
}
