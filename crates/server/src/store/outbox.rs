//! The event log. Changes append to it, streams read from it, and old events are pruned.

use sqlx::{QueryBuilder, Row as _, SqliteConnection};
use wire::{Cursor, EventKind, OrganizationId, Timestamp, UserId};

use super::column::{decode, micros};

/// The maximum number of recipients in one statement.
const MOST_AT_ONCE: usize = 500;

/// One event of the log, as it is sent.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) kind: EventKind,
    pub(crate) payload: String,
}

/// The number of stored epochs. A stream can not resume from a cursor of an older epoch.
const MOST_EPOCHS: i64 = 1_000;

/// Begins the epoch of the positions that are assigned from now on.
///
/// Every start of the server begins an epoch, because the file may be an older copy of the file that was used before.
/// The log of such a copy assigns positions again that were assigned after the copy was made.
pub(super) async fn begin_epoch(db: &mut SqliteConnection) -> Result<String, sqlx::Error> {
    let head = head(db).await?;
    let sql = "INSERT INTO log_epochs (epoch, began_after) VALUES (lower(hex(randomblob(6))), ?) RETURNING epoch";
    let epoch: String = sqlx::query_scalar(sql)
        .bind(head.cast_signed())
        .fetch_one(&mut *db)
        .await?;
    sqlx::query("UPDATE event_log SET epoch = ?")
        .bind(&epoch)
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM log_epochs WHERE number <= (SELECT max(number) FROM log_epochs) - ?")
        .bind(MOST_EPOCHS)
        .execute(db)
        .await?;
    Ok(epoch)
}

/// Returns whether this cursor belongs to the history of this file: its epoch is known, and its position was assigned
/// before the next epoch began.
pub(crate) async fn is_in_history(db: &mut SqliteConnection, position: &Cursor) -> Result<bool, sqlx::Error> {
    let sql = "SELECT (SELECT min(later.began_after) FROM log_epochs later WHERE later.number > e.number)
         FROM log_epochs e WHERE e.epoch = ?";
    let ended: Option<Option<i64>> = sqlx::query_scalar(sql)
        .bind(&position.epoch)
        .fetch_optional(&mut *db)
        .await?;
    Ok(match ended {
        None => false,
        Some(Some(ended)) => position.seq <= ended.unsigned_abs(),
        Some(None) => position.seq <= head(db).await?,
    })
}

/// Returns the newest position: the position of the last event ever written, even if that event was pruned.
pub(super) async fn head(db: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let head: i64 = sqlx::query_scalar("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)")
        .fetch_one(db)
        .await?;
    Ok(head.unsigned_abs())
}

/// Returns the position up to which events may be missing.
pub(crate) async fn pruned_through(db: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let seq: i64 = sqlx::query_scalar("SELECT pruned_through FROM event_log")
        .fetch_one(db)
        .await?;
    Ok(seq.unsigned_abs())
}

/// The recipients of an event.
#[derive(Debug)]
pub(crate) enum Audience {
    /// The listed people.
    People(Vec<UserId>),
    /// All users, including users that are added before the event is read.
    Everyone,
}

/// Appends an event for these recipients. If it has an organization, only members of that organization receive it.
/// Returns its position.
pub(super) async fn append(
    db: &mut SqliteConnection,
    kind: EventKind,
    payload: &str,
    organization: Option<OrganizationId>,
    audience: &Audience,
    at: Timestamp,
) -> Result<u64, sqlx::Error> {
    let sql = "INSERT INTO events (name, payload, organization_id, created_at, to_everyone, total_bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, octet_length(?2) + coalesce((SELECT max(total_bytes) FROM events), 0))";
    let written = sqlx::query(sql)
        .bind(kind.name())
        .bind(payload)
        .bind(organization.map(|id| id.0))
        .bind(micros(at))
        .bind(matches!(audience, Audience::Everyone))
        .execute(&mut *db)
        .await?;
    let recipients: &[UserId] = match audience {
        Audience::People(people) => people,
        Audience::Everyone => &[],
    };
    let seq = written.last_insert_rowid();
    for people in recipients.chunks(MOST_AT_ONCE) {
        let mut insert = QueryBuilder::new("INSERT OR IGNORE INTO event_recipients (user_id, seq) ");
        insert.push_values(people, |mut row, person| {
            row.push_bind(person.0).push_bind(seq);
        });
        insert.build().execute(&mut *db).await?;
    }
    Ok(seq.unsigned_abs())
}

