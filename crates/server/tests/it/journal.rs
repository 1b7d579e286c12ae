//! The write-ahead log of the database.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use crate::common::{TestServer, soon};

/// What the log may have, in bytes.
const MOST: u64 = 16 << 20;

#[tokio::test]
async fn wal_shrinks_after_long_read() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    let data = server.folder.path().join("data/test.db");
    let log = server.folder.path().join("data/test.db-wal");
    let size = || std::fs::metadata(&log).unwrap().len();
    // A backup, say: while it reads, nothing that was written since can be folded into the file.
    let mut reader = SqliteConnectOptions::new().filename(&data).connect().await.unwrap();
    reader.execute("BEGIN; SELECT count(*) FROM users").await.unwrap();
    let text = "𝕏".repeat(20_000);
    while size() <= 2 * MOST {
        coach.add_action(&session, &text).await;
    }
    reader.close().await.unwrap();
    // Nothing more is written, and somebody reads all the time.
    soon("the log shrinks", async {
        while size() > MOST {
            coach.get("/api/users/current").await;
        }
    })
    .await;
}
