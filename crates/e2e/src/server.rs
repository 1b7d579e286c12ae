//! The product's server as a process: started, stopped and restarted like anywhere else.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

/// How long the server may take to start or to end.
const LIMIT: Duration = Duration::from_secs(20);

/// How often to ask whether it has started.
const PROBE_INTERVAL: Duration = Duration::from_millis(25);

/// What its metrics ask for.
const METRICS_TOKEN: &str = "a token of the tests";

/// A server with a port and a database of its own, and demonstration data in it.
#[derive(Debug)]
pub struct Server {
    /// Its origin, such as `http://127.0.0.1:4321`.
    pub origin: String,
    address: String,
    /// The app that it serves.
    dist: PathBuf,
    folder: TempDir,
    process: Option<Child>,
}

impl Server {
    /// Starts one on a free port, which serves this app.
    ///
    /// # Errors
    ///
    /// When it was not built, or does not start.
    pub async fn serving(dist: &Path) -> anyhow::Result<Self> {
        // The port is free now; that somebody else takes it at once is not to be expected.
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string();
        let folder = tempfile::tempdir()?;
        let mut server = Self {
            origin: format!("http://{address}"),
            address,
            dist: dist.to_owned(),
            folder,
            process: None,
        };
        server.start_again().await?;
        Ok(server)
    }

    /// Starts it after [`stop`](Self::stop): same port, same database.
    ///
    /// # Errors
    ///
    /// When it runs already, was not built, or does not start.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        ensure!(self.process.is_none(), "the server runs already");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_path())?;
        let program = program()?;
        let process = Command::new(&program)
            .env("FRESHET_METRICS_TOKEN", METRICS_TOKEN)
            .args(["--addr", &self.address, "--seed-demo", "--data"])
            .arg(self.database_path())
            .arg("--dist")
            .arg(&self.dist)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let process = self.process.insert(process);
        let health = format!("{}/healthz", self.origin);
        let mut ticks = interval(PROBE_INTERVAL);
        let up = timeout(LIMIT, async {
            loop {
                ticks.tick().await;
                if reqwest::get(&health)
                    .await
                    .is_ok_and(|response| response.status().is_success())
                {
                    return Ok(());
                }
                if let Some(status) = process.try_wait()? {
                    bail!("the server has ended ({status})");
                }
            }
        });
        up.await
            .context("the server does not answer")?
            .with_context(|| format!("it said:\n{}", self.log()))
    }

    /// Ends it as a system does that restarts it, and waits until it has ended.
    ///
    /// # Errors
    ///
    /// When it does not run, or does not end well and soon.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let mut process = self.process.take().context("the server does not run")?;
        let id = process.id().context("the server has ended by itself")?;
        kill(Pid::from_raw(id.try_into()?), Signal::SIGTERM)?;
        let status = timeout(LIMIT, process.wait())
            .await
            .context("the server does not end")??;
        ensure!(
            status.success(),
            "the server ended badly ({status}); it said:\n{}",
            self.log()
        );
        Ok(())
    }

    /// How many streams it has open, as it counts them itself.
    ///
    /// # Errors
    ///
    /// When it does not say.
    pub async fn open_streams(&self) -> anyhow::Result<usize> {
        let metrics = reqwest::Client::new().get(format!("{}/metrics", self.origin));
        let metrics = metrics.bearer_auth(METRICS_TOKEN).send().await?.text().await?;
        let count = metrics
            .lines()
            .find_map(|line| line.strip_prefix("freshet_streams_open "));
        Ok(count.context("the metrics do not count streams")?.trim().parse()?)
    }

    /// Waits until it has so many streams open.
    ///
    /// # Errors
    ///
    /// When it never has.
    pub async fn until_open_streams(&self, wanted: usize) -> anyhow::Result<()> {
        let mut ticks = interval(PROBE_INTERVAL);
        let reached = timeout(LIMIT, async {
            while self.open_streams().await? != wanted {
                ticks.tick().await;
            }
            anyhow::Ok(())
        });
        reached
            .await
            .with_context(|| format!("there are never {wanted} streams open"))?
    }

    /// A connection to its database, beside its own.
    ///
    /// # Errors
    ///
    /// When the file can not be opened.
    pub async fn database(&self) -> anyhow::Result<SqliteConnection> {
        Ok(SqliteConnectOptions::new()
            .filename(self.database_path())
            .connect()
            .await?)
    }

    /// What it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn database_path(&self) -> PathBuf {
        self.folder.path().join("freshet.db")
    }
}

/// The server's program: the one that `FRESHET_E2E_SERVER` names, else a release build.
fn program() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("FRESHET_E2E_SERVER") {
        return Ok(path.into());
    }
    let own = std::env::current_exe()?;
    let target = own.ancestors().find(|folder| folder.join("release").is_dir());
    let path = target.map(|target| {
        target
            .join("release")
            .join(format!("freshet-server{}", std::env::consts::EXE_SUFFIX))
    });
    path.filter(|path| path.is_file())
        .context("the server is not built: run `cargo xtask build`")
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    // As cargo says now, not as it was when this was compiled: copies of a repository may share a target folder.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = PathBuf::from(package);
    package.ancestors().nth(2).unwrap_or(&package).to_owned()
}
