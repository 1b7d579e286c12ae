//! Start, operation and stop of the server.

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

use crate::audit::Audit;
use crate::auth::{Limits, Passwords};
use crate::config::Config;
use crate::listener::{self, Answer, Capacity, Connections, Listener};
use crate::metrics::Metrics;
use crate::quotas::Quotas;
use crate::sse::{self, Hub, Tickets};
use crate::state::{AppState, Shared, Tuning};
use crate::store::{Db, sign_ins};
use crate::upkeep::Lock;
use crate::{assets, http, maintenance, private, seed};

/// The time limit for closing the database.
const CLOSING: Duration = Duration::from_millis(500);

/// The maximum size of the head of a request, in bytes. hyper lets through up to twice as much, because its buffer
/// grows.
const LONGEST_HEAD: usize = 32 * 1_024;

/// The reason for which the server did not start. Each message is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens on the address.
    #[error("{0} is in use by another program; choose another with --addr")]
    AddressInUse(SocketAddr),
    /// The address can not be listened on for another reason.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The folder does not contain the built app.
    #[error("{} has no {}; build the app first or name its folder with --dist", .0.display(), assets::INDEX)]
    NoApp(PathBuf),
    /// The database option is an address and not a path. Only the beginning of the address is shown, because the rest
    /// may contain a password.
    #[error("--data is the path of a SQLite file, such as data/freshet.db, and not an address that begins with {0}")]
    DataIsAddress(String),
    /// The database file is being replaced.
    #[error("{} is being restored from a backup; start again once that is done", .0.display())]
    BeingRestored(PathBuf),
    /// The database file or its folder can not be created.
    #[error("cannot create the database {}: {source}", data.display())]
    DataFile {
        /// The database file.
        data: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The database can not be opened, or the file is not a database.
    #[error("cannot open the database {}: {source}", data.display())]
    Database {
        /// The database file.
        data: PathBuf,
        /// The error of SQLite.
        source: sqlx::Error,
    },
    /// The audit log can not be opened.
    #[error("cannot write the audit log {}: {source}", path.display())]
    AuditLog {
        /// The path of the audit log.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The demo data could not be written.
    #[error("cannot write the demo into the database: {0}")]
    Seed(sqlx::Error),
    /// The configured cost of hashing a password is invalid.
    #[error("passwords can not be hashed at the configured cost")]
    PasswordCost,
}

/// A server that listens. It answers once it is [run](Server::run).
pub struct Server {
    socket: TcpListener,
    addr: SocketAddr,
    app: Router,
    state: AppState,
    seeded: bool,
    /// The lock that keeps the database file from being replaced.
    lock: Lock,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Opens the database, seeds it if the option asks for it, and begins to listen.
    ///
    /// `tuning` is mostly [`Config::tuning`]. Tests reduce some of its values.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub async fn start(config: &Config, tuning: Tuning) -> Result<Self, StartError> {
        config.check_data()?;
        if !config.dist.join(assets::INDEX).is_file() {
            return Err(StartError::NoApp(config.dist.clone()));
        }
        let passwords = Passwords::new(tuning.password_cost).or(Err(StartError::PasswordCost))?;
        // The socket comes before the database: a start that can not listen should not leave a file behind.
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

        let audit = Audit::open(config.audit_log.as_deref()).map_err(|source| StartError::AuditLog {
            path: config.audit_log.clone().unwrap_or_default(),
            source,
        })?;
        let hub = Hub::new();
        let (db, lock) = open_database(config, &tuning, hub.clone()).await?;
        let seeded = config.seed_demo && db.is_unused().await.map_err(StartError::Seed)?;
        if seeded {
            seed::write(&db, &passwords).await.map_err(StartError::Seed)?;
        }
        shorten_sign_ins(&db, &tuning)
            .await
            .map_err(|source| StartError::Database {
                data: config.data.clone(),
                source,
            })?;
        let state = AppState::from(Shared {
            db,
            hub,
            passwords,
            limits: Limits::new(&tuning),
            quotas: Quotas::new(&tuning),
            tickets: Tickets::default(),
            metrics: Metrics::new(),
            audit,
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
            lock,
        })
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns whether this start found the database unused and wrote the demo into it.
    #[must_use]
    pub const fn seeded(&self) -> bool {
        self.seeded
    }

    /// Returns the number of open streams, now and with each change.
    #[must_use]
    pub fn streams(&self) -> watch::Receiver<usize> {
        self.state.hub.count()
    }

    /// Answers requests until `stop` is ready. Then asks the clients of streams to reconnect later, and ends the
    /// streams. Connections that have not ended after [`Tuning::shutdown_grace`] are abandoned.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let Self {
            socket,
            app,
            state,
            lock,
            ..
        } = self;
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
        state.audit.close().await;
        // The checkpoint only makes the file easier to copy, so a hanging reader does not delay the end.
        if tokio::time::timeout(CLOSING, state.db.close()).await.is_err() {
            tracing::warn!("a connection to the database is still busy");
        }
        drop(lock);
    }
}

