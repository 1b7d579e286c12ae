//! What holds for every row that has a version: deleted rows are gone, and a precondition is checked before a change.

use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::reply::etag;
use crate::error::{Error, Stale};
use crate::extract::IfMatch;
use crate::store::deletion::{self, Deletable};
use crate::store::history::{self, Versioned};

/// The row that a participant asked for. One that is deleted is 404, with who deleted it and when.
pub(super) async fn present<R: Deletable>(
    db: &mut SqliteConnection,
    row: Option<R>,
    id: uuid::Uuid,
) -> Result<R, Error> {
    match row {
        Some(row) => Ok(row),
        None => Err(deletion::find::<R>(db, id)
            .await?
            .map_or(Error::NotFound, Error::Deleted)),
    }
}

/// Refuses the row that was just restored if the session or relationship now has more than `most`. `full` is the
/// sentence that says so.
pub(super) async fn check_count<R: Deletable>(
    db: &mut SqliteConnection,
    parent: uuid::Uuid,
    most: u32,
    full: &str,
) -> Result<(), Error> {
    if deletion::count::<R>(db, parent, most + 1).await? <= most {
        return Ok(());
    }
    Err(too_many(most, full))
}

/// A session or relationship has as many rows as it may have. `full` is the sentence that says so.
pub(super) fn too_many(most: u32, full: &str) -> Error {
    Error::Conflict {
        error: "too_many_rows",
        message: full.to_owned(),
        details: Some(json!({ "most": most })),
    }
}

/// Checks `If-Match` against the row as it is. Says what has changed since the version that the client knows.
pub(super) async fn check<R: Versioned>(db: &mut SqliteConnection, if_match: &IfMatch, row: &R) -> Result<(), Error> {
    let version = row.version();
    if if_match.allows(version) {
        return Ok(());
    }
    let changed = match if_match.newest() {
        Some(known) => history::authors_since(db, row.key(), known).await?,
        None => Default::default(),
    };
    let json = |value: Result<Value, serde_json::Error>| value.or(Err(Error::Internal("a row is no JSON")));
    Err(Error::PreconditionFailed(Box::new(Stale {
        row: json(serde_json::to_value(row))?,
        etag: etag(version).ok_or(Error::Internal("a version is no header"))?,
        changed: json(serde_json::to_value(changed))?,
    })))
}
