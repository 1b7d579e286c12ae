//! Whether the disk takes what is written.
//!
//! A disk that was full or failed for a moment takes writes again later. Until one succeeds, the server says that it is
//! not ready.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The least time between two attempts to find out whether the disk works again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The least time between two looks at how much of the disk is free.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

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

/// The room that the disk keeps.
///
/// Changes are refused before the disk is full: what is left is for sign-ins and sign-outs, and for what the server does
/// to have room again.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    /// A file on the disk, and how many bytes stay free. `None`: all of it may be used.
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

    /// Whether less is free than stays free. Asks the system at most once in an interval.
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
        // A disk that can not say how full it is is found out by the next write.
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
        // As if there had been room then.
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
