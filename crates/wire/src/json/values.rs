//! What values are read as: text, numbers, lists, and what is written down as text.

use chrono::{NaiveDate, NaiveDateTime};
use hifijson::str::LexAlloc as _;
use hifijson::token::Lex as _;
use uuid::Uuid;

use super::{FromFields, FromJson, NULL, Object, Result, Unreadable, items, one};
use crate::{Timestamp, time};

impl<T: FromFields> FromJson for T {
    fn from_json(text: &str) -> Result<Self> {
        T::from_fields(&Object::read(text)?)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(text: &str) -> Result<Self> {
        match text {
            NULL => Ok(None),
            text => T::from_json(text).map(Some),
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(text: &str) -> Result<Self> {
        items(text)?.into_iter().map(T::from_json).collect()
    }
}

impl<A: FromJson, B: FromJson> FromJson for (A, B) {
    fn from_json(text: &str) -> Result<Self> {
        match items(text)?.as_slice() {
            [a, b] => Ok((A::from_json(a)?, B::from_json(b)?)),
            _ => Err(Unreadable),
        }
    }
}

impl FromJson for String {
    fn from_json(text: &str) -> Result<Self> {
        one(text, |next, lexer| {
            lexer.expect(|_| Some(next), b'"').ok_or(Unreadable)?;
            let text = lexer.str_string().or(Err(Unreadable))?;
            Ok(text.into_owned())
        })
    }
}

impl FromJson for bool {
    fn from_json(text: &str) -> Result<Self> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Unreadable),
        }
    }
}

impl FromJson for i64 {
    fn from_json(text: &str) -> Result<Self> {
        text.parse().or(Err(Unreadable))
    }
}

impl FromJson for u64 {
    fn from_json(text: &str) -> Result<Self> {
        text.parse().or(Err(Unreadable))
    }
}

impl FromJson for u32 {
    fn from_json(text: &str) -> Result<Self> {
        Self::try_from(u64::from_json(text)?).or(Err(Unreadable))
    }
}

impl FromJson for u16 {
    fn from_json(text: &str) -> Result<Self> {
        Self::try_from(u64::from_json(text)?).or(Err(Unreadable))
    }
}

impl FromJson for Uuid {
    fn from_json(text: &str) -> Result<Self> {
        Self::parse_str(&String::from_json(text)?).or(Err(Unreadable))
    }
}

impl FromJson for serde_json::Value {
    fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).or(Err(Unreadable))
    }
}

impl FromJson for Timestamp {
    fn from_json(text: &str) -> Result<Self> {
        time::parse_moment(&String::from_json(text)?).ok_or(Unreadable)
    }
}

impl FromJson for NaiveDateTime {
    /// One without an offset is in UTC.
    fn from_json(text: &str) -> Result<Self> {
        time::parse_date_time(&String::from_json(text)?).ok_or(Unreadable)
    }
}

impl FromJson for NaiveDate {
    fn from_json(text: &str) -> Result<Self> {
        time::date(&String::from_json(text)?).ok_or(Unreadable)
    }
}
