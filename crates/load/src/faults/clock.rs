//! A system clock that is set forward and back by an hour. Streams, sign-ins and changes continue. Uses libfaketime.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::time::timeout;

use super::writers::{client, listen, made};
use crate::people::People;
use crate::server::Server;

/// The path of the library on Debian.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// The time limit for the arrival of an event.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn run(program: &Path) -> anyhow::Result<String> {
    ensure!(
        Path::new(LIBRARY).exists(),
        "{LIBRARY} is missing: install the package faketime, with `apt install faketime` on Debian"
    );
    let steps = tempfile::NamedTempFile::new()?;
    let set = |step: &str| std::fs::write(steps.path(), step);
    set("+0")?;
    let environment = [
        ("LD_PRELOAD", LIBRARY),
        ("FAKETIME_TIMESTAMP_FILE", steps.path().to_str().context("an odd path")?),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let server = Server::start_with(program, &environment).await?;
    let people = People::move_in(&server.database(), 1).await?;
    let (client, coachee) = (client()?, &people.coachees[0]);
    let mut stream = listen(&server, coachee).await?;
    let mut heard = Vec::new();
    let clocks = ["+1h", "+0", "-1h", "+0"];
    let mut hours = Vec::new();
    for (step, clock) in clocks.into_iter().enumerate() {
        set(clock)?;
        let text = format!("step {step}");
        let row = made(&client, &server, coachee, &text).await;
        let row = row.with_context(|| format!("a change after {clock}"))?;
        let created = row["created_at"].as_str().context("no moment")?;
        let hour = created.get(11..13).context("an odd moment")?.to_owned();
        ensure!(
            hours.last() != Some(&hour),
            "the clock was not set: it is {created} after {clock}"
        );
        hours.push(hour);
        timeout(LIMIT, async {
            while !String::from_utf8_lossy(&heard).contains(&text) {
                heard.extend_from_slice(&stream.chunk().await?.context("the stream has ended")?);
            }
            anyhow::Ok(())
        })
        .await
        .with_context(|| format!("after {clock} the stream is silent"))??;
    }
    server.stop().await?;
    Ok(format!(
        "set {} times by an hour: changes are made and told on the same stream",
        clocks.len()
    ))
}
