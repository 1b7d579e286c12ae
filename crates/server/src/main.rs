//! `freshet-server`: runs the server until a signal stops it, or carries out a command.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use server::{Cli, Command, Config, DEMO_PASSWORD, DEMO_PEOPLE, Server};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// The exit code of a start with impossible options. It is the exit code of clap for options that it can not parse.
const USAGE: u8 = 2;

/// The number of open files that should be allowed: ten thousand streams, the database, and some to spare.
const FILES: u64 = 16_384;

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { config, command } = Cli::parse();
    let filter = EnvFilter::try_from_env("FRESHET_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    let done = match command {
        Some(command) => carry_out(command, &config).await,
        None => run(&config).await.map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            let usage = error.is::<server::StartError>();
            // A closed standard error is ignored.
            drop(writeln!(std::io::stderr(), "error: {error}"));
            if usage {
                ExitCode::from(USAGE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// Carries out a command.
async fn carry_out(command: Command, config: &Config) -> anyhow::Result<ExitCode> {
    config.check_data()?;
    let data = &config.data;
    let mut output = std::io::stdout();
    let (checked, faults) = match command {
        Command::Backup { target } => {
            let faults = server::backup(data, &target).await?;
            writeln!(output, "{} is a copy of {}", target.display(), data.display())?;
            (target, faults)
        }
        Command::Restore { source } => {
            let replaced = server::restore(&source, data).await?;
            writeln!(output, "{} is what {} was", data.display(), source.display())?;
            if let Some(replaced) = replaced {
                writeln!(output, "the file that was there is kept as {}", replaced.display())?;
            }
            (data.clone(), Vec::new())
        }
        Command::Check { file } => {
            let file = file.unwrap_or_else(|| data.clone());
            let faults = server::check(&file).await?;
            (file, faults)
        }
    };
    for fault in &faults {
        writeln!(output, "{}: {fault}", checked.display())?;
    }
    if !faults.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    writeln!(output, "{} is sound", checked.display())?;
    Ok(ExitCode::SUCCESS)
}

async fn run(config: &Config) -> anyhow::Result<()> {
    raise_file_limit();
    // Installed before the server announces itself: a signal right after the announcement must not kill the process.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = Server::start(config, config.tuning()).await?;
    if server.seeded() {
        tracing::info!(
            "a fresh demo: sign in as {} with the password {DEMO_PASSWORD}",
            DEMO_PEOPLE.join(", ")
        );
    } else if config.seed_demo {
        tracing::info!("the database is in use already, so no demo was written into it");
    }
    tracing::info!("listening on http://{}", server.addr());
    server
        .run(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
        })
        .await;
    Ok(())
}

/// Raises the limit of open files. Every stream is an open file, and many systems allow a program 1,024 of them unless
/// it asks for more.
fn raise_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(FILES..) => {}
        Ok(limit) => tracing::warn!(
            "only {limit} files can be open at once, and every stream is one: allow more with `ulimit -n {FILES}`, or \
             with `LimitNOFILE={FILES}` in a systemd unit"
        ),
        Err(error) => tracing::warn!(%error, "the number of open files could not be raised"),
    }
}
