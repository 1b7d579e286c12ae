//! `kill -9` while people write: every acknowledged change is there after the restart.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::writers::Acknowledged;
use crate::people::People;
use crate::server::Server;

/// The number of people who write at the same time.
const WRITERS: usize = 8;

pub(super) async fn run(program: &Path, kills: u32) -> anyhow::Result<String> {
    let mut server = Server::start(program).await?;
    let people = People::move_in(&server.database(), WRITERS).await?;
    let mut acknowledged = Acknowledged::default();
    let mut slowest = Duration::ZERO;
    for kill in 0..kills {
        // The moment differs each time. The moments are spread over the first third of a second.
        let moment = Duration::from_millis(u64::from(kill * 37 % 331) + 5);
        let id = server.id;
        let killing = async {
            tokio::time::sleep(moment).await;
            tokio::process::Command::new("kill")
                .args(["-9", &id.to_string()])
                .status()
                .await
        };
        let (written, killed) = tokio::join!(acknowledged.write_until_it_ends(&server, &people), killing);
        written?;
        ensure!(killed?.success(), "the server could not be killed");
        let began = Instant::now();
        server = server.start_again(program).await?;
        slowest = slowest.max(began.elapsed());
        acknowledged.check(&server, &people).await?;
    }
    let mut database = SqliteConnectOptions::new()
        .filename(server.database())
        .connect()
        .await?;
    let whole: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut database)
        .await?;
    ensure!(whole == "ok", "the database is damaged: {whole}");
    database.close().await?;
    server.stop().await?;
    Ok(format!(
        "{kills} kills, {} changes acknowledged and none lost; the slowest start took {:.2} s",
        acknowledged.len(),
        slowest.as_secs_f64()
    ))
}
