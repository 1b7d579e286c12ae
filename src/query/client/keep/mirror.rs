//! What the disk ought to have of the mutations of a tab, whether it has it, and what it ought to be rid of.
//!
//! Touches nothing: it says what is to be done.
//!
//! | event | outcome |
//! |---|---|
//! | a mutation could not be written down | its place counts as not kept until it was written |
//! | a mutation that has settled could not be deleted | its place is remembered, so that nobody takes it up again |
//! | something else was written or deleted since | all of these are tried again, once: there may be room now |
//! | the disk was opened, and may have lost what was on it | everything is written, and everything that has settled deleted |

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::disk::{Act, MUTATIONS};
use crate::browser::database::Record;

/// The places of mutations that have settled and could not be deleted. They outlive the mirror: a mutation that has
/// settled is not to be taken up by whoever comes next to this page.
pub(super) type Struck = Rc<RefCell<BTreeSet<String>>>;

#[derive(Default)]
pub(super) struct Mirror {
    /// By place.
    mutations: BTreeMap<String, Line>,
    struck: Struck,
}

/// A mutation as it ought to be on the disk.
struct Line {
    record: Record,
    /// Whether it waits to be sent, as far as this version can tell.
    is_unsent: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The disk has it, or has not said yet that it has not.
    Kept,
    /// The disk would not take it.
    Refused,
    /// The disk would not take it, and has been asked once more.
    AskedAgain,
}

impl Mirror {
    pub(super) fn new(struck: Struck) -> Self {
        Self {
            mutations: BTreeMap::new(),
            struck,
        }
    }

    /// A mutation is to be written down there.
    pub(super) fn write(&mut self, place: &str, record: Record) {
        // Until the disk has taken the new form, what it said of the earlier one holds.
        let state = self.mutations.get(place).map_or(State::Kept, |line| line.state);
        let line = Line {
            record,
            is_unsent: true,
            state,
        };
        self.mutations.insert(place.to_owned(), line);
    }

    /// The mutation that was written down there has settled.
    pub(super) fn strike_out(&mut self, place: &str) {
        self.mutations.remove(place);
    }

    /// Nobody can read what is written down there: it stays, and does not wait for anything.
    pub(super) fn set_aside(&mut self, place: &str) {
        if let Some(line) = self.mutations.get_mut(place) {
            line.is_unsent = false;
        }
    }

    /// Nothing more is to be written.
    pub(super) fn give_up(&mut self) {
        self.mutations.clear();
    }

    /// None of the mutations is to be there any more.
    pub(super) fn strike_out_all(&mut self) {
        let places = std::mem::take(&mut self.mutations).into_keys();
        self.struck.borrow_mut().extend(places);
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.mutations.values().any(|line| line.is_unsent)
    }

    /// Whether the disk has what is to be there, as far as is known.
    pub(super) fn is_kept(&self, place: &str) -> bool {
        let line = self.mutations.get(place);
        line.is_some_and(|line| line.state == State::Kept)
    }

    /// Whether what is still there has settled.
    pub(super) fn is_struck(&self, place: &str) -> bool {
        self.struck.borrow().contains(place)
    }

    /// This was done, or could not be.
    pub(super) fn note(&mut self, act: &Act, is_done: bool) {
        match act {
            Act::Put(MUTATIONS, place, _) => {
                if let Some(line) = self.mutations.get_mut(place) {
                    line.state = if is_done { State::Kept } else { State::Refused };
                }
            }
            Act::Delete(MUTATIONS, place) => {
                let mut struck = self.struck.borrow_mut();
                if is_done {
                    struck.remove(place);
                } else {
                    struck.insert(place.clone());
                }
            }
            Act::Clear(MUTATIONS) if is_done => self.struck.borrow_mut().clear(),
            Act::Put(..) | Act::Delete(..) | Act::Clear(_) => {}
        }
    }

    /// What could not be done, to be tried again; each once until that has an outcome.
    pub(super) fn again(&mut self) -> Vec<Act> {
        let mut acts = self.deletions();
        for (place, line) in &mut self.mutations {
            if line.state == State::Refused {
                line.state = State::AskedAgain;
                acts.push(Act::Put(MUTATIONS, place.clone(), line.record.clone()));
            }
        }
        acts
    }

