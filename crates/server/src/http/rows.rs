//! Rules for all rows with a version: deleted rows are not found, and a precondition is checked before a change.

use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::reply::etag;
use crate::error::{Error, Stale};
use crate::extract::IfMatch;
use crate::store::deletion::{self, Deletable};
use crate::store::history::{self, Versioned};

/// Returns the row that a participant asked for. A deleted row is a 404 with the time of its deletion and the person
/// who deleted it.
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

/// Refuses a restored row if the coaching session or relationship now has more than `most` rows. `full` is the message
/// of the error.
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

/// Returns the error for a coaching session or relationship that has the maximum number of rows. `full` is its message.
pub(super) fn too_many(most: u32, full: &str) -> Error {
    Error::Conflict {
        error: "too_many_rows",
        message: full.to_owned(),
        details: Some(json!({ "most": most })),
    }
}

/// Checks `If-Match` against the current row. The error lists the changes since the version that the client knows.
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