/// Returns the number of events for this person after this position. Counts up to `limit`. Includes events that are not
/// sent any more; the only cost of that is an unnecessary resync.
pub(crate) async fn count_after(
    db: &mut SqliteConnection,
    person: UserId,
    after: u64,
    limit: usize,
) -> Result<usize, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM event_recipients WHERE user_id = ?1 AND seq > ?2
             UNION ALL SELECT 1 FROM events WHERE to_everyone = 1 AND seq > ?2 LIMIT ?3)",
    )
    .bind(person.0)
    .bind(after.cast_signed())
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_one(db)
    .await?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Returns the next events for this person after this position, oldest first.
///
/// Omits forced sign-outs up to `signed_in_at_seq`, because they were for earlier sign-ins. Also omits events of
/// organizations that this person has left.
pub(crate) async fn page_after(
    db: &mut SqliteConnection,
    person: UserId,
    after: u64,
    signed_in_at_seq: u64,
    limit: u32,
) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query(
        "SELECT e.seq, e.name, e.payload
         FROM (SELECT seq FROM event_recipients WHERE user_id = ?1 AND seq > ?2
             UNION ALL SELECT seq FROM events WHERE to_everyone = 1 AND seq > ?2) r
         JOIN events e ON e.seq = r.seq
         WHERE (e.name <> 'force_logout' OR e.seq > ?3)
             AND (e.organization_id IS NULL OR EXISTS (SELECT 1 FROM user_roles m
                 WHERE m.user_id = ?1 AND m.organization_id = e.organization_id))
         ORDER BY e.seq LIMIT ?4",
    )
    .bind(person.0)
    .bind(after.cast_signed())
    .bind(signed_in_at_seq.cast_signed())
    .bind(limit)
    .try_map(|row| entry(&row))
    .fetch_all(db)
    .await
}

/// Returns the first forced sign-out of this person after this position, if there is one. It is the last event for a
/// sign-in that has ended.
pub(crate) async fn farewells_after(
    db: &mut SqliteConnection,
    person: UserId,
    after: u64,
) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query(
        "SELECT e.seq, e.name, e.payload FROM event_recipients r JOIN events e ON e.seq = r.seq
         WHERE r.user_id = ? AND r.seq > ? AND e.name = 'force_logout' ORDER BY r.seq LIMIT 1",
    )
    .bind(person.0)
    .bind(after.cast_signed())
    .try_map(|row| entry(&row))
    .fetch_all(db)
    .await
}

/// The part of the log to keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// The maximum number of events.
    pub(crate) rows: u64,
    /// The maximum number of bytes of messages.
    pub(crate) bytes: u64,
    /// The earliest time of an event.
    pub(crate) since: Timestamp,
}

/// Removes the oldest events until the log is within these limits. Returns the number of removed events.
pub(crate) async fn prune(db: &mut SqliteConnection, kept: &Kept) -> Result<u64, sqlx::Error> {
    let by_count = head(db).await?.saturating_sub(kept.rows);
    let by_age: Option<i64> = sqlx::query_scalar("SELECT max(seq) FROM events WHERE created_at < ?")
        .bind(micros(kept.since))
        .fetch_one(&mut *db)
        .await?;
    // The newest event that exceeds the byte limit together with all later events.
    let by_size: Option<i64> = sqlx::query_scalar(
        "WITH beginning(total) AS (SELECT max(total_bytes) - ? FROM events)
         SELECT seq FROM events, beginning
         WHERE seq <= (SELECT seq FROM events, beginning WHERE total_bytes >= total ORDER BY total_bytes LIMIT 1)
             AND total_bytes - octet_length(payload) < total
         ORDER BY seq DESC LIMIT 1",
    )
    .bind(i64::try_from(kept.bytes).unwrap_or(i64::MAX))
    .fetch_optional(&mut *db)
    .await?;
    let older = by_age.max(by_size).unwrap_or_default().unsigned_abs();
    let through = by_count.max(older);
    let removed = sqlx::query("DELETE FROM events WHERE seq <= ?")
        .bind(through.cast_signed())
        .execute(&mut *db)
        .await?;
    sqlx::query("UPDATE event_log SET pruned_through = max(pruned_through, ?)")
        .bind(through.cast_signed())
        .execute(&mut *db)
        .await?;
    // Epochs that ended before the oldest remaining event.
    let sql = "DELETE FROM log_epochs WHERE number < (SELECT max(number) FROM log_epochs WHERE began_after < ?)";
    sqlx::query(sql).bind(through.cast_signed()).execute(db).await?;
    Ok(removed.rows_affected())
}

fn entry(row: &sqlx::sqlite::SqliteRow) -> Result<Entry, sqlx::Error> {
    let name: &str = row.try_get("name")?;
    // Parsing ensures that the `event:` field contains only known names.
    let kind: EventKind = name.parse().map_err(|error| decode("name", error))?;
    let seq: i64 = row.try_get("seq")?;
    Ok(Entry {
        seq: seq.unsigned_abs(),
        kind,
        payload: row.try_get("payload")?,
    })
}
