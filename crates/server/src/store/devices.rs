//! Known devices: browsers in which a person has signed in before.

use sqlx::{QueryBuilder, SqliteConnection};
use wire::{Timestamp, UserId};

use super::column::micros;
use super::sign_ins::TokenHash;

/// The maximum number of known devices of one person. A further device replaces the oldest.
const MOST: u32 = 20;

/// Returns the device among `shown` in which the owner of this email address has signed in before, if there is one.
pub(crate) async fn known(
    db: &mut SqliteConnection,
    email_key: &str,
    shown: &[TokenHash],
    since: Timestamp,
) -> Result<Option<TokenHash>, sqlx::Error> {
    let mut query = QueryBuilder::new(
        "SELECT token_hash FROM known_devices JOIN users ON users.id = known_devices.user_id WHERE users.email_key = ",
    );
    query.push_bind(email_key);
    query.push(" AND known_devices.created_at > ").push_bind(micros(since));
    query.push(" AND token_hash IN (");
    let mut list = query.separated(", ");
    for hash in shown {
        list.push_bind(&hash[..]);
    }
    query.push(") LIMIT 1");
    let found = query.build_query_scalar::<Vec<u8>>().fetch_optional(db).await?;
    // Every hash in this column has 32 bytes.
    Ok(found.and_then(|hash| TokenHash::try_from(hash).ok()))
}

/// Stores a device as known to a person. Replaces `previous`, an earlier token of the device.
pub(crate) async fn insert(
    db: &mut SqliteConnection,
    hash: &TokenHash,
    user: UserId,
    previous: Option<&TokenHash>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if let Some(previous) = previous {
        sqlx::query("DELETE FROM known_devices WHERE token_hash = ? AND user_id = ?")
            .bind(&previous[..])
            .bind(user.0)
            .execute(&mut *db)
            .await?;
    }
    sqlx::query("INSERT INTO known_devices (token_hash, user_id, created_at) VALUES (?, ?, ?)")
        .bind(&hash[..])
        .bind(user.0)
        .bind(micros(now))
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "DELETE FROM known_devices WHERE user_id = ?1 AND token_hash NOT IN
             (SELECT token_hash FROM known_devices WHERE user_id = ?1 ORDER BY created_at DESC, rowid DESC LIMIT ?2)",
    )
    .bind(user.0)
    .bind(MOST)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes all known devices of a person.
pub(crate) async fn forget_all(db: &mut SqliteConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM known_devices WHERE user_id = ?")
        .bind(user.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes the devices whose last sign-in was not after `since`.
pub(crate) async fn sweep(db: &mut SqliteConnection, since: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM known_devices WHERE created_at <= ?")
        .bind(micros(since))
        .execute(db)
        .await?;
    Ok(())
}
