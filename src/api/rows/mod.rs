//! Parses a list row by row, and takes unchanged rows from the list before it.
//!
//! Most of a server's answer has the same bytes as the answer before. A row with the same bytes as a row of the last
//! body is not parsed again: it stays the same allocation. So a long list in which one row changed costs about as much
//! as comparing its bytes, and components recognize the new rows by their pointers. This module knows nothing of the
//! network, or of the type of the rows.
//!
//! A row that can not be parsed, for example because another version of the app has written it, does not make the whole
//! list unreadable: the row is known by its id.

mod delta;
#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;

use uuid::Uuid;
use wire::json::{FromJson, Object, read};

use self::delta::{Delta, Source, same};
use super::error::ApiError;
use super::response::Answer;

/// A list with the body that it was parsed from. Cheap to clone.
pub struct Rows<T> {
    source: Rc<Source>,
    rows: Rc<Vec<Row<T>>>,
}

/// A row of a list.
enum Row<T> {
    Read(Rc<T>),
    Illegible(Rc<Illegible>),
}

/// A row that exists and can not be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Illegible {
    /// The id of the row.
    pub id: Uuid,
    /// The version of the row, if it has one.
    pub version: Option<u64>,
}

impl<T: FromJson> Row<T> {
    /// Parses a row. Returns `None` if the row can not be parsed and is not an object with an id either.
    fn read(bytes: &[u8]) -> Option<Self> {
        if let Ok(row) = read(bytes) {
            return Some(Self::Read(Rc::new(row)));
        }
        let fields = Object::read_bytes(bytes).ok()?;
        Some(Self::Illegible(Rc::new(Illegible {
            id: fields.take::<String>("id").ok()?.parse().ok()?,
            version: fields.take_or_default("version").ok().flatten(),
        })))
    }
}

impl<T: FromJson> Rows<T> {
    /// Parses a body. Rows with the same bytes as in the last body stay the same allocation.
    ///
    /// # Errors
    ///
    /// The error that the body reports; [`Kind::Unreadable`](super::Kind::Unreadable) if the body is not a list of
    /// these rows, or of objects with an id.
    pub fn read(body: Vec<u8>, last: Option<&Self>) -> Result<Self, ApiError> {
        let nothing = Source::default();
        let (source, rows) = last.map_or((&nothing, [].as_slice()), |last| (&*last.source, &last.rows[..]));
        if let Some(last) = last
            && same(&body, &source.body)
        {
            return Ok(last.clone());
        }
        let delta = Delta::between(source, &body).ok_or_else(|| Answer::of(&body).refusal())?;
        let rows = match last {
            Some(last) if delta.is_nothing(source) => Rc::clone(&last.rows),
            _ => {
                let row = |(index, origin): (usize, &Option<usize>)| match origin.and_then(|origin| rows.get(origin)) {
                    Some(row) => Some(row.clone()),
                    None => Row::read(delta.spans[index].of(&body)),
                };
                let rows: Option<Vec<_>> = delta.origins.iter().enumerate().map(row).collect();
                Rc::new(rows.ok_or_else(|| Answer::of(&body).refusal())?)
            }
        };
        let spans = delta.spans;
        Ok(Self {
            source: Rc::new(Source { body, spans }),
            rows,
        })
    }
}

impl<T> Rows<T> {
    /// Returns the rows that can be parsed, in order.
    #[must_use]
    pub fn list(&self) -> Vec<Rc<T>> {
        let read = |row: &Row<T>| match row {
            Row::Read(row) => Some(Rc::clone(row)),
            Row::Illegible(_) => None,
        };
        self.rows.iter().filter_map(read).collect()
    }

    /// Returns the rows that can not be parsed, in order.
    pub fn illegible(&self) -> impl Iterator<Item = Illegible> {
        self.rows.iter().filter_map(|row| match row {
            Row::Read(_) => None,
            Row::Illegible(row) => Some(**row),
        })
    }

    /// Returns the body that the rows were parsed from.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.source.body
    }

    /// Whether both have the same rows in the same order. Compares one pointer.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.rows, &other.rows)
    }
}

/// Parses a body that holds one value.
///
/// # Errors
///
/// The error that the body reports; [`Kind::Unreadable`](super::Kind::Unreadable) if the body is not of the expected
/// form.
pub fn read_one<T: FromJson>(body: &[u8]) -> Result<T, ApiError> {
    Answer::of(body).data()
}

impl<T> Clone for Rows<T> {
    fn clone(&self) -> Self {
        Self {
            source: Rc::clone(&self.source),
            rows: Rc::clone(&self.rows),
        }
    }
}

impl<T> Clone for Row<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Read(row) => Self::Read(Rc::clone(row)),
            Self::Illegible(row) => Self::Illegible(Rc::clone(row)),
        }
    }
}

impl<T> fmt::Debug for Rows<T> {
    /// Writes the number of rows, and nothing of their content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({})", self.rows.len())
    }
}
