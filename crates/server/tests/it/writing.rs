//! Changes without end: so many a minute, a log of so many bytes, a disk with so much room.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use server::Tuning;

use crate::common::{TestServer, soon, tuning};

#[tokio::test]
async fn changes_beyond_the_limit_wait() {
    let server = TestServer::tuned(Tuning {
        changes_per_minute: 1,
        changes_at_once: 3,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let add = async |key: &str| {
        let body = json!({ "coaching_session_id": session.id, "body": key, "status": "NotStarted" });
        let request = coach
            .request(Method::POST, "/api/actions")
            .header("idempotency-key", key);
        coach.send(request.json(&body)).await
    };
    for key in ["a", "b", "c"] {
        assert_eq!(add(key).await.status, 201);
    }
    let refused = add("d").await;
    refused.refused(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    // What was refused was not made, reading goes on, others change what they like, and leaving is free.
    assert_eq!(server.count("SELECT count(*) FROM actions WHERE body = 'd'").await, 0);
    assert_eq!(coach.today().await.id, session.id);
    coachee.add_action(&session, "theirs").await;
    assert_eq!(coach.delete("/api/delete").await.status, 200);
}

#[tokio::test]
async fn log_is_kept_up_to_a_size() {
    let server = TestServer::tuned(Tuning {
        log_bytes: 40_000,
        maintenance_every: Duration::from_millis(5),
        ..tuning()
    })
    .await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let start = coach.get("/api/users/current").await.cursor();
    for _ in 0..5 {
        coach.add_action(&session, &"x".repeat(10_000)).await;
    }
    const KEPT: &str = "SELECT sum(octet_length(payload)) FROM events";
    // Three of them are 31 kB, four more than 40.
    soon("the log is cut", async {
        while server.count(KEPT).await > 40_000 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let after = |seq| wire::Cursor { seq, ..start.clone() };
    assert!(!coach.stream_after(&start).await.resumed());
    assert!(coach.stream_after(&after(start.seq + 2)).await.resumed());
    assert!(server.count(KEPT).await > 30_000);
}

#[tokio::test]
async fn old_log_has_its_size_after_an_update() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    coach.add_action(&session, "one").await;
    coach.add_action(&session, "é").await;
    let right = "SELECT count(*) FROM (SELECT total_bytes, sum(octet_length(payload)) OVER (ORDER BY seq) AS sum
        FROM events) WHERE total_bytes <> sum";
    assert_eq!(server.count(right).await, 0);
    // As the update finds it.
    let folder = server.stop().await;
    let mut database = {
        use sqlx::ConnectOptions as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("data/test.db"));
        options.connect().await.unwrap()
    };
    for statement in [
        "DROP INDEX actions_listed",
        "DROP INDEX agreements_listed",
        "DROP INDEX goals_listed",
        "DROP INDEX session_goals_listed",
        "DROP INDEX coaching_sessions_listed",
        "DROP INDEX events_by_total_bytes",
        "ALTER TABLE events DROP COLUMN total_bytes",
        "DELETE FROM _sqlx_migrations WHERE version = 9",
    ] {
        sqlx::query(statement).execute(&mut database).await.unwrap();
    }
    sqlx::Connection::close(database).await.unwrap();
    let server = TestServer::in_folder(folder, tuning(), &[]).await;
    assert_eq!(server.count(right).await, 0);
    assert!(server.count("SELECT max(total_bytes) FROM events").await > 100);
}
