//! Which part of the server's log is known here.

use wire::Cursor;

use super::super::transport::Hello;

/// Which part of the server's log is known here: by having been told, or by having been read.
#[derive(Clone, Debug, Default)]
pub(super) struct Position {
    /// The newest position of the stream that was seen.
    cursor: Option<Cursor>,
    /// Where the part of the log begins that the streams of this sign-in have told without a gap.
    covered_from: Option<Cursor>,
    /// The position that the newest stream was asked to take up from.
    asked_from: Option<Cursor>,
    /// The oldest position that a read before the first hello reflects.
    oldest_read: Option<Cursor>,
}

impl Position {
    /// Where a stream that is opened now must take up.
    pub(super) fn ask(&mut self) -> Option<Cursor> {
        let cursor = self.cursor.clone().or_else(|| self.oldest_read.clone());
        self.asked_from.clone_from(&cursor);
        cursor
    }

    /// A stream has begun. Returns whether something was missed.
    pub(super) fn begin(&mut self, hello: &Hello, had_stream: bool) -> bool {
        let had_missed = if hello.resumed {
            if self.covered_from.is_none() {
                self.covered_from.clone_from(&self.asked_from);
            }
            // A read that came back while the stream was opening may be older than where it takes up.
            match (&self.covered_from, &self.oldest_read) {
                (Some(start), Some(oldest)) => !start.is_covered_by(oldest),
                _ => false,
            }
        } else {
            let since_reads = match (&hello.cursor, &self.oldest_read) {
                // What was read reflects at least what the stream starts from, or nothing was read yet.
                (Some(start), Some(oldest)) => !start.is_covered_by(oldest),
                (Some(_), None) => false,
                // The server keeps no log: what was read before this moment may lack something.
                (None, _) => true,
            };
            self.cursor.clone_from(&hello.cursor);
            self.covered_from.clone_from(&hello.cursor);
            had_stream || since_reads
        };
        self.oldest_read = None;
        had_missed
    }

    /// Whether nothing at this position was told before.
    pub(super) fn is_news(&self, cursor: Option<&Cursor>) -> bool {
        match (cursor, &self.cursor) {
            (Some(cursor), Some(seen)) => !cursor.is_covered_by(seen),
            _ => true,
        }
    }

    /// The stream has told everything up to here.
    pub(super) fn advance(&mut self, cursor: Option<Cursor>) {
        if cursor.is_some() && self.is_news(cursor.as_ref()) {
            self.cursor = cursor;
        }
    }

    /// The server has left something out before this.
    pub(super) fn skip(&mut self, cursor: Option<&Cursor>) {
        self.covered_from = cursor.cloned();
    }

    /// A read has returned that reflects this position. Returns whether it may lack something that no event will tell.
    pub(super) fn read(&mut self, position: Cursor) -> bool {
        match &self.covered_from {
            // Another log's positions say nothing; the stream itself will tell that the log is another.
            Some(start) => position.epoch == start.epoch && position.seq < start.seq,
            None => {
                if self
                    .oldest_read
                    .as_ref()
                    .is_none_or(|oldest| position.is_covered_by(oldest))
                {
                    self.oldest_read = Some(position);
                }
                false
            }
        }
    }
}
