//! Reads JSON without serde.
//!
//! Derived, every type would bring a copy of its own of all that can be done with an object, and the app, which every
//! visitor loads, would be larger by a tenth. Here an object is a list of names and of texts that are not read yet,
//! whatever it stands for; what is left for each type is a list of its fields. Whoever is not loaded by anybody, such as
//! the server, reads the same types with serde: `tests/captured.rs` holds the two to each other.

#[cfg(test)]
mod tests;
mod values;

use hifijson::num::Lex as _;
use hifijson::str::{Lex as _, LexAlloc as _};
use hifijson::token::{Expect, Lex};

/// How deep a value may be nested.
const MAX_DEPTH: u8 = 128;

const NULL: &str = "null";

/// The text is not what was expected. Does not say why, which would quote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not what was expected")]
pub struct Unreadable;

impl From<Expect> for Unreadable {
    fn from(_: Expect) -> Self {
        Self
    }
}

type Result<T> = std::result::Result<T, Unreadable>;
type Lexer<'text> = hifijson::SliceLexer<'text>;

/// What can be read from the text of one value.
pub trait FromJson: Sized {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// The text is no JSON, or is something else.
    fn from_json(text: &str) -> Result<Self>;
}

/// What can be read from the fields of an object.
pub trait FromFields: Sized {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// A field is missing, or is not what it should be.
    fn from_fields(fields: &Object<'_>) -> Result<Self>;
}

/// Reads a body.
///
/// # Errors
///
/// It is no JSON, or is something else.
pub fn read<T: FromJson>(body: &[u8]) -> Result<T> {
    T::from_json(text_of(body)?)
}

/// The fields of an object; their values are not read yet.
#[derive(Debug)]
pub struct Object<'text>(Vec<(String, &'text str)>);

impl<'text> Object<'text> {
    /// Finds the fields.
    ///
    /// # Errors
    ///
    /// The text is no object.
    pub fn read(text: &'text str) -> Result<Self> {
        let mut fields = Vec::new();
        one(text, |next, lexer| {
            lexer.expect(|_| Some(next), b'{').ok_or(Unreadable)?;
            lexer.seq(b'}', Lexer::ws_peek, |next, lexer| {
                lexer.expect(|_| Some(next), b'"').ok_or(Unreadable)?;
                let name = lexer.str_string().or(Err(Unreadable))?;
                lexer.expect(Lexer::ws_peek, b':').ok_or(Unreadable)?;
                let next = lexer.ws_peek().ok_or(Unreadable)?;
                fields.push((name.into_owned(), value(next, lexer)?));
                Ok(())
            })
        })?;
        Ok(Self(fields))
    }

    /// As [`read`](Self::read), from bytes.
    ///
    /// # Errors
    ///
    /// They are no object.
    pub fn read_bytes(body: &'text [u8]) -> Result<Self> {
        Self::read(text_of(body)?)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Calls every field by another name. Of several with the same name, the last counts.
    pub(crate) fn rename(&mut self, name: fn(&str) -> String) {
        for (each, value) in std::mem::take(&mut self.0) {
            let name = name(&each);
            self.remove(&name);
            self.0.push((name, value));
        }
    }

    /// Forgets a field.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(each, _)| each != name);
    }

    /// The text of a field, if there is one.
    ///
    /// # Errors
    ///
    /// There are several.
    pub fn text(&self, name: &str) -> Result<Option<&'text str>> {
        let mut fields = self.0.iter().filter(|(each, _)| each == name);
        match (fields.next(), fields.next()) {
            (field, None) => Ok(field.map(|(_, value)| *value)),
            (_, Some(_)) => Err(Unreadable),
        }
    }

    /// A field. One that is absent is null, which is nothing but an `Option`.
    ///
    /// # Errors
    ///
    /// It is something else, or there are several.
    pub fn take<T: FromJson>(&self, name: &str) -> Result<T> {
        T::from_json(self.text(name)?.unwrap_or(NULL))
    }

    /// A field that is this if it is absent.
    ///
    /// # Errors
    ///
    /// It is there, and is something else.
    pub fn take_or<T: FromJson>(&self, name: &str, absent: T) -> Result<T> {
        self.text(name)?.map_or(Ok(absent), T::from_json)
    }

    /// A field that need not be there.
    ///
    /// # Errors
    ///
    /// It is there, and is something else.
    pub fn take_or_default<T: FromJson + Default>(&self, name: &str) -> Result<T> {
        self.take_or(name, T::default())
    }
}

fn text_of(body: &[u8]) -> Result<&str> {
    std::str::from_utf8(body).or(Err(Unreadable))
}

/// What this makes of the one value that the text is.
fn one<'text, T>(text: &'text str, read: impl FnOnce(u8, &mut Lexer<'text>) -> Result<T>) -> Result<T> {
    Lexer::new(text.as_bytes()).exactly_one(Lexer::ws_peek, read)
}

/// The texts of what is in a list.
fn items(text: &str) -> Result<Vec<&str>> {
    let mut items = Vec::new();
    one(text, |next, lexer| {
        lexer.expect(|_| Some(next), b'[').ok_or(Unreadable)?;
        lexer.seq(b']', Lexer::ws_peek, |next, lexer| {
            items.push(value(next, lexer)?);
            Ok(())
        })
    })?;
    Ok(items)
}

/// The text of the value that begins with `next`.
fn value<'text>(next: u8, lexer: &mut Lexer<'text>) -> Result<&'text str> {
    let from = lexer.as_slice();
    skip(next, lexer, MAX_DEPTH)?;
    let length = from.len() - lexer.as_slice().len();
    text_of(from.get(..length).unwrap_or_default())
}

/// Sees to it that a value is well formed, whatever it is.
fn skip(next: u8, lexer: &mut Lexer<'_>, depth: u8) -> Result<()> {
    match next {
        b'a'..=b'z' => lexer.null_or_bool().map(drop).ok_or(Unreadable),
        b'-' | b'0'..=b'9' => lexer.num_ignore().validate().map(drop).or(Err(Unreadable)),
        b'"' => lexer.discarded().str_ignore().or(Err(Unreadable)),
        b'[' if depth > 0 => lexer
            .discarded()
            .seq(b']', Lexer::ws_peek, |next, lexer| skip(next, lexer, depth - 1)),
        b'{' if depth > 0 => lexer.discarded().seq(b'}', Lexer::ws_peek, |next, lexer| {
            lexer.expect(|_| Some(next), b'"').ok_or(Unreadable)?;
            lexer.str_ignore().or(Err(Unreadable))?;
            lexer.expect(Lexer::ws_peek, b':').ok_or(Unreadable)?;
            skip(lexer.ws_peek().ok_or(Unreadable)?, lexer, depth - 1)
        }),
        _ => Err(Unreadable),
    }
}
