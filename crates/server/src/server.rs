//! Starting, running and stopping.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use crate::auth::{Limits, Passwords};
use crate::config::Config;
use crate::listener;
use crate::metrics::Metrics;
use crate::quotas::Quotas;
use crate::sse::{self, Hub, Tickets};
use crate::state::{AppState, Shared, Tuning};
use crate::store::Db;
use crate::{assets, http, maintenance, seed};

/// How long closing the database may take.
const CLOSING: Duration = Duration::from_millis(500);

/// Why the server did not start. Each is a sentence for whoever started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("{0} is in use by another program; choose another with --addr")]
    AddressInUse(SocketAddr),
    /// The address can not be listened on for another reason.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The built app is not there.
    #[error("{} has no {}; build the app first or name its folder with --dist", .0.display(), assets::INDEX)]
    NoApp(PathBuf),
    /// The database file is named by an address. Without the address, which may hold a password.
    #[error("--data is the path of a SQLite file, such as data/freshet.db, and not an address that begins with {0}://")]
    DataIsAddress(String),
    /// The file of the database, or its folder, can not be made.
    #[error("cannot create the database {}: {source}", data.display())]
    DataFile {
        /// The database file.
        data: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database can not be opened or is none.
    #[error("cannot open the database {}: {source}", data.display())]
    Database {
        /// The database file.
        data: PathBuf,
        /// What SQLite says.
        source: sqlx::Error,
    },
    /// The demo could not be written.
    #[error("cannot write the demo into the database: {0}")]
    Seed(sqlx::Error),
    /// The cost of hashing a password makes no sense.
    #[error("passwords can not be hashed at the configured cost")]
    PasswordCost,
}

/// A server that listens, and answers once it is [run](Server::run).
pub struct Server {
    socket: TcpListener,
    addr: SocketAddr,
    app: Router,
    state: AppState,
    seeded: bool,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Opens the database, seeds it if asked to, and begins to listen.
    ///
    /// `tuning` is mostly [`Config::tuning`]; tests make some of it smaller.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub async fn start(config: &Config, tuning: Tuning) -> Result<Self, StartError> {
        if let Some(scheme) = scheme(&config.data) {
            return Err(StartError::DataIsAddress(scheme.to_owned()));
        }
        if !config.dist.join(assets::INDEX).is_file() {
            return Err(StartError::NoApp(config.dist.clone()));
        }
        let passwords = Passwords::new(tuning.password_cost).or(Err(StartError::PasswordCost))?;
        // Before the database: a start that can not listen should not leave a file behind.
        let socket = TcpListener::bind(config.addr)
            .await
            .map_err(|source| match source.kind() {
                io::ErrorKind::AddrInUse => StartError::AddressInUse(config.addr),
                _ => StartError::Listen {
                    addr: config.addr,
                    source,
                },
            })?;
        let listen_error = |source| StartError::Listen {
            addr: config.addr,
            source,
        };
        let addr = socket.local_addr().map_err(listen_error)?;

        let hub = Hub::new();
        let db = open_database(config, &tuning, hub.clone()).await?;
        let seeded = config.seed_demo && db.is_unused().await.map_err(StartError::Seed)?;
        if seeded {
            seed::write(&db, &passwords).await.map_err(StartError::Seed)?;
        }
        let state = AppState::from(Shared {
            db,
            hub,
            passwords,
            limits: Limits::new(&tuning),
            quotas: Quotas::new(&tuning),
            tickets: Tickets::default(),
            metrics: Metrics::new(),
            metrics_token: config.metrics_token.clone(),
            tuning,
            allowed_origins: config.allow_origin.clone(),
            trusted_proxies: config.trusted_proxy.clone(),
            stopping: CancellationToken::new(),
        });
        let app = http::app(state.clone(), &config.dist);
        Ok(Self {
            socket,
            addr,
            app,
            state,
            seeded,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Whether this start found the database unused and wrote the demo into it.
    #[must_use]
    pub const fn seeded(&self) -> bool {
        self.seeded
    }

    /// How many streams are open, now and from now on.
    #[must_use]
    pub fn streams(&self) -> watch::Receiver<usize> {
        self.state.hub.count()
    }

    /// Answers requests until `stop` is ready. Streams are then told to come back later and end; what has not ended
    /// after the grace of [`Tuning::shutdown_grace`] is left behind.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let Self { socket, app, state, .. } = self;
        tokio::spawn(maintenance::run(state.clone()));
        tokio::spawn(maintenance::fold(state.clone()));
        tokio::spawn(sse::audit(state.clone()));
        let connections = GracefulShutdown::new();
        tokio::select! {
            () = serve(socket, &app, &state, &connections) => {}
            () = stop => {}
        }
        state.stopping.cancel();
        state.hub.stop();
        if tokio::time::timeout(state.tuning.shutdown_grace, connections.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("a connection was left behind");
        }
        // Folding the log into the file is a courtesy to whoever copies it; a reader that hangs does not hold it up.
        if tokio::time::timeout(CLOSING, state.db.close()).await.is_err() {
            tracing::warn!("a connection to the database is still busy");
        }
    }
}

/// Answers whoever connects, for ever.
///
/// HTTP/1.1 and nothing else: what a browser or a proxy speaks without https, and half the memory for each stream.
async fn serve(mut socket: TcpListener, app: &Router, state: &AppState, connections: &GracefulShutdown) {
    let limits = listener::Limits {
        stall: state.tuning.stall_limit,
        idle: state.tuning.idle_limit,
    };
    let mut http = http1::Builder::new();
    // Events are short: copying one costs less than handing the system its parts.
    http.timer(TokioTimer::new()).header_read_timeout(None).writev(false);
    loop {
        let (connection, peer) = listener::accept(&mut socket, limits).await;
        let app = app.clone();
        let service = service_fn(move |request: hyper::Request<_>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer.clone()));
            // A router is always ready. Boxed, so that a stream does not keep the room that its request took.
            Box::pin(app.clone().call(request))
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(connection), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
}

/// The scheme of an address such as `postgres://…`, where a path was expected.
fn scheme(data: &Path) -> Option<&str> {
    let (scheme, _) = data.to_str()?.split_once("://")?;
    let mut letters = scheme.bytes();
    let is_scheme = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter));
    is_scheme.then_some(scheme)
}

/// Opens the database.
async fn open_database(config: &Config, tuning: &Tuning, hub: Hub) -> Result<Db, StartError> {
    let data = &config.data;
    if let Some(folder) = data.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| StartError::DataFile {
            data: data.clone(),
            source,
        })?;
    }
    create_private(data).map_err(|source| StartError::DataFile {
        data: data.clone(),
        source,
    })?;
    let db = Db::open(data, hub).await.map_err(|source| StartError::Database {
        data: data.clone(),
        source,
    })?;
    Ok(db.bounded(tuning.read_limit, tuning.disk_reserve))
}

/// Creates the file, if there is none, for nobody else to read: it holds what people say in confidence.
fn create_private(data: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(data) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
