//! The app beside the same page in React and SWR, each in a browser of its own and in turn, on the real server.
//!
//! Prints a table; `cargo xtask bench page` builds everything first. Only the ratios say something about another
//! machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that is run by hand")]

mod run;
mod stage;
mod table;

use std::path::PathBuf;

use anyhow::Context as _;
use e2e::dist;
use e2e::driver::Driver;
use serde_json::json;

use crate::stage::Stage;
use crate::table::{Measured, table};

/// How many actions are on the page.
const SIZES: [usize; 2] = [200, 1_000];
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(ours), Some(react)) = (folders.next(), folders.next()) else {
        anyhow::bail!("usage: page-bench <the built app> <the built comparison>; `cargo xtask bench page` does it all");
    };
    // As against a server whose events carry nothing.
    let refetching = dist::configured(&ours, &json!({"paint_events": false}))?;
    let driver = Driver::start().await?;
    let stages = [
        Stage::set("React + SWR", &react).await?,
        Stage::set("Freshet", &ours).await?,
        Stage::set("Freshet, told without content", refetching.path()).await?,
    ];
    let mut measured = Vec::new();
    for size in SIZES {
        let mut of_size: Vec<Measured> = Vec::new();
        let mut sessions = Vec::new();
        for stage in &stages {
            sessions.push(stage.session(size).await?);
            of_size.push(Measured::new(stage.name, size));
        }
        for round in 0..ROUNDS {
            // In turn, and none always first.
            for turn in 0..stages.len() {
                let at = (round + turn) % stages.len();
                let (stage, session) = (&stages[at], &sessions[at]);
                eprintln!("{size} rows, round {} of {ROUNDS}: {}", round + 1, stage.name);
                let run = stage.open(&driver, session).await?;
                let outcome = async {
                    let singles = run.singles(stage, session, round).await?;
                    anyhow::Ok((singles, run.burst(stage, session, round).await?))
                };
                let outcome = outcome.await;
                run.close().await?;
                let (singles, burst) = outcome.with_context(|| format!("measuring {} with {size} rows", stage.name))?;
                of_size[at].add(singles, burst);
            }
        }
        measured.push(of_size);
    }
    println!("{}", table(&measured));
    Ok(())
}
