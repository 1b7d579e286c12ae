//! Whether the disk takes what is written.
//!
//! A disk that was full or failed for a moment takes writes again later. Until one succeeds, the server says that it is
//! not ready.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The least time between two attempts to find out whether the disk works again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// What is wrong with the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DiskError {
    /// It has no room (`SQLITE_FULL`).
    #[error("the server's disk is full, so that nothing can be saved right now; try again later")]
    Full,
    /// It can not be written or read (`SQLITE_IOERR`, `SQLITE_READONLY`, `SQLITE_CANTOPEN`).
    #[error("the server's disk does not work right now; try again in a moment")]
    Failed,
}

impl DiskError {
    /// The fault of the disk behind an error, if it is one. See <https://sqlite.org/rescode.html>.
    pub(crate) fn of(error: &sqlx::Error) -> Option<Self> {
        match primary_code(error)? {
            13 => Some(Self::Full),
            8 | 10 | 14 => Some(Self::Failed),
            _ => None,
        }
    }
}

/// The result code of SQLite, without the rest of an extended code, which says why.
pub(crate) fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    Some(code.parse::<u32>().ok()? & 0xff)
}

/// Whether the last write has failed because of the disk.
#[derive(Debug, Default)]
pub(super) struct DiskHealth(Mutex<Option<Failing>>);

#[derive(Clone, Copy, Debug)]
struct Failing {
    error: DiskError,
    tried_at: Instant,
}

impl DiskHealth {
    pub(super) fn note_failure(&self, error: DiskError, now: Instant) {
        let mut failing = self.lock();
        let tried_at = failing.map_or(now, |failing| failing.tried_at);
        *failing = Some(Failing { error, tried_at });
    }

    pub(super) fn note_success(&self) {
        *self.lock() = None;
    }

    /// What is wrong, and whether it is time to find out whether it still is.
    pub(super) fn trouble(&self, now: Instant) -> Option<(DiskError, bool)> {
        let mut failing = self.lock();
        let failing = failing.as_mut()?;
        let is_due = now.duration_since(failing.tried_at) >= RETRY_INTERVAL;
        if is_due {
            failing.tried_at = now;
        }
        Some((failing.error, is_due))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Failing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_once_in_an_interval_until_a_write_succeeds() {
        let health = DiskHealth::default();
        let start = Instant::now();
        assert_eq!(health.trouble(start), None);
        health.note_failure(DiskError::Full, start);
        assert_eq!(health.trouble(start), Some((DiskError::Full, false)));
        let later = start + RETRY_INTERVAL;
        health.note_failure(DiskError::Full, later);
        assert_eq!(health.trouble(later), Some((DiskError::Full, true)));
        assert_eq!(health.trouble(later), Some((DiskError::Full, false)));
        health.note_success();
        assert_eq!(health.trouble(later + RETRY_INTERVAL), None);
    }
}
