//! Detection of a disk that is full or fails.
//!
//! A disk can be full or fail for a while and accept writes again later. Until a write succeeds, the server reports
//! that it is not ready.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The minimum time between two attempts to write after a disk error.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The minimum time between two queries of the free space.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// A problem of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DiskError {
    /// The disk is full (`SQLITE_FULL`).
    #[error("the server's disk is full, so that nothing can be saved right now; try again later")]
    Full,
    /// The disk can not be written or read (`SQLITE_IOERR`, `SQLITE_READONLY`, `SQLITE_CANTOPEN`).
    #[error("the server's disk does not work right now; try again in a moment")]
    Failed,
}

impl DiskError {
    /// Returns the disk error that caused an error, if there is one. See <https://sqlite.org/rescode.html>.
    pub(crate) fn of(error: &sqlx::Error) -> Option<Self> {
        match primary_code(error)? {
            13 => Some(Self::Full),
            8 | 10 | 14 => Some(Self::Failed),
            _ => None,
        }
    }
}

/// Returns the primary result code of SQLite, without the extended part, which gives the cause.
pub(crate) fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    Some(code.parse::<u32>().ok()? & 0xff)
}

/// The error of the last write, if the disk caused one.
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

    /// Returns the error and whether a new attempt to write is due. If one is due, starts the next interval.
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

/// The reserve of free space on the disk.
///
/// Changes are refused before the disk is full. The rest is for sign-ins and sign-outs, and for the work of the server
/// that frees space.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    /// A file on the disk, and the number of bytes to keep free. `None`: no reserve.
    watched: Option<(PathBuf, u64)>,
    seen: Mutex<Option<(Instant, bool)>>,
}

impl Reserve {
    pub(super) fn new(file: &Path, bytes: u64) -> Self {
        Self {
            watched: (bytes > 0).then(|| (file.to_owned(), bytes)),
            seen: Mutex::default(),
        }
    }

    /// Returns whether the free space is below the reserve. Queries the system at most once in an interval.
    pub(super) fn is_touched(&self, now: Instant) -> bool {
        let Some((file, bytes)) = &self.watched else {
            return false;
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, touched)) = *seen
            && now.duration_since(at) < LOOK_INTERVAL
        {
            return touched;
        }
        // If the system can not report the free space, the next write shows whether the disk is full.
        let touched = fs4::available_space(file).is_ok_and(|free| free < *bytes);
        *seen = Some((now, touched));
        touched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserve_is_looked_at_once_in_an_interval() {
        let (folder, start) = (tempfile::tempdir().unwrap(), Instant::now());
        assert!(!Reserve::default().is_touched(start));
        assert!(!Reserve::new(folder.path(), 1).is_touched(start));
        let all = Reserve::new(folder.path(), u64::MAX);
        assert!(all.is_touched(start));
        // Simulates an earlier query that found enough space.
        *all.seen.lock().unwrap() = Some((start, false));
        assert!(!all.is_touched(start));
        assert!(all.is_touched(start + LOOK_INTERVAL));
    }

    #[test]
    fn retries_once_per_interval_until_write_succeeds() {
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
