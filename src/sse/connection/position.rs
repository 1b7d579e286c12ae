//! The part of the event log that the tab knows.

use wire::Cursor;

use super::super::transport::Hello;

/// The part of the event log that the tab knows, from events or from fetches.
#[derive(Clone, Debug, Default)]
pub(super) struct Position {
    /// The newest position that the stream has reported.
    cursor: Option<Cursor>,
    /// The start of the part of the log that the streams of this sign-in have covered without a gap.
    covered_from: Option<Cursor>,
    /// The position from which the newest stream was asked to resume.
    asked_from: Option<Cursor>,
    /// The oldest position that a fetch before the first hello reflects.
    oldest_read: Option<Cursor>,
}

impl Position {
    /// Returns the position from which a new stream must resume.
    pub(super) fn ask(&mut self) -> Option<Cursor> {
        let cursor = self.cursor.clone().or_else(|| self.oldest_read.clone());
        self.asked_from.clone_from(&cursor);
        cursor
    }

    /// Handles the start of a stream. Returns whether events were missed.
    pub(super) fn begin(&mut self, hello: &Hello, had_stream: bool) -> bool {
        let had_missed = if hello.resumed {
            if self.covered_from.is_none() {
                self.covered_from.clone_from(&self.asked_from);
            }
            // A fetch that returned while the stream was opening may be older than the start of the stream.
            match (&self.covered_from, &self.oldest_read) {
                (Some(start), Some(oldest)) => !start.is_covered_by(oldest),
                _ => false,
            }
        } else {
            let since_reads = match (&hello.cursor, &self.oldest_read) {
                // Nothing is missed if the fetches reflect at least the start of the stream, or if there was no fetch.
                (Some(start), Some(oldest)) => !start.is_covered_by(oldest),
                (Some(_), None) => false,
                // The server keeps no log: fetches before this moment may lack changes.
                (None, _) => true,
            };
            self.cursor.clone_from(&hello.cursor);
            self.covered_from.clone_from(&hello.cursor);
            had_stream || since_reads
        };
        self.oldest_read = None;
        had_missed
    }

    /// Returns whether nothing at this position was delivered before.
    pub(super) fn is_news(&self, cursor: Option<&Cursor>) -> bool {
        match (cursor, &self.cursor) {
            (Some(cursor), Some(seen)) => !cursor.is_covered_by(seen),
            _ => true,
        }
    }

    /// Notes that the stream has delivered everything up to this position.
    pub(super) fn advance(&mut self, cursor: Option<Cursor>) {
        if cursor.is_some() && self.is_news(cursor.as_ref()) {
            self.cursor = cursor;
        }
    }

    /// Notes that the server has left out events before this position.
    pub(super) fn skip(&mut self, cursor: Option<&Cursor>) {
        self.covered_from = cursor.cloned();
    }

    /// Notes a fetch that reflects this position. Returns whether it may lack a change that no event reports.
    pub(super) fn read(&mut self, position: Cursor) -> bool {
        match &self.covered_from {
            // Positions of another epoch say nothing. The stream itself will report that the epoch has changed.
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
