//! `freshet-load`: opens thousands of signed-in streams on a real server and measures the delivery of every message.
//!
//! The server is a separate process with its own database file. Each message takes the path of a change in the product:
//! request, commit, log, streams. Client and server share the machine, so numbers are comparable only within one run.
#![expect(clippy::print_stdout, reason = "a command-line tool talks to its user")]

mod fairness;
mod faults;
mod frames;
mod people;
mod publish;
mod readers;
mod report;
mod server;
mod tally;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;

use people::People;
use publish::Publisher;
use readers::Readers;
use report::Measured;
use server::Server;
use tally::Tally;

/// Opens thousands of streams on a server and measures the delivery of every message.
#[derive(Debug, Parser)]
#[command(name = "freshet-load")]
struct Arguments {
    /// The path of the server program, built with `--release`.
    #[arg(long)]
    server: PathBuf,
    /// The number of streams, each of a different person. Several numbers are measured one after the other, each on a
    /// fresh server.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000, 10_000])]
    streams: Vec<usize>,
    /// The number of messages to all people.
    #[arg(long, default_value_t = 20)]
    broadcasts: u32,
    /// The pause between these messages, in milliseconds.
    #[arg(long, default_value_t = 500)]
    interval_ms: u64,
    /// The number of messages in a second that go to one person each.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// The number of seconds for which these messages are sent.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// The number of seconds without messages, in which the cost of open streams is measured.
    #[arg(long, default_value_t = 5)]
    idle_seconds: u64,
    /// Measures only the effect of one person's reads on another person's reads.
    #[arg(long)]
    fairness: bool,
    /// Injects faults instead: all of them, or one of kill, disk, lock, clock and soak.
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    faults: Option<String>,
    /// The number of kills, for the fault `kill`.
    #[arg(long, default_value_t = 50)]
    kills: u32,
    /// The number of minutes under load, for the fault `soak`.
    #[arg(long, default_value_t = 5)]
    minutes: u64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let files = rlimit::increase_nofile_limit(u64::MAX).context("the number of open files could not be raised")?;
    // One thread, because more would take processor time from the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if arguments.fairness {
        println!("{}", runtime.block_on(fairness::measure(&arguments.server))?);
        return Ok(());
    }
    if let Some(only) = &arguments.faults {
        return runtime.block_on(faults::run(&arguments, only));
    }
    println!("{}", report::head());
    let mut flawless = true;
    for (run, streams) in arguments.streams.iter().enumerate() {
        ensure!(
            u64::try_from(*streams)? + 100 < files,
            "{streams} streams need more open files than the {files} that are allowed; see `ulimit -n`"
        );
        let measured = tokio::task::LocalSet::new().block_on(&runtime, measure(&arguments, run, *streams))?;
        println!("{}", measured.line());
        flawless &= measured.is_flawless();
    }
    println!("{}", report::legend());
    ensure!(flawless, "messages were lost, doubled or given to somebody else");
    Ok(())
}

/// Measures one run on a fresh server.
async fn measure(arguments: &Arguments, run: usize, streams: usize) -> anyhow::Result<Measured> {
    let server = Server::start(&arguments.server).await?;
    let people = People::move_in(&server.database(), streams).await?;
    let publisher = Publisher::new(&server, &people);
    let tally = Tally::new(streams);

    // The first stream and the first message of a server are slower, so they are not measured.
    let warm = Tally::new(1);
    let reader = Readers::open(&server, &people, 1, run, &warm).await?;
    publisher.broadcast(1, Duration::ZERO, &warm).await?;
    warm.settled().await;
    drop(reader);
    server.until_open(0).await?;

    let before = server.memory()?;
    let readers = Readers::open(&server, &people, streams, run, &tally).await?;
    server.until_open(streams).await?;
    let idle = {
        let (since, cpu) = (Instant::now(), server.cpu()?);
        tokio::time::sleep(Duration::from_secs(arguments.idle_seconds)).await;
        (server.cpu()? - cpu).as_secs_f64() / since.elapsed().as_secs_f64()
    };

    let cpu = server.cpu()?;
    let interval = Duration::from_millis(arguments.interval_ms);
    publisher.broadcast(arguments.broadcasts, interval, &tally).await?;
    tally.settled().await;
    let broadcast_cpu = server.cpu()? - cpu;
    let (broadcast, broadcast_flaws) = tally.take();

    let cpu = server.cpu()?;
    publisher
        .single(arguments.rate, arguments.seconds, streams, &tally)
        .await?;
    tally.settled().await;
    let single_cpu = server.cpu()? - cpu;
    let (single, single_flaws) = tally.take();
    let after = server.memory()?;

    let closed = Instant::now();
    let ended_early = readers.close();
    server.until_open(0).await?;
    let count_back = closed.elapsed();
    server.stop().await?;
    Ok(Measured {
        streams,
        ended_early,
        load_average: report::load_average(),
        memory: after.saturating_sub(before),
        idle,
        broadcast,
        broadcast_cpu,
        single,
        single_cpu,
        flaws: broadcast_flaws + single_flaws,
        count_back,
    })
}
