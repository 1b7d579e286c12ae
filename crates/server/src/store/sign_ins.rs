//! Sign-ins: one row for each browser that is signed in. The hash of its token identifies it.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, SqliteConnection};
use uuid::Uuid;
use wire::{Timestamp, UserId};

use super::column::{Columns as _, decode, micros};
use super::{new_id, outbox};

/// The maximum number of sign-ins in one query.
const MOST_AT_ONCE: usize = 500;

/// The hash of a browser's token.
pub(crate) type TokenHash = [u8; 32];

/// A sign-in that has not ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignIn {
    pub(crate) user: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// The position of the event log at the time of the sign-in.
    pub(crate) since_seq: u64,
}

/// A new sign-in to store.
#[derive(Debug)]
pub(crate) struct NewSignIn<'a> {
    pub(crate) hash: &'a TokenHash,
    pub(crate) user: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) device: Option<&'a str>,
}

/// A sign-in in the list that its person sees.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) id: Uuid,
    pub(crate) hash: TokenHash,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) device: Option<String>,
}

pub(crate) async fn insert(db: &mut SqliteConnection, new: &NewSignIn<'_>) -> Result<(), sqlx::Error> {
    let since = outbox::head(db).await?;
    sqlx::query(
        "INSERT INTO sign_ins (token_hash, id, user_id, since_seq, created_at, last_used_at, expires_at, device)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)",
    )
    .bind(&new.hash[..])
    .bind(new_id())
    .bind(new.user.0)
    .bind(since.cast_signed())
    .bind(micros(new.created_at))
    .bind(micros(new.expires_at))
    .bind(new.device)
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the active sign-ins of one person, newest first.
pub(crate) async fn of_user(
    db: &mut SqliteConnection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query("SELECT * FROM sign_ins WHERE user_id = ? AND expires_at > ? ORDER BY created_at DESC, id DESC")
        .bind(user.0)
        .bind(micros(now))
        .try_map(|row: SqliteRow| {
            Ok(Listed {
                id: row.try_get("id")?,
                hash: token_hash(&row)?,
                created_at: row.moment("created_at")?,
                last_used_at: row.moment("last_used_at")?,
                expires_at: row.moment("expires_at")?,
                device: row.try_get("device")?,
            })
        })
        .fetch_all(db)
        .await
}

/// Returns the person and the token hash of the sign-in with this id.
pub(crate) async fn owner(db: &mut SqliteConnection, id: Uuid) -> Result<Option<(UserId, TokenHash)>, sqlx::Error> {
    sqlx::query("SELECT user_id, token_hash FROM sign_ins WHERE id = ?")
        .bind(id)
        .try_map(|row: SqliteRow| Ok((row.id("user_id", UserId)?, token_hash(&row)?)))
        .fetch_optional(db)
        .await
}

/// Returns the sign-in with this token, unless it has ended.
pub(crate) async fn find(
    db: &mut SqliteConnection,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<SignIn>, sqlx::Error> {
    sqlx::query(
        "SELECT user_id, since_seq, created_at, expires_at FROM sign_ins WHERE token_hash = ? AND expires_at > ?",
    )
    .bind(&hash[..])
    .bind(micros(now))
    .try_map(|row: SqliteRow| {
        let since: i64 = row.try_get("since_seq")?;
        Ok(SignIn {
            user: row.id("user_id", UserId)?,
            created_at: row.moment("created_at")?,
            expires_at: row.moment("expires_at")?,
            since_seq: since.unsigned_abs(),
        })
    })
    .fetch_optional(db)
    .await
}

/// Returns those of the given sign-ins that have not ended.
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
        // Every hash in this column has 32 bytes.
        living.extend(found.into_iter().filter_map(|hash| TokenHash::try_from(hash).ok()));
    }
    Ok(living)
}

pub(crate) async fn extend(
    db: &mut SqliteConnection,
    hash: &TokenHash,
    used_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE sign_ins SET last_used_at = ?, expires_at = ? WHERE token_hash = ?")
        .bind(micros(used_at))
        .bind(micros(expires_at))
        .bind(&hash[..])
        .execute(db)
        .await?;
    Ok(())
}

/// Limits the sign-ins to `life` after their beginning and to `idle` after their last use. The options may be lower now
/// than at the time of the sign-in.
pub(crate) async fn shorten(db: &mut SqliteConnection, life: Duration, idle: Duration) -> Result<(), sqlx::Error> {
    let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 2);
    sqlx::query(
        "UPDATE sign_ins SET expires_at = min(created_at + ?1, last_used_at + ?2)
         WHERE expires_at > min(created_at + ?1, last_used_at + ?2)",
    )
    .bind(micros(life))
    .bind(micros(idle))
    .execute(db)
    .await?;
    Ok(())
}

/// Ends one sign-in. Returns its person.
pub(crate) async fn end(db: &mut SqliteConnection, hash: &TokenHash) -> Result<Option<UserId>, sqlx::Error> {
    sqlx::query("DELETE FROM sign_ins WHERE token_hash = ? RETURNING user_id")
        .bind(&hash[..])
        .try_map(|row: SqliteRow| row.id("user_id", UserId))
        .fetch_optional(db)
        .await
}

/// Ends all sign-ins of one person.
pub(crate) async fn end_all(db: &mut SqliteConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sign_ins WHERE user_id = ?")
        .bind(user.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Ends all sign-ins of one person except for one. Returns the number of ended sign-ins.
pub(crate) async fn end_others(db: &mut SqliteConnection, user: UserId, kept: &TokenHash) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query("DELETE FROM sign_ins WHERE user_id = ? AND token_hash <> ?")
        .bind(user.0)
        .bind(&kept[..])
        .execute(db)
        .await?;
    Ok(ended.rows_affected())
}

/// Deletes expired sign-ins.
pub(crate) async fn sweep(db: &mut SqliteConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sign_ins WHERE expires_at <= ?")
        .bind(micros(now))
        .execute(db)
        .await?;
    Ok(())
}

fn token_hash(row: &SqliteRow) -> Result<TokenHash, sqlx::Error> {
    let hash: &[u8] = row.try_get("token_hash")?;
    hash.try_into().map_err(|error| decode("token_hash", error))
}
