//! Tests of commits, failed commits and checkpoints.

use futures_util::FutureExt as _;
use sqlx::AssertSqlSafe;
use wire::{Event, UserId};

use super::{Db, DiskError};
use crate::sse::Hub;
use crate::store::{new_id, now, users};

#[tokio::test]
async fn abandoned_commit_is_still_published() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::new();
    let db = Db::open(&folder.path().join("test.db"), hub.clone()).await.unwrap();
    let id = UserId(new_id());
    let person = users::NewUser {
        id,
        email: "a@example.com",
        password_hash: "",
        first_name: "",
        last_name: "",
        created_at: now(),
    };
    let mut write = db.write().await.unwrap();
    users::insert(&mut write, &person).await.unwrap();
    write
        .announce(&Event::UserUpdated { user_id: id }, None, &[id])
        .await
        .unwrap();

    let seat = hub.take_seat(id, [0; 32], 1);
    let mut commit = Box::pin(write.commit());
    assert!(commit.as_mut().now_or_never().is_none(), "polled once");
    drop(commit);
    let told = tokio::time::timeout(std::time::Duration::from_secs(30), seat.told());
    assert_eq!(told.await.unwrap(), 1);
    assert_eq!(db.snapshot().await.unwrap().head(), 1);
}

#[tokio::test]
async fn full_disk_refuses_only_one_change() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("test.db"), Hub::new()).await.unwrap();
    let announce = async |events: usize| {
        let mut write = db.write().await?;
        for _ in 0..events {
            write.announce_to_everyone(&Event::Heartbeat {}).await?;
        }
        write.commit().await
    };
    announce(1).await.unwrap();
    let mut connection = db.writer.acquire().await.unwrap();
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    let limit = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
    sqlx::query(limit).execute(&mut *connection).await.unwrap();
    drop(connection);

    let error = announce(10_000).await.unwrap_err();
    assert_eq!(DiskError::of(&error), Some(DiskError::Full), "{error}");
    assert_eq!(db.snapshot().await.unwrap().head(), 1, "nothing of it was made");
    // There is room again: the limit was a setting of the closed connection.
    announce(10_000).await.unwrap();
    assert_eq!(db.snapshot().await.unwrap().head(), 10_001);
}

#[tokio::test]
async fn what_was_folded_is_in_the_file_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("test.db"), folder.path().join("copy.db"));
    let db = Db::open(&file, Hub::new()).await.unwrap();
    let mut write = db.write().await.unwrap();
    write.announce_to_everyone(&Event::Heartbeat {}).await.unwrap();
    write.commit().await.unwrap();
    db.written().await;
    db.fold().await.unwrap();
    std::fs::copy(&file, &copy).unwrap();
    let copied = Db::open(&copy, Hub::new()).await.unwrap();
    assert_eq!(copied.snapshot().await.unwrap().head(), 1);
}

/// The option is set in `.cargo/config.toml`.
#[tokio::test]
async fn statements_are_planned_once() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("test.db"), Hub::new()).await.unwrap();
    let is_stable = "SELECT sqlite_compileoption_used('ENABLE_QPSG')";
    let is_stable: bool = sqlx::query_scalar(is_stable)
        .fetch_one(&mut *db.reader().await.unwrap())
        .await
        .unwrap();
    assert!(is_stable);
}
