//! The check of a database file. Each fault is described by a sentence.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::db::MIGRATIONS;

/// The maximum number of messages of SQLite's own check.
const MOST: u32 = 20;

/// The tables whose rows have versions and a history.
const VERSIONED: [&str; 4] = ["actions", "agreements", "goals", "coaching_sessions"];

/// The checks. Each has a query that returns 0 for a sound file, a description of the fault, and the tables that the
/// query uses. A file of an older version may lack some of these tables.
const QUESTIONS: [(&str, &str, &[&str]); 6] = [
    (
        "SELECT count(*) FROM events, event_log WHERE seq <= pruned_through
             OR seq > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)",
        "events outside of the positions that the log has given",
        &["events", "event_log"],
    ),
    (
        "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) - pruned_through
             - (SELECT count(*) FROM events) FROM event_log",
        "positions of the log without an event",
        &["events", "event_log"],
    ),
    (
        "SELECT abs((SELECT count(*) FROM event_log) - 1)",
        "rows too many or too few in event_log, which has one",
        &["event_log"],
    ),
    (
        "SELECT count(*) FROM log_epochs WHERE began_after > coalesce((SELECT seq FROM sqlite_sequence
             WHERE name = 'events'), 0)",
        "epochs that began after the newest position",
        &["log_epochs"],
    ),
    (
        "SELECT count(*) FROM sign_ins WHERE since_seq > coalesce((SELECT seq FROM sqlite_sequence
             WHERE name = 'events'), 0)",
        "sign-ins that began after the newest position",
        &["sign_ins"],
    ),
    (
        "SELECT count(*) FROM row_changes h WHERE NOT EXISTS (SELECT 1 FROM actions WHERE id = h.row_id)
             AND NOT EXISTS (SELECT 1 FROM agreements WHERE id = h.row_id)
             AND NOT EXISTS (SELECT 1 FROM goals WHERE id = h.row_id)
             AND NOT EXISTS (SELECT 1 FROM coaching_sessions WHERE id = h.row_id)",
        "entries of the history without their row",
        &["row_changes"],
    ),
];

/// Returns the faults of this file; an empty list if it is sound.
pub(crate) async fn faults(db: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut faults: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("PRAGMA integrity_check({MOST})")))
        .fetch_all(&mut *db)
        .await?;
    faults.retain(|said| said != "ok");
    if !faults.is_empty() {
        // Skips the other checks: their results mean nothing for a damaged file.
        return Ok(faults.into_iter().map(|said| format!("SQLite says: {said}")).collect());
    }
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut *db)
        .await?;
    let has = |table: &&str| tables.iter().any(|name| name == table);
    if !["_sqlx_migrations", "event_log"].iter().all(has) {
        return Ok(vec!["it is a SQLite file, but not one of this server".to_owned()]);
    }
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut *db)
        .await?;
    if newest > MIGRATIONS.iter().map(|migration| migration.version).max() {
        return Ok(vec!["it was written by a newer version of the server".to_owned()]);
    }
    faults.extend(dangling(db).await?);
    for (question, wrong, asked) in QUESTIONS {
        if asked.iter().all(has) {
            let count: i64 = sqlx::query_scalar(question)
                .fetch_optional(&mut *db)
                .await?
                .unwrap_or_default();
            if count != 0 {
                faults.push(format!("{wrong}: {count}"));
            }
        }
    }
    if has(&"row_changes") {
        for table in VERSIONED {
            let sql = format!(
                "SELECT count(*) FROM {table} r WHERE version < coalesce((SELECT max(version) FROM row_changes h
                     WHERE h.row_id = r.id), 1)"
            );
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *db).await?;
            if count != 0 {
                faults.push(format!(
                    "rows of {table} with an older version than their history: {count}"
                ));
            }
        }
    }
    Ok(faults)
}

/// Returns the foreign keys that refer to missing rows.
async fn dangling(db: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut counts = BTreeMap::<(String, String), u64>::new();
    for row in sqlx::query("PRAGMA foreign_key_check").fetch_all(db).await? {
        *counts
            .entry((row.try_get("table")?, row.try_get("parent")?))
            .or_default() += 1;
    }
    let sentence =
        |((table, parent), count)| format!("rows of {table} that refer to rows of {parent} that are gone: {count}");
    Ok(counts.into_iter().map(sentence).collect())
}
