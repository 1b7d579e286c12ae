//! The last messages of the stream, for pages that come later.

use std::collections::VecDeque;

use wire::Cursor;

use super::super::intake::RawMessage;

/// How many messages are kept at most, and of how many bytes together.
const MOST: usize = 512;
const MOST_BYTES: usize = 1 << 20;

/// The last messages of the stream. Every page keeps them, because every page may come to lead.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The position after which all is kept; `None`: nothing is known.
    base: Option<Cursor>,
    messages: VecDeque<(Cursor, RawMessage)>,
    /// What they weigh.
    bytes: usize,
}

impl Backlog {
    /// A stream begins that tells everything after this position, and nothing of what was before.
    pub(super) fn restart(&mut self, base: Option<Cursor>) {
        self.base = base;
        self.messages.clear();
        self.bytes = 0;
    }

    /// A message was told. What has no position can not be asked for.
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

    /// The newest position.
    pub(super) fn position(&self) -> Option<&Cursor> {
        self.messages.back().map(|(cursor, _)| cursor).or(self.base.as_ref())
    }

    /// All that was told after a position; `None` if that is not known.
    pub(super) fn since(&self, cursor: &Cursor) -> Option<impl Iterator<Item = &RawMessage>> {
        let base = self.base.as_ref()?;
        if !base.is_covered_by(cursor) {
            return None;
        }
        let news = self.messages.iter().filter(move |(at, _)| !at.is_covered_by(cursor));
        Some(news.map(|(_, message)| message))
    }
}
