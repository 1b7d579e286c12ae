//! The last messages of the stream, for tabs that join later.

use std::collections::VecDeque;

use wire::Cursor;

use super::super::intake::RawMessage;

/// The maximum number of stored messages.
const MOST: usize = 512;
/// The maximum number of bytes of the data of all stored messages.
const MOST_BYTES: usize = 1 << 20;

/// The last messages of the stream. Every tab stores them, because every tab may become the leader.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The position after which all messages are stored; `None` if no position is known.
    base: Option<Cursor>,
    messages: VecDeque<(Cursor, RawMessage)>,
    /// The number of bytes of the stored data.
    bytes: usize,
}

impl Backlog {
    /// Starts over with a stream that delivers everything after this position, and nothing from before it.
    pub(super) fn restart(&mut self, base: Option<Cursor>) {
        self.base = base;
        self.messages.clear();
        self.bytes = 0;
    }

    /// Stores a message of the stream. A message without a position is not stored, because no tab can ask for it.
    pub(super) fn push(&mut self, message: &RawMessage) {
        let Ok(cursor) = message.id.parse::<Cursor>() else {
            return;
        };
        if self.position().is_none_or(|newest| cursor.is_covered_by(newest)) {
            return;
        }
        self.bytes += message.data.len();
        self.messages.push_back((cursor, message.clone()));
        while self.messages.len() > MOST || self.bytes > MOST_BYTES {
            let Some((cursor, oldest)) = self.messages.pop_front() else {
                break;
            };
            self.bytes -= oldest.data.len();
            self.base = Some(cursor);
        }
    }

    /// Returns the newest position.
    pub(super) fn position(&self) -> Option<&Cursor> {
        self.messages.back().map(|(cursor, _)| cursor).or(self.base.as_ref())
    }

    /// Returns all messages after a position; `None` if some of them are not stored.
    pub(super) fn since(&self, cursor: &Cursor) -> Option<impl Iterator<Item = &RawMessage>> {
        let base = self.base.as_ref()?;
        if !base.is_covered_by(cursor) {
            return None;
        }
        let news = self.messages.iter().filter(move |(at, _)| !at.is_covered_by(cursor));
        Some(news.map(|(_, message)| message))
    }
}
