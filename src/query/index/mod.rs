//! Which entries a selector speaks of, found without looking at the others.
//!
//! Every part of a path and every parameter is given a small number, and each number a list of the entries that have
//! it. A selector takes the shortest list that all of its matches must be on, and looks only at those.

mod symbols;

use std::collections::HashMap;

use slotmap::SecondaryMap;

use self::symbols::{Entries, Few, Symbol, Symbols};
use super::effect::EntryId;
use super::key::{Key, Segment};
use super::selector::{Selector, Term};

/// The entries that have a segment, by what else a selector may ask of them.
#[derive(Clone, Debug, Default)]
struct Postings {
    /// By the names of their parameters, of which there are few sets.
    by_names: Vec<(Vec<Symbol>, Entries)>,
    count: usize,
}

/// A key in numbers.
#[derive(Clone, Debug)]
struct Interned {
    key: Key,
    path: Vec<Symbol>,
    /// The names of its parameters, in their order.
    names: Vec<Symbol>,
}

/// Which entries there are, by what their keys consist of.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    symbols: Symbols,
    keys: SecondaryMap<EntryId, Interned>,
    postings: HashMap<Symbol, Postings>,
}

impl Index {
    pub(super) fn insert(&mut self, id: EntryId, key: &Key) {
        let path: Vec<Symbol> = key.path().iter().map(|segment| self.symbols.take(segment)).collect();
        let names = key.params().iter().map(|(name, value)| {
            self.symbols.take(value);
            self.symbols.take(&Segment::Word(name))
        });
        let interned = Interned {
            names: names.collect(),
            path,
            key: key.clone(),
        };
        for segment in &interned.path {
            let postings = self.postings.entry(*segment).or_default();
            let names = &interned.names;
            let place = postings.by_names.iter().position(|(each, _)| each == names);
            let place = place.unwrap_or_else(|| {
                postings.by_names.push((names.clone(), Entries::new()));
                postings.by_names.len() - 1
            });
            if let Some((_, entries)) = postings.by_names.get_mut(place)
                && entries.insert(id)
            {
                postings.count += 1;
            }
            for (name, (_, value)) in interned.names.iter().zip(key.params()) {
                self.symbols.post(*segment, *name, value, id);
            }
        }
        self.keys.insert(id, interned);
    }

    pub(super) fn remove(&mut self, id: EntryId) {
        let Some(interned) = self.keys.remove(id) else { return };
        for segment in &interned.path {
            for (name, (_, value)) in interned.names.iter().zip(interned.key.params()) {
                self.symbols.unpost(*segment, *name, value, id);
            }
            let Some(postings) = self.postings.get_mut(segment) else {
                continue;
            };
            let names = &interned.names;
            for (_, entries) in postings.by_names.iter_mut().filter(|(each, _)| each == names) {
                if entries.remove(&id) {
                    postings.count -= 1;
                }
            }
            postings.by_names.retain(|(_, entries)| !entries.is_empty());
            if postings.count == 0 {
                self.postings.remove(segment);
            }
        }
        for segment in interned.key.path() {
            self.symbols.release(segment);
        }
        for (name, value) in interned.key.params() {
            self.symbols.release(&Segment::Word(name));
            self.symbols.release(value);
        }
    }

    /// The entries that a selector matches.
    pub(super) fn select(&self, selector: &Selector) -> Vec<EntryId> {
        // What no key has, no key can have.
        let Some(terms) = self.understand(selector) else {
            return Vec::new();
        };
        // What being on a list proves already need not be looked up for each entry.
        let mut proven = [None, None];
        let candidates: Vec<EntryId> = match self.shortest(&terms) {
            None => self.keys.keys().collect(),
            Some((segment, postings)) => {
                let scope = terms.iter().find_map(|term| match term {
                    Asked::Within(name, value) => Some((*name, *value)),
                    _ => None,
                });
                proven = [
                    Some(Asked::Segment(segment)),
                    scope.map(|(name, value)| Asked::Within(name, value)),
                ];
                let all = postings.by_names.iter();
                match scope {
                    None => all.flat_map(|(_, entries)| entries).copied().collect(),
                    Some((name, value)) => {
                        let limited = self.symbols.posted(segment, name, value);
                        let limited = limited.into_iter().flat_map(Few::iter);
                        let unlimited = all.filter(|(names, _)| !names.contains(&name));
                        let unlimited = unlimited.flat_map(|(_, entries)| entries);
                        limited.chain(unlimited).copied().collect()
                    }
                }
            }
        };
        let open = || {
            terms
                .iter()
                .filter(|term| !proven.iter().flatten().any(|known| known == *term))
        };
        if open().next().is_none() {
            return candidates;
        }
        candidates
            .into_iter()
            .filter(|id| {
                let interned = self.keys.get(*id);
                interned.is_some_and(|interned| open().all(|term| term.holds(interned)))
            })
            .collect()
    }

