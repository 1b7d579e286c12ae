//! Folding the write-ahead log into the file.

use std::time::Duration;

use tokio::time::timeout;

use super::{Db, READERS};

/// From how many pages of 4 KiB on the log is too large: 16 MiB.
const LARGE: i64 = 4_096;

/// How much of the file of the log is kept for the next changes, in bytes.
pub(super) const KEPT_BYTES: &str = "16777216";

/// How long a quiet moment is waited for. Everybody else waits as well.
const QUIET: Duration = Duration::from_millis(200);

impl Db {
    /// Folds what was written into the file, as far as nobody reads what was there before. Nobody waits for it. Returns
    /// whether the log is large all the same: while there is always somebody who reads, it can not begin anew.
    pub(crate) async fn fold(&self) -> Result<bool, sqlx::Error> {
        let mut connection = self.folder.acquire().await?;
        let (_, pages, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_one(&mut *connection)
            .await?;
        Ok(pages >= LARGE)
    }

    /// Lets reading and writing end, for a moment, and then has the log begin anew. Returns whether it does: not if
    /// somebody reads for longer.
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
        // Another process that reads is not waited for.
        let (is_busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *connection)
            .await?;
        drop(quiet);
        Ok(is_busy == 0)
    }
}
