//! Stored responses of changes, by the idempotency key of the request. A repeated request gets the stored response.
//!
//! There is one connection for writes, and a change looks its key up on that connection. If several requests with the
//! same key run at the same time, one makes the change. The others wait for it and find its response.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use wire::{Timestamp, UserId};

use super::Write;
use super::column::micros;

/// The digest of a request, to detect a key that is used for another request.
pub(crate) type Digest = [u8; 32];

/// A request with an idempotency key.
pub(crate) struct Keyed {
    pub(crate) person: UserId,
    pub(crate) key: String,
    pub(crate) digest: Digest,
    /// The time before which stored responses are ignored.
    pub(crate) since: Timestamp,
    /// The change, complete except for its stored response.
    change: Mutex<Option<Write>>,
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyed(..)")
    }
}

/// The stored response to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) digest: Digest,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// The value of the response's event cursor header, if it had one.
    pub(crate) event_cursor: Option<String>,
    /// The entity tag of the row after the change.
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

    /// Looks the key up inside the change, where no other request can store a response meanwhile. Makes
    /// [`Write::commit`] pass the change to this request instead of committing it. Returns `false` if there is a
    /// response already, so that nothing must be changed.
    pub(crate) async fn begin(self: &Arc<Self>, write: &mut Write) -> Result<bool, sqlx::Error> {
        if self.find(write).await?.is_some() {
            return Ok(false);
        }
        write.hold_for(Arc::clone(self));
        Ok(true)
    }

    /// Returns the stored response for this key, even if its digest differs.
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
                // Every digest in this column has 32 bytes.
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

    /// Stores the response. Keeps the newest `most` responses of this person.
    pub(crate) async fn store(
        &self,
        db: &mut SqliteConnection,
        answer: &Answer,
        at: Timestamp,
        most: u32,
    ) -> Result<(), sqlx::Error> {
        // An expired key may still have a row.
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

    /// Returns the change that [`Write::commit`] passed on, if there is one.
    pub(crate) fn take(&self) -> Option<Write> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Removes responses that were stored at this time or earlier.
pub(crate) async fn sweep(db: &mut SqliteConnection, before: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM idempotency_keys WHERE created_at <= ?")
        .bind(micros(before))
        .execute(db)
        .await?;
    Ok(())
}
