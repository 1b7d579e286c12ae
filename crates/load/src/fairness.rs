//! Measures the effect of one person's reads on another person's reads. The greedy person has thousands of coaching
//! sessions and reads all goals again and again, many times at once. The neighbour reads at intervals.
//!
//! Rounds with and without the greedy person alternate, so that both have the same conditions. The neighbour has a
//! separate thread, so that it does not wait for the answers of the greedy person in this process.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::future::join_all;
use reqwest::{Client, StatusCode};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::people::{People, Person};
use crate::server::Server;

/// The number of coaching sessions of the greedy person.
const SESSIONS: u32 = 20_000;

/// The number of goals of each coaching session.
const GOALS: u32 = 3;

/// The number of concurrent reads of the greedy person.
const READS: usize = 16;

/// The number of reads of the neighbour in a round, and the pause between two reads.
const ROUND: usize = 200;
const PAUSE: Duration = Duration::from_millis(5);

/// The number of rounds of each kind.
const ROUNDS: usize = 4;

/// The maximum ratio of the neighbour's read times with and without the greedy person (95th percentile).
const MOST: f64 = 3.0;

/// Measures the ratio on a fresh server.
pub(crate) async fn measure(program: &Path) -> anyhow::Result<String> {
    let server = Server::start(program).await?;
    let people = People::move_in(&server.database(), 2).await?;
    let relationship = fill(&server.database(), &people).await?;
    let base = format!("http://{}", server.address);
    let [_, neighbour] = &people.coachees[..] else {
        anyhow::bail!("two people were asked for");
    };
    let list = format!("{base}/api/users/{}/coaching_sessions", neighbour.person.id);
    let greedy = format!("{base}/api/coaching_sessions/goals?coaching_relationship_id={relationship}");
    let cookie = neighbour.person.cookie.clone();
    let (busy, changes) = watch::channel(false);
    let reader = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(read_in_rounds(&list, &cookie, &busy))
    });
    let answered = join_all((0..READS).map(|_| read_greedily(&greedy, &people.coach, changes.clone()))).await;
    let answered: usize = answered.into_iter().sum::<anyhow::Result<usize>>()?;
    let (quiet, busy) = reader
        .join()
        .or_else(|_panic| anyhow::bail!("the neighbour has panicked"))??;
    server.stop().await?;
    let ratio = busy.as_secs_f64() / quiet.as_secs_f64();
    let line = format!(
        "A neighbour's read: {:.1} ms in quiet, {:.1} ms beside {READS} reads of {SESSIONS} sessions (p95), {ratio:.1} \
         times as long; {answered} of those were answered",
        quiet.as_secs_f64() * 1_000.0,
        busy.as_secs_f64() * 1_000.0,
    );
    ensure!(ratio <= MOST, "{line}; at most {MOST} times is fair");
    Ok(line)
}

/// Gives the first pair thousands of coaching sessions with goals. Returns the relationship of the pair.
async fn fill(database: &Path, people: &People) -> anyhow::Result<uuid::Uuid> {
    let mut connection = SqliteConnectOptions::new().filename(database).connect().await?;
    let first = people.coachees.first().context("there is no coachee")?;
    let relationship = sqlx::query_scalar("SELECT coaching_relationship_id FROM coaching_sessions WHERE id = ?")
        .bind(first.session)
        .fetch_one(&mut connection)
        .await?;
    for statement in [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         INSERT INTO coaching_sessions
             (id, coaching_relationship_id, date, duration_minutes, created_at, updated_at, hydrated_at)
         SELECT randomblob(16), ?1, i, 60, i, i, i FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
         INSERT INTO goals (id, coaching_relationship_id, user_id, title, body, status, created_at, updated_at)
         SELECT randomblob(16), r.id, r.coach_id, 'A goal', printf('%.*c', 200, 'x'), 'OnHold', i, i
         FROM n, coaching_relationships r WHERE r.id = ?1",
        "INSERT INTO session_goals SELECT randomblob(16), s.id, g.id, 1, 1
         FROM coaching_sessions s JOIN goals g ON g.coaching_relationship_id = s.coaching_relationship_id
         WHERE s.coaching_relationship_id = ?1",
    ] {
        sqlx::query(statement)
            .bind::<uuid::Uuid>(relationship)
            .bind(SESSIONS)
            .bind(GOALS)
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    Ok(relationship)
}

/// Reads as the neighbour, and signals the rounds of the greedy person. Returns the read times without and with the
/// greedy person.
async fn read_in_rounds(list: &str, cookie: &str, busy: &watch::Sender<bool>) -> anyhow::Result<(Duration, Duration)> {
    let client = Client::new();
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for round in 0..2 * ROUNDS {
        let is_busy = round % 2 == 1;
        busy.send(is_busy).context("the other reader has ended")?;
        let times = if is_busy { &mut beside } else { &mut alone };
        for _ in 0..ROUND {
            sleep(PAUSE).await;
            let asked = Instant::now();
            let answer = client.get(list).header("cookie", cookie).send().await?;
            ensure!(
                answer.status().is_success(),
                "the neighbour was refused: {}",
                answer.status()
            );
            answer.bytes().await?;
            times.push(asked.elapsed());
        }
    }
    // The greedy person stops when it waits for its next round.
    busy.send(false).context("the other reader has ended")?;
    Ok((p95(alone), p95(beside)))
}

fn p95(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() * 95 / 100).copied().unwrap_or_default()
}

/// Reads as the greedy person during its rounds. Returns the number of answered reads.
async fn read_greedily(url: &str, person: &Person, mut busy: watch::Receiver<bool>) -> anyhow::Result<usize> {
    let client = Client::new();
    let mut answered = 0;
    // Ends when the neighbour drops the sender.
    while busy.wait_for(|busy| *busy).await.is_ok() {
        let answer = client.get(url).header("cookie", &person.cookie).send().await?;
        let status = answer.status();
        let known = [
            StatusCode::OK,
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        ensure!(known.contains(&status), "a read was answered with {status}");
        answer.bytes().await?;
        answered += usize::from(status.is_success());
    }
    Ok(answered)
}