    /// All that makes a disk of which nothing is known what it ought to be.
    pub(super) fn all(&self) -> Vec<Act> {
        let mutations = self.mutations.iter();
        let puts = mutations.map(|(place, line)| Act::Put(MUTATIONS, place.clone(), line.record.clone()));
        // First, because they make room.
        self.deletions().into_iter().chain(puts).collect()
    }

    fn deletions(&self) -> Vec<Act> {
        let struck = self.struck.borrow();
        struck
            .iter()
            .map(|place| Act::Delete(MUTATIONS, place.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn record(content: &str) -> Record {
        Record {
            note: String::new(),
            bytes: content.as_bytes().to_vec(),
        }
    }

    fn put(place: &str) -> Act {
        Act::Put(MUTATIONS, place.to_owned(), record(place))
    }

    fn delete(place: &str) -> Act {
        Act::Delete(MUTATIONS, place.to_owned())
    }

    fn with(places: &[&str]) -> Mirror {
        let mut mirror = Mirror::default();
        for place in places {
            mirror.write(place, record(place));
        }
        mirror
    }

    #[test]
    fn refused_place_is_not_kept_whatever_else_is() {
        let mut mirror = with(&["a", "b"]);
        mirror.note(&put("a"), false);
        mirror.note(&put("b"), true);
        assert_eq!((mirror.is_kept("a"), mirror.is_kept("b")), (false, true));
        // The person goes on with it: that alone gives it no place.
        mirror.write("a", record("a"));
        assert!(!mirror.is_kept("a"));
        mirror.note(&put("a"), true);
        assert!(mirror.is_kept("a"));
    }

    #[test]
    fn refused_write_retries_one_at_a_time() {
        let mut mirror = with(&["a", "b"]);
        assert_eq!(mirror.again(), []);
        mirror.note(&put("a"), false);
        assert_eq!(mirror.again(), [put("a")]);
        assert_eq!(mirror.again(), [], "it is under way");
        assert!(!mirror.is_kept("a"));
        mirror.note(&put("a"), false);
        assert_eq!(mirror.again(), [put("a")]);
        mirror.note(&put("a"), true);
        assert_eq!(mirror.again(), []);
    }

    #[test]
    fn failed_deletion_is_retried() {
        let struck = Struck::default();
        let mut mirror = Mirror::new(Rc::clone(&struck));
        mirror.write("a", record("a"));
        mirror.strike_out("a");
        mirror.note(&delete("a"), false);
        assert!(mirror.is_struck("a") && !mirror.has_unsent());
        assert_eq!(mirror.again(), [delete("a")]);
        // Somebody else's visit.
        let mut mirror = Mirror::new(struck);
        assert_eq!(mirror.all(), [delete("a")]);
        mirror.note(&delete("a"), true);
        assert!(!mirror.is_struck("a"));
        assert_eq!(mirror.all(), []);
    }

    #[test]
    fn what_was_not_cleared_is_still_struck() {
        let mut mirror = with(&["a", "b"]);
        mirror.strike_out_all();
        mirror.note(&Act::Clear(MUTATIONS), false);
        assert_eq!(mirror.all(), [delete("a"), delete("b")]);
        mirror.note(&Act::Clear(MUTATIONS), true);
        assert_eq!(mirror.all(), []);
    }

    #[test]
    fn disk_that_may_be_empty_gets_everything() {
        let mut mirror = with(&["a", "b", "c"]);
        mirror.note(&put("a"), true);
        mirror.note(&put("b"), false);
        mirror.strike_out("c");
        mirror.note(&delete("c"), false);
        assert_eq!(mirror.all(), [delete("c"), put("a"), put("b")]);
    }

    #[test]
    fn what_is_set_aside_waits_for_nothing() {
        let mut mirror = with(&["a"]);
        assert!(mirror.has_unsent());
        mirror.set_aside("a");
        assert!(!mirror.has_unsent());
        assert_eq!(mirror.all(), [put("a")], "but it stays");
    }
}
