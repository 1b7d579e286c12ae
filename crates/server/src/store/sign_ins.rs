//! Who is signed in: one row per browser, found by the hash of its token.

use std::collections::BTreeSet;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, SqliteConnection};
use wire::{Timestamp, UserId};

use super::column::{Columns as _, micros};
use super::outbox;

/// How many sign-ins are asked about at once.
const MOST_AT_ONCE: usize = 500;

/// The hash of a browser's token.
pub(crate) type TokenHash = [u8; 32];

/// A living sign-in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignIn {
    pub(crate) user: UserId,
    pub(crate) expires_at: Timestamp,
    /// Where the event log stood at sign-in.
    pub(crate) since_seq: u64,
}

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    hash: &TokenHash,
    user: UserId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let since = outbox::head(db).await?;
    sqlx::query("INSERT INTO sign_ins (token_hash, user_id, since_seq, created_at, expires_at) VALUES (?, ?, ?, ?, ?)")
        .bind(&hash[..])
        .bind(user.0)
        .bind(since.cast_signed())
        .bind(micros(now))
        .bind(micros(expires_at))
        .execute(db)
        .await?;
    Ok(())
}

/// The sign-in of this token, if it still lives.
pub(crate) async fn find(
    db: &mut SqliteConnection,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<SignIn>, sqlx::Error> {
    sqlx::query("SELECT user_id, since_seq, expires_at FROM sign_ins WHERE token_hash = ? AND expires_at > ?")
        .bind(&hash[..])
        .bind(micros(now))
        .try_map(|row: SqliteRow| {
            let since: i64 = row.try_get("since_seq")?;
            Ok(SignIn {
                user: row.id("user_id", UserId)?,
                expires_at: row.moment("expires_at")?,
                since_seq: since.unsigned_abs(),
            })
        })
        .fetch_optional(db)
        .await
}

/// Those of these sign-ins that still live.
pub(crate) async fn living(
    db: &mut SqliteConnection,
    hashes: &[TokenHash],
    now: Timestamp,
) -> Result<BTreeSet<TokenHash>, sqlx::Error> {
    let mut living = BTreeSet::new();
    for some in hashes.chunks(MOST_AT_ONCE) {
        let mut query = QueryBuilder::new("SELECT token_hash FROM sign_ins WHERE expires_at > ");
        query.push_bind(micros(now)).push(" AND token_hash IN (");
        let mut list = query.separated(", ");
        for hash in some {
            list.push_bind(&hash[..]);
        }
        query.push(")");
        let found = query.build_query_scalar::<Vec<u8>>().fetch_all(&mut *db).await?;
        // The column has no other length.
        living.extend(found.into_iter().filter_map(|hash| TokenHash::try_from(hash).ok()));
    }
    Ok(living)
}

pub(crate) async fn extend(
    db: &mut SqliteConnection,
    hash: &TokenHash,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sign_ins SET expires_at = ? WHERE token_hash = ?")
        .bind(micros(expires_at))
        .bind(&hash[..])
        .execute(db)
        .await?;
    Ok(())
}

/// Ends one sign-in; says whose it was.
pub(crate) async fn end(db: &mut SqliteConnection, hash: &TokenHash) -> Result<Option<UserId>, sqlx::Error> {
    sqlx::query("DELETE FROM sign_ins WHERE token_hash = ? RETURNING user_id")
        .bind(&hash[..])
        .try_map(|row: SqliteRow| row.id("user_id", UserId))
        .fetch_optional(db)
        .await
}

/// Ends every sign-in of one person.
pub(crate) async fn end_all(db: &mut SqliteConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sign_ins WHERE user_id = ?")
        .bind(user.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes the sign-ins that have expired.
pub(crate) async fn sweep(db: &mut SqliteConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sign_ins WHERE expires_at <= ?")
        .bind(micros(now))
        .execute(db)
        .await?;
    Ok(())
}
