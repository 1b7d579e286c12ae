//! The listener. It accepts as many connections as there are file descriptors for, and ends idle connections.

mod connection;
mod exchange;
mod table;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use crate::error::Error;
use crate::metrics::Metrics;

pub(crate) use connection::{Connection, Limits};
pub(crate) use exchange::{Answer, Ending, Peer};
pub(crate) use table::{Capacity, Connections, Refusal, Seat};

/// The pause after a failure of the system to accept a connection: the first and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];

/// The maximum number of refused connections that receive a response at the same time. The others are closed without
/// one.
const FAREWELLS: usize = 16;

/// The time limit for the response to a refused connection.
const FAREWELL: Duration = Duration::from_secs(1);

/// The minimum time between two log messages about refused connections.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The listening socket, with the limits of its connections.
pub(crate) struct Listener {
    socket: TcpListener,
    limits: Limits,
    connections: Connections,
    metrics: Metrics,
    farewells: Arc<Semaphore>,
    pause: Duration,
    warned_at: Option<Instant>,
}

impl Listener {
    pub(crate) fn new(socket: TcpListener, limits: Limits, connections: Connections, metrics: Metrics) -> Self {
        Self {
            socket,
            limits,
            connections,
            metrics,
            farewells: Arc::new(Semaphore::new(FAREWELLS)),
            pause: PAUSES[0],
            warned_at: None,
        }
    }

    /// Returns the next connection for which there is room.
    pub(crate) async fn accept(&mut self) -> (Connection, Peer, Seat) {
        loop {
            self.connections.evicted_are_closed().await;
            let (stream, address) = match self.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.fail(&error).await;
                    continue;
                }
            };
            self.pause = PAUSES[0];
            let seat = match self.connections.admit(address.ip()) {
                Ok(seat) => seat,
                Err(refusal) => {
                    self.refuse(stream, refusal);
                    continue;
                }
            };
            // An event is a small packet without a successor. Without this option it may wait for an acknowledgement.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
            let peer = Peer {
                address,
                exchange: Arc::clone(&seat.exchange),
            };
            let connection = Connection::new(stream, self.limits, Arc::clone(&seat.exchange));
            return (connection, peer, seat);
        }
    }

    /// Handles a failure to accept a connection. Either the client has closed the connection already, or the system is
    /// out of files or memory. The second failure would repeat at once, and continuous retries would take processor
    /// time from the work that frees files, so this pauses.
    async fn fail(&mut self, error: &io::Error) {
        let is_gone = matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
        );
        self.metrics.accept_failed(if is_gone { "gone" } else { "system" });
        if is_gone {
            return;
        }
        if self.may_warn() {
            tracing::warn!(%error, "no connection can be accepted");
        }
        self.connections.evict_some();
        sleep(self.pause).await;
        self.pause = PAUSES[1].min(self.pause * 2);
    }

    /// Sends the response that there is no room.
    fn refuse(&mut self, mut stream: TcpStream, refusal: Refusal) {
        self.metrics.refused(refusal);
        if self.may_warn() {
            match refusal {
                Refusal::Address => tracing::warn!(
                    "connections are refused because one network address has too many; if it is a reverse proxy, name \
                     it with --trusted-proxy, or allow more with --connections-per-address"
                ),
                Refusal::Full => tracing::warn!("connections are refused because there are too many"),
            }
        }
        let Ok(farewell) = Arc::clone(&self.farewells).try_acquire_owned() else {
            return;
        };
        tokio::spawn(async move {
            let answer = async {
                stream.write_all(full().as_bytes()).await?;
                stream.shutdown().await?;
                // Reads the bytes of the client, because otherwise the system discards the response.
                let mut rest = [0; 1_024];
                while stream.read(&mut rest).await? > 0 {}
                io::Result::Ok(())
            };
            // Errors are ignored: a client that is gone needs no response.
            drop(timeout(FAREWELL, answer).await);
            drop(farewell);
        });
    }

    fn may_warn(&mut self) -> bool {
        let now = Instant::now();
        let may = self.warned_at.is_none_or(|at| now.duration_since(at) >= WARN_EVERY);
        if may {
            self.warned_at = Some(now);
        }
        may
    }
}

/// Returns the response to a connection for which there is no room.
fn full() -> String {
    let body = Error::Busy.json();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}
