//! Checkpoints: moving the write-ahead log (WAL) into the database file.

use std::time::Duration;

use tokio::time::timeout;

use super::{Db, READERS};

/// The size from which the log is too large, in pages of 4 KiB: 16 MiB.
const LARGE: i64 = 4_096;

/// The size to which the log file is truncated after a checkpoint, in bytes. Later changes reuse this space.
pub(super) const KEPT_BYTES: &str = "16777216";

/// The maximum time that [`Db::fold_in_quiet`] waits for readers and writers to finish. All other requests wait
/// meanwhile.
const QUIET: Duration = Duration::from_millis(200);

impl Db {
    /// Checkpoints the log into the file, except for pages that replace those of a snapshot in use. Blocks no reader
    /// and no writer. Returns whether the log is too large nevertheless: it can not restart while there is always a
    /// reader.
    pub(crate) async fn fold(&self) -> Result<bool, sqlx::Error> {
        let mut connection = self.folder.acquire().await?;
        let (_, pages, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(&mut *connection)
            .await?;
        Ok(pages >= LARGE)
    }

    /// Waits for a moment until all reads and writes have ended, then checkpoints and restarts the log. Returns whether
    /// the log was restarted. It is not if a read takes longer.
    pub(crate) async fn fold_in_quiet(&self) -> Result<bool, sqlx::Error> {
        let mut connection = self.folder.acquire().await?;
        let quiet = async {
            let turn = self.turn().await?;
            let mut readers = Vec::new();
            for _ in 0..READERS {
                readers.push(self.readers.acquire().await?);
            }
            Ok::<_, sqlx::Error>((turn, readers))
        };
        let Ok(quiet) = timeout(QUIET, quiet).await else {
            return Ok(false);
        };
        let quiet = quiet?;
        // Does not wait for a reader in another process.
        let (is_busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *connection)
            .await?;
        drop(quiet);
        Ok(is_busy == 0)
    }
}
