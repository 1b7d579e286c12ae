//! Which keys something speaks of, and which ones a mutation changes.

use super::key::{Key, Segment};

/// Which keys something speaks of: all that meet every one of its terms.
///
/// ```
/// use freshet::query::{Key, Selector};
///
/// struct Actions;
/// let of = |session: u128| Key::of::<Actions>().segment("actions").param("session", session).build();
/// let selector = Selector::segment("actions").within("session", 7);
/// assert!(selector.matches(&of(7)));
/// assert!(!selector.matches(&of(8)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Segment(Segment),
    Without(Segment),
    Path(Vec<Segment>),
    Elsewhere(Vec<Segment>),
    Within(&'static str, Segment),
}

impl Selector {
    /// Every key.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Keys with this segment anywhere in their path.
    #[must_use]
    pub fn segment(segment: impl Into<Segment>) -> Self {
        Self::all().and(Term::Segment(segment.into()))
    }

    /// Keys with exactly this path, whatever their parameters.
    #[must_use]
    pub fn path(path: impl IntoIterator<Item = Segment>) -> Self {
        Self::all().and(Term::Path(path.into_iter().collect()))
    }

    /// Of these, only keys with this segment as well.
    #[must_use]
    pub fn and_segment(self, segment: impl Into<Segment>) -> Self {
        self.and(Term::Segment(segment.into()))
    }

    /// Of these, only keys with exactly this path.
    #[must_use]
    pub fn and_path(self, path: impl IntoIterator<Item = Segment>) -> Self {
        self.and(Term::Path(path.into_iter().collect()))
    }

    /// Of these, only keys with another path than this.
    #[must_use]
    pub fn elsewhere(self, path: impl IntoIterator<Item = Segment>) -> Self {
        self.and(Term::Elsewhere(path.into_iter().collect()))
    }

    /// Of these, only keys without this segment.
    #[must_use]
    pub fn without(self, segment: impl Into<Segment>) -> Self {
        self.and(Term::Without(segment.into()))
    }

    /// Of these, only keys that can hold something of this scope: their parameter has this value, or they do not
    /// have the parameter and so are not limited to any scope.
    #[must_use]
    pub fn within(self, param: &'static str, scope: impl Into<Segment>) -> Self {
        self.and(Term::Within(param, scope.into()))
    }

    pub(super) fn terms(&self) -> &[Term] {
        &self.0
    }

    fn and(mut self, term: Term) -> Self {
        self.0.push(term);
        self
    }

    /// Whether a key is among them. The cache does not ask this of every key; it has an index.
    #[must_use]
    pub fn matches(&self, key: &Key) -> bool {
        self.0.iter().all(|term| match term {
            Term::Segment(segment) => key.path().contains(segment),
            Term::Without(segment) => !key.path().contains(segment),
            Term::Path(path) => key.path() == path,
            Term::Elsewhere(path) => key.path() != path,
            Term::Within(param, scope) => key.param(param).is_none_or(|value| value == scope),
        })
    }
}

/// What a mutation changes: the data of one key, and the same thing wherever else it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(super) key: Key,
    pub(super) elsewhere: Option<Selector>,
}

impl Target {
    /// The data of this key. While the mutation is pending, the key is not fetched.
    #[must_use]
    pub const fn of(key: Key) -> Self {
        Self { key, elsewhere: None }
    }

    /// The data of these other keys as well, also of those that are read later. They are fetched as ever: the mutation
    /// is laid over what comes.
    #[must_use]
    pub fn with(self, elsewhere: Option<Selector>) -> Self {
        Self { elsewhere, ..self }
    }
}

impl From<Key> for Target {
    fn from(key: Key) -> Self {
        Self::of(key)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Key, Selector};

    struct A;

    #[test]
    fn a_selector_matches_by_segment_path_and_scope() {
        let list = Key::of::<A>().segment("actions").param("session", 7).build();
        let mine = Key::of::<A>().segment("users").segment(1).segment("actions").build();
        let log = Key::of::<A>().segment("actions_log").build();
        let nested = Key::of::<A>().segment("sessions").segment(7).segment("goals").build();
        let table = [
            (Selector::all(), [true, true, true, true]),
            (Selector::segment("actions"), [true, true, false, false]),
            (
                Selector::segment("actions").within("session", 7),
                [true, true, false, false],
            ),
            (
                Selector::segment("actions").within("session", 8),
                [false, true, false, false],
            ),
            (
                Selector::segment("actions").without("users"),
                [true, false, false, false],
            ),
            (
                Selector::segment("actions").elsewhere(["actions".into()]),
                [false, true, false, false],
            ),
            (
                Selector::segment("sessions").and_segment(7),
                [false, false, false, true],
            ),
            (
                Selector::path(["sessions".into(), 7.into()]),
                [false, false, false, false],
            ),
            (
                Selector::path(["sessions".into(), 7.into(), "goals".into()]),
                [false, false, false, true],
            ),
        ];
        for (selector, expected) in table {
            assert_eq!(
                [&list, &mine, &log, &nested].map(|key| selector.matches(key)),
                expected,
                "{selector:?}"
            );
        }
    }
}
