//! Reads a list row by row against the list that was read before it.
//!
//! Most of what a server says twice it says in the same bytes. A row whose bytes are those of a row of the last body
//! is that row: the same allocation, not read again. So reading a long list in which one row changed costs about as
//! much as comparing it, and whoever shows the list sees by the pointer which rows are new. This knows nothing of the
//! network, nor of what the rows are.

mod delta;
#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;

use wire::json::{FromJson, read};

use self::delta::{Delta, Source, same};
use super::error::ApiError;
use super::response::Answer;

/// A list as the server sent it, and what it says. Cheap to clone.
pub struct Rows<T> {
    source: Rc<Source>,
    list: Rc<Vec<Rc<T>>>,
}

impl<T: FromJson> Rows<T> {
    /// Reads a body. Rows whose bytes are in the last one stay the same allocation.
    ///
    /// # Errors
    ///
    /// What the body says went wrong; [`Kind::Unreadable`](super::Kind::Unreadable) if it is not a list of these.
    pub fn read(body: Vec<u8>, last: Option<&Self>) -> Result<Self, ApiError> {
        let nothing = Source::default();
        let (source, list) = last.map_or((&nothing, [].as_slice()), |last| (&*last.source, &last.list[..]));
        if let Some(last) = last
            && same(&body, &source.body)
        {
            return Ok(last.clone());
        }
        let delta = Delta::between(source, &body).ok_or_else(|| Answer::of(&body).refusal())?;
        let list = match last {
            Some(last) if delta.is_nothing(source) => Rc::clone(&last.list),
            _ => {
                let row = |(index, origin): (usize, &Option<usize>)| match origin.and_then(|origin| list.get(origin)) {
                    Some(row) => Some(Rc::clone(row)),
                    None => read(delta.spans[index].of(&body)).ok().map(Rc::new),
                };
                let list: Option<Vec<_>> = delta.origins.iter().enumerate().map(row).collect();
                Rc::new(list.ok_or_else(|| Answer::of(&body).refusal())?)
            }
        };
        let spans = delta.spans;
        Ok(Self {
            source: Rc::new(Source { body, spans }),
            list,
        })
    }
}

impl<T> Rows<T> {
    /// The rows, in order.
    #[must_use]
    pub fn list(&self) -> &Rc<Vec<Rc<T>>> {
        &self.list
    }

    /// The body that they were read from.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.source.body
    }

    /// Whether nothing has changed between the two: the same rows, in the same order. Looks at one pointer.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.list, &other.list)
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
            list: Rc::clone(&self.list),
        }
    }
}

impl<T> fmt::Debug for Rows<T> {
    /// Says how many there are, and nothing of what they say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({})", self.list.len())
    }
}
