//! Copies of the database file, whether or not a server writes into it.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::check;
use super::db::{MIGRATIONS, PATIENCE};

/// Opens a file that is there, and changes nothing of it.
pub(crate) async fn open(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    options(file).read_only(true).connect().await
}

/// Writes everything that is committed in `source` into `target`, which is empty. Writers of `source` go on.
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

/// Prepares a copy for being used in place of the file that it was made from: brings its tables up to date, and ends
/// all sign-ins, because some of them may have been ended since the copy was made. Says what is wrong with it.
pub(crate) async fn prepare(copy: &Path) -> Result<Vec<String>, sqlx::Error> {
    let options = options(copy)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        // Everything is in the one file that is put into place.
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
