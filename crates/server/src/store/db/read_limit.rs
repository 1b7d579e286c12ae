//! How long a connection may be used for reading before SQLite is interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePoolOptions;

/// How many steps of SQLite's virtual machine lie between two looks at the time: some tenths of a millisecond.
const STEPS: i32 = 10_000;

/// A limit in nanoseconds; 0 is none.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadLimit(Arc<AtomicU64>);

impl ReadLimit {
    pub(super) fn set(&self, limit: Duration) {
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        self.0.store(nanos, Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    /// Has it count anew whenever a connection is taken from the pool. What takes longer fails (`SQLITE_INTERRUPT`).
    pub(super) fn impose_on(&self, pool: SqlitePoolOptions) -> SqlitePoolOptions {
        let (new, idle) = (self.clone(), self.clone());
        // A new connection is handed out as it is; `before_acquire` sees those that were used before.
        pool.after_connect(move |connection, _| {
            let limit = new.get();
            Box::pin(async move { interrupt_after(connection, limit).await })
        })
        .before_acquire(move |connection, _| {
            let limit = idle.get();
            Box::pin(async move {
                interrupt_after(connection, limit).await?;
                Ok(true)
            })
        })
    }
}

async fn interrupt_after(connection: &mut SqliteConnection, limit: Duration) -> Result<(), sqlx::Error> {
    let begun = Instant::now();
    let mut handle = connection.lock_handle().await?;
    if limit.is_zero() {
        handle.remove_progress_handler();
    } else {
        handle.set_progress_handler(STEPS, move || begun.elapsed() < limit);
    }
    Ok(())
}
