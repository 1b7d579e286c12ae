//! What every test needs: a server, people who are signed in to it, and the streams they read.

mod person;
mod process;
mod stream;

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser as _;
use server::{Config, PasswordCost, Server, Tuning};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

pub(crate) use person::{Answer, Person};
pub(crate) use process::{Running, demo, memory, program, start, terminate, text};
pub(crate) use stream::{Stream, raw_request};

/// What the metrics ask for.
pub(crate) const METRICS_TOKEN: &str = "a token of the tests";

/// How long anything may take before a test fails, on a machine that is busy with something else. Nothing is ever
/// waited for by the clock alone.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Fails the test if this takes too long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {PATIENCE:?}"),
    }
}

/// A running server with the demo in its own database.
pub(crate) struct TestServer {
    pub(crate) base: String,
    pub(crate) streams: watch::Receiver<usize>,
    pub(crate) folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

/// Production's numbers, except that passwords cost next to nothing and that heartbeats are too rare to help: a
/// stream that misses its wake-up would notice at the next one.
pub(crate) fn tuning() -> Tuning {
    Tuning {
        heartbeat: Duration::from_secs(600),
        password_cost: PasswordCost {
            memory_kib: 8,
            passes: 1,
        },
        sign_ins_per_minute: 10_000,
        failures_at_once: 10_000,
        streams_per_minute: 10_000,
        streams_per_person: 1_000,
        connections_per_address: Some(10_000),
        changes_per_minute: 1_000_000,
        changes_at_once: 1_000_000,
        ..Tuning::default()
    }
}

/// A folder with the built app, as far as tests look at it.
pub(crate) fn dist(folder: &TempDir) -> PathBuf {
    let dist = folder.path().join("dist");
    std::fs::create_dir(&dist).unwrap();
    for (name, content) in [
        ("index.html", "<!doctype html><title>Freshet</title>"),
        ("app-3f2a91c07be41d55.js", "plain script"),
        ("app-3f2a91c07be41d55.js.br", "brotli script"),
        ("app-3f2a91c07be41d55.js.gz", "gzip script"),
        ("favicon.svg", "<svg/>"),
    ] {
        std::fs::write(dist.join(name), content).unwrap();
    }
    dist
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(tuning(), &[]).await
    }

    pub(crate) async fn tuned(tuning: Tuning) -> Self {
        Self::with(tuning, &[]).await
    }

    pub(crate) async fn with(tuning: Tuning, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        dist(&folder);
        Self::in_folder(folder, tuning, options).await
    }

    /// Starts on what an earlier server left behind.
    pub(crate) async fn in_folder(folder: TempDir, tuning: Tuning, options: &[&str]) -> Self {
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (dist, data) = (path("dist"), path("data/test.db"));
        let fixed = [
            "freshet-server",
            "--addr",
            "127.0.0.1:0",
            "--seed-demo",
            "--dist",
            &dist,
            "--data",
            &data,
        ];
        let token = ["--metrics-token", METRICS_TOKEN];
        let token = if options.contains(&token[0]) { &[] } else { &token[..] };
        let config = Config::try_parse_from(fixed.iter().chain(token).chain(options)).unwrap();
        let server = Server::start(&config, tuning).await.unwrap();
        let (base, streams) = (format!("http://{}", server.addr()), server.streams());
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async move { drop(stopped.await) }));
        Self {
            base,
            streams,
            folder,
            stop: Some(stop),
            running,
        }
    }

    /// Tells the server to stop, without waiting for it.
    pub(crate) fn begin_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops the server and hands back its folder.
    pub(crate) async fn stop(mut self) -> TempDir {
        self.begin_to_stop();
        soon("the server stops", self.running).await.unwrap();
        self.folder
    }

    /// Waits until so many streams are open.
    pub(crate) async fn streams_become(&mut self, count: usize) {
        soon("the number of streams", self.streams.wait_for(|open| *open == count))
            .await
            .unwrap();
    }

    /// Changes the database behind the server's back.
    pub(crate) async fn sql(&self, statement: &'static str) {
        let mut connection = self.connection().await;
        connection.execute(statement).await.unwrap();
        connection.close().await.unwrap();
    }

    /// A number in the database.
    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(&mut self.connection().await)
            .await
            .unwrap()
    }

    /// A text in the database.
    pub(crate) async fn text(&self, query: &'static str) -> String {
        sqlx::query_scalar(query)
            .fetch_one(&mut self.connection().await)
            .await
            .unwrap()
    }

    async fn connection(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("data/test.db"));
        options.connect().await.unwrap()
    }

    /// `127.0.0.1:port`.
    pub(crate) fn host(&self) -> &str {
        self.base.strip_prefix("http://").unwrap()
    }

    /// Somebody of the demo, signed in: `coach`, `coachee`, `coach2`, `coachee2` or `admin`.
    pub(crate) async fn sign_in(&self, name: &str) -> Person {
        Person::sign_in(&self.base, name).await
    }

    /// Somebody who is not signed in.
    pub(crate) fn stranger(&self) -> Person {
        Person::stranger(&self.base)
    }
}
