//! Reads a list row by row against the list that was read before it.
//!
//! Most of what a server says twice it says in the same bytes. A row whose bytes are those of a row of the last body
//! is that row: the same allocation, not read again. So reading a long list in which one row changed costs about as
//! much as comparing it, and whoever shows the list sees by the pointer which rows are new. This knows nothing of the
//! network, nor of what the rows are.
//!
//! A row that can not be read, because another version of the app has written it, say, costs that row and not the list:
//! it is known by its id.

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

/// A list as the server sent it, and what it says. Cheap to clone.
pub struct Rows<T> {
    source: Rc<Source>,
    rows: Rc<Vec<Row<T>>>,
}

/// A row of a list.
enum Row<T> {
    Read(Rc<T>),
    Illegible(Rc<Illegible>),
}

/// A row that is there and can not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Illegible {
    /// Its id.
    pub id: Uuid,
    /// Its version, if it has one.
    pub version: Option<u64>,
}

impl<T: FromJson> Row<T> {
    /// Reads a row. `None` if it is none: an object with an id.
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
    /// Reads a body. Rows whose bytes are in the last one stay the same allocation.
    ///
    /// # Errors
    ///
    /// What the body says went wrong; [`Kind::Unreadable`](super::Kind::Unreadable) if it is not a list of these, nor of
    /// objects with an id.
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
    /// The rows that can be read, in order.
    #[must_use]
    pub fn list(&self) -> Vec<Rc<T>> {
        let read = |row: &Row<T>| match row {
            Row::Read(row) => Some(Rc::clone(row)),
            Row::Illegible(_) => None,
        };
        self.rows.iter().filter_map(read).collect()
    }

    /// The rows that can not be read, in order.
    pub fn illegible(&self) -> impl Iterator<Item = Illegible> {
        self.rows.iter().filter_map(|row| match row {
            Row::Read(_) => None,
            Row::Illegible(row) => Some(**row),
        })
    }

    /// The body that they were read from.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.source.body
    }

    /// Whether nothing has changed between the two: the same rows, in the same order. Looks at one pointer.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.rows, &other.rows)
    }
}

/// Reads a body that holds one thing.
///
/// # Errors
///
/// What the body says went wrong; [`Kind::Unreadable`](super::Kind::Unreadable) if it is not what was expected.
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
    /// Says how many there are, and nothing of what they say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({})", self.rows.len())
    }
}
