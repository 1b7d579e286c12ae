//! Answers that are given again: what a change was answered with, by the key that its request carried.
//!
//! There is one connection that writes, and a change looks its key up on it. So of several requests with one key that
//! run at the same time, one makes the change and the others wait for it and find its answer.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use wire::{Timestamp, UserId};

use super::Write;
use super::column::micros;

/// The digest of a request: which one a key was given to.
pub(crate) type Digest = [u8; 32];

/// A request that may have been made before.
pub(crate) struct Keyed {
    pub(crate) person: UserId,
    pub(crate) key: String,
    pub(crate) digest: Digest,
    /// Answers from before this moment are forgotten.
    pub(crate) since: Timestamp,
    /// The change, once it is complete but for its answer.
    change: Mutex<Option<Write>>,
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyed(..)")
    }
}

/// What a request was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) digest: Digest,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// The position of the event log that the answer reflects, if it said so.
    pub(crate) event_cursor: Option<String>,
    /// The entity tag of the row as the change left it.
    pub(crate) etag: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Keyed {
    pub(crate) const fn new(person: UserId, key: String, digest: Digest, since: Timestamp) -> Self {
        Self {
            person,
            key,
            digest,
            since,
            change: Mutex::new(None),
        }
    }

    /// Takes part in a change: looks the key up where nobody else can answer it meanwhile, and has
    /// [`Write::commit`] hand the change over instead of making it. `false`: it was answered, so nothing is to be
    /// changed.
    pub(crate) async fn begin(self: &Arc<Self>, write: &mut Write) -> Result<bool, sqlx::Error> {
        if self.find(write).await?.is_some() {
            return Ok(false);
        }
        write.hold_for(Arc::clone(self));
        Ok(true)
    }

    /// The answer that this key was given, whatever it was asked.
    pub(crate) async fn find(&self, db: &mut SqliteConnection) -> Result<Option<Answer>, sqlx::Error> {
        sqlx::query(
            "SELECT request_digest, status, content_type, event_cursor, etag, body FROM idempotency_keys
             WHERE user_id = ? AND key = ? AND created_at > ?",
        )
        .bind(self.person.0)
        .bind(&self.key)
        .bind(micros(self.since))
        .try_map(|row: SqliteRow| {
            let digest: &[u8] = row.try_get("request_digest")?;
            Ok(Answer {
                // The column has no other length.
                digest: digest.try_into().unwrap_or_default(),
                status: row.try_get("status")?,
                content_type: row.try_get("content_type")?,
                event_cursor: row.try_get("event_cursor")?,
                etag: row.try_get("etag")?,
                body: row.try_get("body")?,
            })
        })
        .fetch_optional(db)
        .await
    }

    /// Keeps the answer, and the newest `most` answers of this person in all.
    pub(crate) async fn store(
        &self,
        db: &mut SqliteConnection,
        answer: &Answer,
        at: Timestamp,
        most: u32,
    ) -> Result<(), sqlx::Error> {
        // A key that was forgotten may still have its row.
        sqlx::query(
            "INSERT OR REPLACE INTO idempotency_keys
                 (user_id, key, request_digest, status, content_type, event_cursor, etag, body, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.person.0)
        .bind(&self.key)
        .bind(&answer.digest[..])
        .bind(answer.status)
        .bind(answer.content_type.as_deref())
        .bind(answer.event_cursor.as_deref())
        .bind(answer.etag.as_deref())
        .bind(&answer.body)
        .bind(micros(at))
        .execute(&mut *db)
        .await?;
        sqlx::query(
            "DELETE FROM idempotency_keys WHERE rowid IN (
                 SELECT rowid FROM idempotency_keys WHERE user_id = ? ORDER BY created_at DESC, rowid DESC
                 LIMIT -1 OFFSET ?)",
        )
        .bind(self.person.0)
        .bind(most)
        .execute(db)
        .await?;
        Ok(())
    }

    pub(super) fn put(&self, change: Write) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }

    /// The change that was handed over, if one was.
    pub(crate) fn take(&self) -> Option<Write> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Forgets answers from before this moment.
pub(crate) async fn sweep(db: &mut SqliteConnection, before: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM idempotency_keys WHERE created_at <= ?")
        .bind(micros(before))
        .execute(db)
        .await?;
    Ok(())
}
