//! Small numbers for the parts of keys, and with them the entries that have a part as the value of a parameter.

use std::collections::{BTreeSet, HashMap};

use super::super::effect::EntryId;
use super::super::key::Segment;

pub(super) type Entries = BTreeSet<EntryId>;

/// Stands for a segment, or for the name of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Symbol(u32);

/// Numbers for segments. One that nobody uses any more is given to another.
#[derive(Clone, Debug, Default)]
pub(super) struct Symbols {
    known: HashMap<Segment, Known>,
    free: Vec<Symbol>,
    count: u32,
}

/// A segment that has a number.
#[derive(Clone, Debug)]
struct Known {
    symbol: Symbol,
    uses: u32,
    /// The entries that have this as the value of a parameter. Here rather than in a list of its own, since whoever
    /// looks for them has just looked for the number: with very many keys, each place that is looked at costs.
    values: Vec<Values>,
}

/// The entries that have a segment, and a parameter of this name with one value.
#[derive(Clone, Debug)]
struct Values {
    segment: Symbol,
    name: Symbol,
    entries: Few,
}

/// Entries, of which there is mostly one.
#[derive(Clone, Debug)]
pub(super) enum Few {
    One(EntryId),
    Many(Entries),
}

impl Few {
    fn insert(&mut self, id: EntryId) {
        match self {
            Self::One(one) if *one == id => {}
            Self::One(one) => *self = Self::Many(Entries::from([*one, id])),
            Self::Many(many) => _ = many.insert(id),
        }
    }

    /// Returns whether there is none left.
    fn remove(&mut self, id: EntryId) -> bool {
        match self {
            Self::One(one) => *one == id,
            Self::Many(many) => {
                many.remove(&id);
                many.is_empty()
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &EntryId> {
        let (one, many) = match self {
            Self::One(one) => (Some(one), None),
            Self::Many(many) => (None, Some(many)),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

impl Symbols {
    pub(super) fn take(&mut self, segment: &Segment) -> Symbol {
        if let Some(known) = self.known.get_mut(segment) {
            known.uses += 1;
            return known.symbol;
        }
        let symbol = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            Symbol(self.count)
        });
        let (uses, values) = (1, Vec::new());
        self.known.insert(segment.clone(), Known { symbol, uses, values });
        symbol
    }

    pub(super) fn release(&mut self, segment: &Segment) {
        let Some(known) = self.known.get_mut(segment) else {
            return;
        };
        known.uses -= 1;
        if known.uses == 0 {
            self.free.push(known.symbol);
            self.known.remove(segment);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(super) fn get(&self, segment: &Segment) -> Option<Symbol> {
        self.known.get(segment).map(|known| known.symbol)
    }

    /// An entry has this segment, and this value for a parameter of this name.
    pub(super) fn post(&mut self, segment: Symbol, name: Symbol, value: &Segment, id: EntryId) {
        let Some(known) = self.known.get_mut(value) else { return };
        let mut values = known.values.iter_mut();
        match values.find(|values| (values.segment, values.name) == (segment, name)) {
            Some(values) => values.entries.insert(id),
            None => known.values.push(Values {
                segment,
                name,
                entries: Few::One(id),
            }),
        }
    }

    pub(super) fn unpost(&mut self, segment: Symbol, name: Symbol, value: &Segment, id: EntryId) {
        if let Some(known) = self.known.get_mut(value) {
            known
                .values
                .retain_mut(|values| (values.segment, values.name) != (segment, name) || !values.entries.remove(id));
        }
    }

    pub(super) fn posted(&self, segment: Symbol, name: Symbol, value: &Segment) -> Option<&Few> {
        let mut values = self.known.get(value)?.values.iter();
        let found = values.find(|values| (values.segment, values.name) == (segment, name));
        found.map(|values| &values.entries)
    }
}