    /// The terms in numbers; `None` if one of them can not be met.
    fn understand<'selector>(&self, selector: &'selector Selector) -> Option<Vec<Asked<'selector>>> {
        let mut terms = Vec::new();
        for term in selector.terms() {
            terms.push(match term {
                Term::Segment(segment) => Asked::Segment(self.symbols.get(segment)?),
                Term::Path(path) => Asked::Path(self.path(path)?),
                Term::Elsewhere(path) => match self.path(path) {
                    Some(path) => Asked::Elsewhere(path),
                    None => continue,
                },
                Term::Without(segment) => match self.symbols.get(segment) {
                    Some(segment) => Asked::Without(segment),
                    None => continue,
                },
                Term::Within(name, value) => match self.symbols.get(&Segment::Word(name)) {
                    Some(name) => Asked::Within(name, value),
                    None => continue,
                },
            });
        }
        Some(terms)
    }

    fn path(&self, path: &[Segment]) -> Option<Vec<Symbol>> {
        path.iter().map(|segment| self.symbols.get(segment)).collect()
    }

    /// The segment on whose list everything must be that meets all terms, and that has the shortest one.
    fn shortest(&self, terms: &[Asked<'_>]) -> Option<(Symbol, &Postings)> {
        static NONE: Postings = Postings {
            by_names: Vec::new(),
            count: 0,
        };
        let required = terms.iter().flat_map(|term| match term {
            Asked::Segment(segment) => std::slice::from_ref(segment),
            Asked::Path(path) => path,
            Asked::Without(_) | Asked::Elsewhere(_) | Asked::Within(..) => &[],
        });
        required
            .map(|segment| (*segment, self.postings.get(segment).unwrap_or(&NONE)))
            .min_by_key(|(_, postings)| postings.count)
    }
}

/// A term in numbers.
#[derive(PartialEq)]
enum Asked<'selector> {
    Segment(Symbol),
    Without(Symbol),
    Path(Vec<Symbol>),
    Elsewhere(Vec<Symbol>),
    Within(Symbol, &'selector Segment),
}

impl Asked<'_> {
    fn holds(&self, key: &Interned) -> bool {
        match self {
            Self::Segment(segment) => key.path.contains(segment),
            Self::Without(segment) => !key.path.contains(segment),
            Self::Path(path) => key.path == *path,
            Self::Elsewhere(path) => key.path != *path,
            Self::Within(name, value) => {
                let mut params = key.names.iter().zip(key.key.params());
                let param = params.find(|(each, _)| *each == name);
                param.is_none_or(|(_, (_, has))| has == *value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use slotmap::SlotMap;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    struct Any;

    fn segment(rng: &mut fastrand::Rng) -> Segment {
        match rng.u8(..3) {
            0 => Segment::Word(["actions", "goals", "sessions"][rng.usize(..3)]),
            1 => Segment::Id(u128::from(rng.u8(..4))),
            _ => Segment::Text(["actions", "x"][rng.usize(..2)].into()),
        }
    }

    fn key(rng: &mut fastrand::Rng) -> Key {
        let mut key = Key::of::<Any>();
        for _ in 0..rng.u8(..4) {
            key = key.segment(segment(rng));
        }
        for name in ["session", "user", "goals"] {
            if rng.u8(..3) == 0 {
                key = key.param(name, segment(rng));
            }
        }
        key.build()
    }

    fn selector(rng: &mut fastrand::Rng) -> Selector {
        let mut selector = match rng.u8(..4) {
            0 => Selector::all(),
            1 => Selector::path((0..rng.u8(..4)).map(|_| segment(rng)).collect::<Vec<_>>()),
            _ => Selector::segment(segment(rng)),
        };
        for _ in 0..rng.u8(..3) {
            selector = match rng.u8(..4) {
                3 => selector.elsewhere((0..rng.u8(..3)).map(|_| segment(rng)).collect::<Vec<_>>()),
                0 => selector.and_segment(segment(rng)),
                1 => selector.without(segment(rng)),
                _ => selector.within(["session", "user", "page"][rng.usize(..3)], segment(rng)),
            };
        }
        selector
    }

    #[test]
    fn index_equals_full_scan() {
        let mut matches = 0;
        for seed in 0..if cfg!(target_arch = "wasm32") { 20 } else { 200 } {
            let mut rng = fastrand::Rng::with_seed(seed);
            let (mut index, mut keys) = (Index::default(), SlotMap::<EntryId, Key>::with_key());
            for _ in 0..400 {
                match rng.u8(..8) {
                    0..=2 => {
                        let key = key(&mut rng);
                        let id = keys.insert(key.clone());
                        index.insert(id, &key);
                    }
                    3 => {
                        if let Some(id) = rng.choice(keys.keys().collect::<Vec<_>>()) {
                            keys.remove(id);
                            index.remove(id);
                        }
                    }
                    _ => {
                        let selector = selector(&mut rng);
                        let mut found = index.select(&selector);
                        found.sort_unstable();
                        let mut scanned: Vec<_> = keys
                            .iter()
                            .filter(|(_, key)| selector.matches(key))
                            .map(|(id, _)| id)
                            .collect();
                        scanned.sort_unstable();
                        assert_eq!(found, scanned, "seed {seed}: {selector:?}");
                        matches += found.len();
                    }
                }
            }
            for id in keys.keys().collect::<Vec<_>>() {
                index.remove(id);
            }
            assert!(
                index.postings.is_empty() && index.symbols.is_empty(),
                "something is left over"
            );
        }
        assert!(matches > 1_000, "nothing was looked for");
    }
}
