//! The time limit of a snapshot, after which SQLite is interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::SqliteConnection;

/// The number of steps of SQLite's virtual machine between two checks of the time: some tenths of a millisecond.
const STEPS: i32 = 10_000;

/// A limit on the time in which a connection is used. Dropping it removes the limit.
#[must_use = "a limit that is dropped limits nothing"]
#[derive(Debug)]
pub(super) struct ReadLimit(Arc<AtomicBool>);

impl ReadLimit {
    /// Limits the use of the connection to `limit` from now on; zero means no limit. Statements that run longer fail
    /// with `SQLITE_INTERRUPT`.
    pub(super) async fn impose(connection: &mut SqliteConnection, limit: Duration) -> Result<Self, sqlx::Error> {
        let is_over = Arc::new(AtomicBool::new(limit.is_zero()));
        if !limit.is_zero() {
            let (begun, is_over) = (Instant::now(), Arc::clone(&is_over));
            let may_go_on = move || is_over.load(Ordering::Relaxed) || begun.elapsed() < limit;
            connection.lock_handle().await?.set_progress_handler(STEPS, may_go_on);
        }
        Ok(Self(is_over))
    }
}

impl Drop for ReadLimit {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
