//! Positions in the server's event log.

use std::fmt;
use std::str::FromStr;

/// A position in the server's event log: `<epoch>-<seq>`.
///
/// The epoch names a part of the log; a server begins a new one when it starts, and positions of different epochs can not
/// be compared. Whether a position of an earlier epoch leads to the same log is for the server to say. Within an epoch a larger `seq` is later. It stands in the `id:` field of an event, in the
/// `x-event-cursor` header of a read and in the `last_event_id` parameter of a stream.
///
/// ```
/// let cursor: wire::Cursor = "k3-1842".parse().unwrap();
/// assert_eq!((cursor.epoch.as_str(), cursor.seq), ("k3", 1842));
/// assert_eq!(cursor.to_string(), "k3-1842");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Which log.
    pub epoch: String,
    /// Where in it.
    pub seq: u64,
}

impl Cursor {
    /// The longest text that is accepted, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Whether an event at this position has been seen by whoever has seen everything up to `seen`.
    ///
    /// Positions of another epoch have not.
    #[must_use]
    pub fn is_covered_by(&self, seen: &Self) -> bool {
        self.epoch == seen.epoch && self.seq <= seen.seq
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

/// The text is no position in an event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected <epoch>-<seq>, at most 128 bytes of letters, digits, - and _")]
pub struct ParseCursorError;

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.len() > Self::MAX_BYTES || !text.bytes().all(safe) {
            return Err(ParseCursorError);
        }
        let (epoch, seq) = text.rsplit_once('-').ok_or(ParseCursorError)?;
        let digits = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
        match seq.parse() {
            Ok(seq) if digits && !epoch.is_empty() => Ok(Self {
                epoch: epoch.to_owned(),
                seq,
            }),
            _ => Err(ParseCursorError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, ParseCursorError};

    #[test]
    fn cursor_needs_epoch_and_number() {
        for good in ["k3-1", "k3-0", "a-b-7", "E_1-18446744073709551615"] {
            assert_eq!(
                good.parse::<Cursor>().map(|cursor| cursor.to_string()),
                Ok(good.to_owned())
            );
        }
        let long = format!("{}-1", "e".repeat(Cursor::MAX_BYTES));
        for bad in [
            "",
            "-",
            "-1",
            "k3",
            "k3-",
            "k3-x",
            "k3-+1",
            "k3-1\n",
            "k3-18446744073709551616",
            &long,
        ] {
            assert_eq!(bad.parse::<Cursor>(), Err(ParseCursorError), "{bad:?}");
        }
    }

    #[test]
    fn another_epoch_covers_nothing() {
        let at = |text: &str| text.parse::<Cursor>().unwrap();
        assert!(at("a-1").is_covered_by(&at("a-1")));
        assert!(at("a-1").is_covered_by(&at("a-2")));
        assert!(!at("a-3").is_covered_by(&at("a-2")));
        assert!(!at("b-1").is_covered_by(&at("a-2")));
    }
}
