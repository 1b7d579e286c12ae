//! Finds the rows of a new body that the last body has as well. Works on bytes and brackets, without knowing types.
//!
//! There are two passes. The first walks both bodies side by side, and finds rows that stayed in place or moved up or
//! down by one row. It compares bytes, which is cheap, and never searches for the end of an unchanged row. The second
//! pass looks up the remaining rows among the remaining rows of the last body, by a hash of their bytes. So a list in
//! any new order still takes time in proportion to its length.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;
use wire::json::Object;

use crate::api::scan::{is_delimiter, member, space, value_end};

/// A body, and the positions of its rows in it.
#[derive(Default)]
pub(super) struct Source {
    pub(super) body: Vec<u8>,
    pub(super) spans: Vec<Span>,
}

/// The start and the end of a row, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

/// The difference between a new body and the last one.
pub(super) struct Delta {
    /// The positions of the new rows.
    pub(super) spans: Vec<Span>,
    /// For each new row, the index of the row of the last body that has the same bytes.
    pub(super) origins: Vec<Option<usize>>,
}

impl Span {
    fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        })
    }

    /// Returns the bytes at this position.
    pub(super) fn of(self, body: &[u8]) -> &[u8] {
        body.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

impl Source {
    /// Returns the bytes of a row, which are empty if there is no such row.
    fn row(&self, index: usize) -> &[u8] {
        self.spans.get(index).map_or(&[], |span| span.of(&self.body))
    }
}

impl Delta {
    /// Compares two bodies. Returns `None` if the new one is not a successful envelope around a list. New rows are not
    /// validated here: their parser does that.
    pub(super) fn between(last: &Source, body: &[u8]) -> Option<Self> {
        let list = member(body, "data").filter(|at| body.get(*at) == Some(&b'['))?;
        let mut delta = Self {
            spans: Vec::with_capacity(last.spans.len() + 1),
            origins: Vec::with_capacity(last.spans.len() + 1),
        };
        let end = delta.walk(last, body, list)?;
        // The envelope is parsed without the rows.
        let envelope = [body.get(..list)?, b"[]", body.get(end..)?].concat();
        let envelope = Object::read_bytes(&envelope).ok()?;
        if envelope.take::<u16>("status_code").ok()? >= 400 || envelope.text("data").is_err() {
            return None;
        }
        delta.search(last, body);
        Some(delta)
    }

    /// Whether every row has stayed in its place, and none is missing.
    pub(super) fn is_nothing(&self, last: &Source) -> bool {
        let in_place = |(index, origin): (usize, &Option<usize>)| *origin == Some(index);
        self.spans.len() == last.spans.len() && self.origins.iter().enumerate().all(in_place)
    }

    /// Walks both lists side by side. Returns the end of the new one.
    fn walk(&mut self, last: &Source, body: &[u8], list: usize) -> Option<usize> {
        let mut at = space(body, list + 1);
        if body.get(at) == Some(&b']') {
            return Some(at + 1);
        }
        // The index of the row of the last body that follows the last match, and the number of new rows without a match
        // since.
        let (mut next, mut missed) = (0, 0);
        loop {
            // Three cases: rows were changed, rows were added, or one row was removed.
            let places = [next + missed, next, next + missed + 1];
            let origin = places.into_iter().find(|place| stands_at(body, at, last.row(*place)));
            let end = match origin {
                Some(origin) => {
                    (next, missed) = (origin + 1, 0);
                    at + last.row(origin).len()
                }
                None => {
                    missed += 1;
                    value_end(body, at)?
                }
            };
            self.spans.push(Span::new(at, end)?);
            self.origins.push(origin);
            at = space(body, end);
            match body.get(at)? {
                b',' => at = space(body, at + 1),
                b']' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// Looks up the new rows without a match among the rows of the last body without a match.
    fn search(&mut self, last: &Source, body: &[u8]) {
        if self.origins.iter().all(Option::is_some) {
            return;
        }
        let mut found = vec![false; last.spans.len()];
        for origin in self.origins.iter().flatten() {
            if let Some(found) = found.get_mut(*origin) {
                *found = true;
            }
        }
        let left_over = found.iter().enumerate().filter(|(_, found)| !**found);
        let left_over: HashMap<&[u8], usize, FxBuildHasher> =
            left_over.map(|(index, _)| (last.row(index), index)).collect();
        if left_over.is_empty() {
            return;
        }
        for (origin, span) in self.origins.iter_mut().zip(&self.spans) {
            if origin.is_none() {
                *origin = left_over.get(span.of(body)).copied();
            }
        }
    }
}

/// Whether the value at this position of the body is this row. An empty row matches nothing.
fn stands_at(body: &[u8], at: usize, row: &[u8]) -> bool {
    let end = at + row.len();
    !row.is_empty() && body.get(at..end).is_some_and(|value| same(value, row)) && is_delimiter(body, end)
}

/// Whether both are equal, compared by eight bytes at a time. The default comparison of wasm goes byte by byte.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let equal = |(a, b): (&[u8; 8], &[u8; 8])| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b);
    a.len() == b.len() && a_rest == b_rest && a.iter().zip(b).all(equal)
}