/// Answers all connections, without end.
///
/// Speaks HTTP/1.1 only: browsers and proxies use it without https, and it takes half the memory for each stream.
async fn serve(socket: TcpListener, app: &Router, state: &AppState, connections: &GracefulShutdown) {
    let limits = listener::Limits {
        stall: state.tuning.stall_limit,
        idle: state.tuning.idle_limit,
        head: state.tuning.head_limit,
    };
    let capacity = Capacity::of_this_process(state.tuning.connections_per_address);
    let table = Connections::new(capacity, &state.trusted_proxies);
    let mut listener = Listener::new(socket, limits, table, state.metrics.clone());
    let mut http = http1::Builder::new();
    // The listener limits the time for a head. The limit of hyper would also end connections between two requests.
    // Events are short: copying one costs less than a vectored write.
    http.timer(TokioTimer::new()).header_read_timeout(None).writev(false);
    http.max_buf_size(LONGEST_HEAD);
    loop {
        let (connection, peer, seat) = listener.accept().await;
        let (app, caller) = (app.clone(), peer.clone());
        let service = service_fn(move |request: hyper::Request<_>| {
            let answering = caller.begin();
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(caller.clone()));
            // A router is always ready.
            let answer = answering.map(|answering| (app.clone().call(request), answering));
            // Boxed, so that a stream does not keep the memory of its request.
            Box::pin(async move {
                let (answer, answering) = answer.ok_or(io::ErrorKind::ConnectionAborted)?;
                // The error type is `Infallible`.
                let Ok(answer) = answer.await;
                io::Result::Ok(answer.map(|body| Answer::new(body, answering)))
            })
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(connection), service));
        let metrics = state.metrics.clone();
        metrics.connected();
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended");
                    }
                }
                () = peer.evicted() => {}
            }
            metrics.disconnected(peer.ending());
            drop(seat);
        });
    }
}

/// Shortens sign-ins that were stored while the options allowed more time.
async fn shorten_sign_ins(db: &Db, tuning: &Tuning) -> Result<(), sqlx::Error> {
    let mut write = db.write().await?;
    sign_ins::shorten(&mut write, tuning.sign_in_lifetime, tuning.sign_in_idle).await?;
    write.commit().await
}

/// Locks the database file, creates it if it is missing, and opens it.
async fn open_database(config: &Config, tuning: &Tuning, hub: Hub) -> Result<(Db, Lock), StartError> {
    let data = &config.data;
    if let Some(folder) = data.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| StartError::DataFile {
            data: data.clone(),
            source,
        })?;
    }
    let file_error = |source| StartError::DataFile {
        data: data.clone(),
        source,
    };
    let lock = Lock::shared(data)
        .map_err(file_error)?
        .ok_or_else(|| StartError::BeingRestored(data.clone()))?;
    create_private(data).map_err(file_error)?;
    let db = Db::open(data, hub).await.map_err(|source| StartError::Database {
        data: data.clone(),
        source,
    })?;
    Ok((db.bounded(tuning.read_limit, tuning.disk_reserve), lock))
}

/// Creates the file if it does not exist.
fn create_private(data: &Path) -> io::Result<()> {
    match private::options().write(true).create_new(true).open(data) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
