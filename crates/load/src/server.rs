//! The server under test: its process, its database, and its use of the system.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

/// The time limit for the server to start, to end, or to reach a number of streams.
const LIMIT: Duration = Duration::from_secs(60);

/// The interval of the requests for the number of open streams.
const PROBE_INTERVAL: Duration = Duration::from_millis(10);

/// The token of the metrics.
const METRICS_TOKEN: &str = "a token of the tests";

/// A server with a port and a database of its own.
#[derive(Debug)]
pub(crate) struct Server {
    /// `127.0.0.1:port`.
    pub(crate) address: String,
    folder: TempDir,
    process: Child,
    /// The process id.
    pub(crate) id: u32,
}

impl Server {
    pub(crate) async fn start(program: &Path) -> anyhow::Result<Self> {
        Self::start_with(program, &[]).await
    }

    /// Starts a server with additional environment variables.
    pub(crate) async fn start_with(program: &Path, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let dist = folder.path().join("dist");
        std::fs::create_dir(&dist)?;
        std::fs::write(dist.join("index.html"), "<!doctype html>")?;
        Self::start_in(folder, program, environment).await
    }

    /// Starts a server again after its end, on the same files.
    pub(crate) async fn start_again(mut self, program: &Path) -> anyhow::Result<Self> {
        self.process.wait().await?;
        Self::start_in(self.folder, program, &[]).await
    }

    async fn start_in(folder: TempDir, program: &Path, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        // The port is free now. Another program is unlikely to take it before the server does.
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string();
        // With this signal ignored, a write beyond the limit of the file size fails, and does not end the server.
        let process = Command::new("env")
            .arg("--ignore-signal=XFSZ")
            .arg(program)
            .env("FRESHET_LOG", "warn")
            .envs(environment.iter().copied())
            .env("FRESHET_METRICS_TOKEN", METRICS_TOKEN)
            .args(["--addr", &address, "--streams-per-minute", "100000"])
            .args([
                "--connections-per-address",
                "100000",
                "--changes-per-minute",
                "1000000",
                "--dist",
            ])
            .arg(folder.path().join("dist"))
            .arg("--data")
            .arg(folder.path().join("load.db"))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let id = process.id().context("the server has ended")?;
        let mut server = Self {
            address,
            folder,
            process,
            id,
        };
        let health = format!("http://{}/healthz", server.address);
        let mut ticks = interval(PROBE_INTERVAL);
        let up = timeout(LIMIT, async {
            while !reqwest::get(&health)
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                if let Some(status) = server.process.try_wait()? {
                    bail!("the server has ended ({status})");
                }
                ticks.tick().await;
            }
            Ok(())
        });
        up.await.context("the server does not answer")??;
        Ok(server)
    }

    /// Returns the path of the database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("load.db")
    }

    /// Waits until the server counts this number of open streams.
    pub(crate) async fn until_open(&self, streams: usize) -> anyhow::Result<()> {
        let client = reqwest::Client::new();
        let line = format!("freshet_streams_open {streams}\n");
        let mut ticks = interval(PROBE_INTERVAL);
        let reached = timeout(LIMIT, async {
            loop {
                ticks.tick().await;
                let metrics = client.get(format!("http://{}/metrics", self.address));
                let metrics = metrics.bearer_auth(METRICS_TOKEN).send().await?;
                if metrics.text().await?.contains(&line) {
                    return anyhow::Ok(());
                }
            }
        });
        reached
            .await
            .with_context(|| format!("the server does not come to {streams} streams"))?
    }

    /// Returns the resident memory of the process, in bytes.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line
            .and_then(|line| line.trim().split(' ').next())
            .context("no VmRSS")?;
        Ok(kilobytes.parse::<u64>()? * 1_024)
    }

    /// Returns the number of open files of the process.
    pub(crate) fn files(&self) -> anyhow::Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.id))?.count())
    }

    /// Returns the size of the write-ahead log, in bytes.
    pub(crate) fn log_size(&self) -> u64 {
        let log = self.database().with_extension("db-wal");
        std::fs::metadata(log).map_or(0, |log| log.len())
    }

    /// Returns the processor time of all threads.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut nanoseconds = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.id))? {
            // A thread may have ended meanwhile.
            let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else {
                continue;
            };
            let running = text.split(' ').next().context("an empty schedstat")?;
            nanoseconds += running.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Ends the server with SIGTERM, and waits for its end.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let kill = Command::new("kill").arg(self.id.to_string()).status().await?;
        ensure!(kill.success(), "the server could not be told to end");
        let status = timeout(LIMIT, self.process.wait())
            .await
            .context("the server does not end")??;
        ensure!(status.success(), "the server ended badly ({status})");
        Ok(())
    }
}
