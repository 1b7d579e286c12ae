//! Copies of the database file, also while a server writes to it.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::check;
use super::db::{MIGRATIONS, PATIENCE};

/// Opens an existing file for reading only.
pub(crate) async fn open(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    options(file).read_only(true).connect().await
}

/// Copies all committed data of `source` into `target`, which is empty. Does not block writers of `source`.
pub(crate) async fn copy(source: &Path, target: &Path) -> Result<(), sqlx::Error> {
    let target = target
        .to_str()
        .ok_or_else(|| sqlx::Error::Configuration("its path is no UTF-8".into()))?;
    let mut connection = open(source).await?;
    sqlx::query("VACUUM INTO ?")
        .bind(target)
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// Prepares a copy to replace the original file: brings its tables up to date and ends all sign-ins, because some of
/// them may have ended after the copy was made. Returns the faults of the copy.
pub(crate) async fn prepare(copy: &Path) -> Result<Vec<String>, sqlx::Error> {
    let options = options(copy)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        // All data has to be in a single file, which then replaces the original.
        .journal_mode(SqliteJournalMode::Delete);
    let mut connection = options.connect().await?;
    MIGRATIONS.run(&mut connection).await?;
    sqlx::query("DELETE FROM sign_ins").execute(&mut connection).await?;
    let faults = check::faults(&mut connection).await?;
    connection.close().await?;
    Ok(faults)
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(file).busy_timeout(PATIENCE)
}
