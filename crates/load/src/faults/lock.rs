//! Another program that holds the lock of the database. Changes are refused after a while, and reading goes on.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::writers::{check_refusal, client, made, read, write};
use crate::people::People;
use crate::server::Server;

const ROUNDS: u32 = 3;
const READS: usize = 200;

pub(super) async fn run(program: &Path) -> anyhow::Result<String> {
    let server = Server::start(program).await?;
    let people = People::move_in(&server.database(), 1).await?;
    let (client, coachee) = (client()?, &people.coachees[0]);
    let reads = async || {
        let mut took = Vec::new();
        for _ in 0..READS {
            let began = Instant::now();
            read(&client, &server, coachee).await?;
            took.push(began.elapsed());
        }
        took.sort();
        anyhow::Ok(took[READS * 95 / 100])
    };
    let quiet = reads().await?;
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        let mut other = SqliteConnectOptions::new()
            .filename(server.database())
            .connect()
            .await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await?;
        let (refused, read) = tokio::join!(write(&client, &server, coachee, "refused"), reads());
        check_refusal(refused?).await?;
        slowest = slowest.max(read?);
        sqlx::query("ROLLBACK").execute(&mut other).await?;
        other.close().await?;
        let first = made(&client, &server, coachee, "made").await;
        first.with_context(|| format!("round {round}: the first change after it"))?;
    }
    server.stop().await?;
    ensure!(
        slowest < quiet * 5 + Duration::from_millis(20),
        "95 % of the reads took up to {slowest:?} beside the lock, and {quiet:?} without"
    );
    Ok(format!(
        "{ROUNDS} times held: refused meanwhile; 95 % of the reads within {:.1} ms, without it {:.1} ms",
        slowest.as_secs_f64() * 1e3,
        quiet.as_secs_f64() * 1e3
    ))
}
