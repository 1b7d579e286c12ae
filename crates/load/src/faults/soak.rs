//! Some minutes of load. Afterwards memory, open files and the write-ahead log are as before.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::writers::{client, listen, made, read};
use crate::people::People;
use crate::server::Server;

/// The number of people who work at the same time, each with a stream.
const PEOPLE: usize = 40;
/// The maximum growth of the memory, in bytes.
const GROWTH: u64 = 60 << 20;
/// The maximum size of the write-ahead log at the end, in bytes.
const LOG: u64 = 64 << 20;
/// The maximum number of additional open files. Connections to the database that were opened meanwhile are among them.
const FILES: usize = 24;
/// The time of the warm-up.
const WARM: Duration = Duration::from_secs(15);

pub(super) async fn run(program: &Path, minutes: u64) -> anyhow::Result<String> {
    let server = Server::start(program).await?;
    let people = People::move_in(&server.database(), PEOPLE).await?;
    work(&server, &people, WARM).await?;
    let (memory, files) = (server.memory()?, server.files()?);
    let requests = work(&server, &people, Duration::from_secs(minutes * 60)).await?;
    let (memory_after, files_after, log) = (server.memory()?, server.files()?, server.log_size());
    server.stop().await?;
    ensure!(
        memory_after < memory + GROWTH,
        "the memory has grown from {memory} to {memory_after} bytes"
    );
    ensure!(
        files_after <= files + FILES,
        "{files} files were open, and {files_after} are"
    );
    ensure!(log <= LOG, "the write-ahead log has {log} bytes");
    Ok(format!(
        "{minutes} min, {requests} requests: memory {:.0} to {:.0} MB, files {files} to {files_after}, log {:.1} MB",
        megabytes(memory),
        megabytes(memory_after),
        megabytes(log)
    ))
}

#[expect(clippy::cast_precision_loss, reason = "it is read by people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Lets all people read, write and receive events, and one of them try to sign in. Returns the number of requests.
async fn work(server: &Server, people: &People, duration: Duration) -> anyhow::Result<usize> {
    let client = client()?;
    let until = Instant::now() + duration;
    let working = people.coachees.iter().enumerate().map(async |(index, coachee)| {
        let mut stream = listen(server, coachee).await?;
        let listening = async { while matches!(stream.chunk().await, Ok(Some(_))) {} };
        let mut requests = 1;
        let asking = async {
            while Instant::now() < until {
                read(&client, server, coachee).await?;
                if requests % 5 == index % 5 {
                    // The new row is deleted at once, so that lists stay short.
                    let row = made(&client, server, coachee, "worked").await?;
                    let id = row["id"].as_str().context("no id")?;
                    let path = format!("http://{}/api/agreements/{id}", server.address);
                    client
                        .delete(path)
                        .header("cookie", &coachee.person.cookie)
                        .send()
                        .await?;
                }
                if index == 0 {
                    let form = "email=nobody%40example.com&password=not-this-one";
                    let request = client
                        .post(format!("http://{}/api/login", server.address))
                        .header("content-type", "application/x-www-form-urlencoded");
                    request.body(form).send().await?;
                }
                requests += 1;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            anyhow::Ok(())
        };
        tokio::select! {
            () = listening => {}
            asked = asking => asked?,
        }
        anyhow::Ok(requests)
    });
    let requests = futures_util::future::try_join_all(working).await?;
    server.until_open(0).await?;
    Ok(requests.into_iter().sum())
}
