//! A database of an older version.

use std::path::Path;

use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;
use wire::HistoryPage;

use crate::common::{TestServer, dist, tuning};

/// The last migration before rows had versions.
const BEFORE_VERSIONS: i64 = 6;

/// The last migration before sign-ins were listed.
const BEFORE_ACCOUNTS: i64 = 7;

/// One pair of people with a row of each kind. The password is that of the demo.
const ROWS: &str = "
    INSERT INTO organizations VALUES (x'00000000000000000000000000000001', 'Old', 'old', 1, 1);
    INSERT INTO users (id, email, password_hash, first_name, last_name, created_at, updated_at) VALUES
        (x'00000000000000000000000000000002', 'coach@example.com', :hash, 'Cora', 'Coach', 1, 1),
        (x'00000000000000000000000000000003', 'coachee@example.com', :hash, 'Cee', 'Coachee', 1, 1);
    INSERT INTO user_roles VALUES
        (x'00000000000000000000000000000004', x'00000000000000000000000000000002',
            x'00000000000000000000000000000001', 'User', 1, 1),
        (x'00000000000000000000000000000005', x'00000000000000000000000000000003',
            x'00000000000000000000000000000001', 'User', 1, 1);
    INSERT INTO coaching_relationships VALUES (x'00000000000000000000000000000006',
        x'00000000000000000000000000000001', x'00000000000000000000000000000002',
        x'00000000000000000000000000000003', 1, 1);
    INSERT INTO coaching_sessions VALUES (x'00000000000000000000000000000007',
        x'00000000000000000000000000000006', 1, 60, 'Old session', NULL, NULL, 0, 1, 1, 1);
    INSERT INTO goals VALUES (x'00000000000000000000000000000008', x'00000000000000000000000000000006',
        x'00000000000000000000000000000007', x'00000000000000000000000000000002', 'Old goal', NULL, 'InProgress',
        1, NULL, NULL, 1, 1);
    INSERT INTO session_goals VALUES (x'00000000000000000000000000000009', x'00000000000000000000000000000007',
        x'00000000000000000000000000000008', 1, 1);
    INSERT INTO actions VALUES (x'0000000000000000000000000000000a', x'00000000000000000000000000000007',
        x'00000000000000000000000000000008', x'00000000000000000000000000000002', 'Old action', NULL, 'NotStarted',
        1, 1, 1);
    INSERT INTO action_assignees VALUES (x'0000000000000000000000000000000a',
        x'00000000000000000000000000000003', 0);
    INSERT INTO agreements VALUES (x'0000000000000000000000000000000b', x'00000000000000000000000000000007',
        x'00000000000000000000000000000003', 'Old agreement', 1, 1);
";

/// A folder with a database that has the tables of an older server, and these rows.
async fn old_database(version: i64, rows: String) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    dist(&folder);
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("data/test.db"))
        .create_if_missing(true)
        .foreign_keys(true);
    let mut old = options.connect().await.unwrap();
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut migrator = Migrator::new(migrations).await.unwrap();
    migrator
        .migrations
        .to_mut()
        .retain(|migration| migration.version <= version);
    migrator.run(&mut old).await.unwrap();
    old.execute(sqlx::AssertSqlSafe(rows)).await.unwrap();
    old.close().await.unwrap();
    folder
}

#[tokio::test]
async fn an_old_database_keeps_its_rows() {
    // The hash of a password, as a server of today makes it.
    let server = TestServer::start().await;
    let hash = server.text("SELECT password_hash FROM users LIMIT 1").await;
    server.stop().await;

    let rows = ROWS.replace(":hash", &format!("'{hash}'"));
    let folder = old_database(BEFORE_VERSIONS, rows).await;

    let server = TestServer::in_folder(folder, tuning(), &[]).await;
    let coach = server.sign_in("coach").await;
    for (kind, id, field, text) in [
        ("coaching_sessions", "07", "title", "Old session"),
        ("goals", "08", "title", "Old goal"),
        ("actions", "0a", "body", "Old action"),
        ("agreements", "0b", "body", "Old agreement"),
    ] {
        let path = format!("/api/{kind}/00000000-0000-0000-0000-0000000000{id}");
        let answer = coach.get(&path).await;
        let row: Value = answer.data();
        assert_eq!(
            (&row[field], &row["version"], answer.version()),
            (&json!(text), &json!(1), 1)
        );
        let page: HistoryPage = coach.get(&format!("{path}/history")).await.data();
        assert_eq!(page.entries, [], "what was written before is not known");
        let answer = coach.patch(&path, json!({ field: "New" })).await;
        assert_eq!(answer.version(), 2);
        let page: HistoryPage = coach.get(&format!("{path}/history")).await.data();
        assert_eq!(
            json!(page.entries[0].fields),
            json!([{ "name": field, "from": text, "to": "New" }])
        );
    }
    let action: Value = coach
        .get("/api/actions/00000000-0000-0000-0000-00000000000a")
        .await
        .data();
    assert_eq!(action["goal_id"], "00000000-0000-0000-0000-000000000008");
    assert_eq!(action["assignee_ids"], json!(["00000000-0000-0000-0000-000000000003"]));

    // Another program that writes a row raises its version as well.
    for statement in [
        "UPDATE actions SET body = 'past the server'",
        "UPDATE agreements SET body = 'past the server'",
        "UPDATE goals SET title = 'past the server'",
        "UPDATE coaching_sessions SET title = 'past the server'",
    ] {
        server.sql(statement).await;
    }
    for (kind, id) in [
        ("coaching_sessions", "07"),
        ("goals", "08"),
        ("actions", "0a"),
        ("agreements", "0b"),
    ] {
        let path = format!("/api/{kind}/00000000-0000-0000-0000-0000000000{id}");
        assert_eq!(coach.get(&path).await.version(), 3, "{kind}");
    }
}

#[tokio::test]
async fn migrated_sign_in_is_listed() {
    // Two sign-ins: the one of a token of zeros, which was last used an hour ago, and another.
    let rows = "
        INSERT INTO users (id, email, password_hash, first_name, last_name, created_at, updated_at) VALUES
            (x'00000000000000000000000000000002', 'Coach@Example.com', '', 'Cora', 'Coach', 1, 1);
        INSERT INTO sign_ins VALUES
            (x'60e05bd1b195af2f94112fa7197a5c88289058840ce7c6df9693756bc6250f55',
                x'00000000000000000000000000000002', 0, (unixepoch() - 5 * 86400) * 1000000,
                (unixepoch() + 23 * 3600) * 1000000),
            (x'0000000000000000000000000000000000000000000000000000000000000001',
                x'00000000000000000000000000000002', 0, (unixepoch() - 60) * 1000000,
                (unixepoch() + 86340) * 1000000);
    ";
    let folder = old_database(BEFORE_ACCOUNTS, rows.to_owned()).await;
    let server = TestServer::in_folder(folder, tuning(), &[]).await;
    let mut coach = server.stranger();
    coach.cookie = format!("freshet_session={}", "0".repeat(64));
    let list: Value = coach.get("/api/sign_ins").await.data();
    let [other, own] = &list.as_array().unwrap()[..] else {
        panic!("{list}")
    };
    assert_eq!(
        (&other["is_current"], &own["is_current"]),
        (&json!(false), &json!(true))
    );
    assert_ne!(other["id"], own["id"]);
    let path = format!("/api/sign_ins/{}", other["id"].as_str().unwrap());
    coach.delete(&path).await.done();
    assert_eq!(server.text("SELECT email_key FROM users").await, "coach@example.com");
}
