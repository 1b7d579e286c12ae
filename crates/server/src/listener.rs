//! Connections that can be cut from outside, and that end by themselves when nothing moves on them.
//!
//! A client that stops reading stops everything of its connection: HTTP writes to a full socket and asks nobody for
//! more. Nothing inside of the response can end that, so the socket itself listens for the order to give up. A client
//! that never says anything, or never comes to an end of it, costs an open file all the same: so every socket has a
//! limit to the time in which nothing is answered.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Accepts connections that can be cut.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    /// After how long a connection ends on which nothing was answered and nothing new was asked.
    pub(crate) idle_limit: Duration,
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = axum::serve::Listener::accept(&mut self.socket).await;
        // An event is a small packet that nothing follows: without this it may wait for an acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        (Connection::new(stream, self.idle_limit), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// The other end of a connection, as handlers see it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    cut: CancellationToken,
}

impl Peer {
    /// Gives up the connection at once, whatever is still to be written.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }
}

impl Connected<IncomingStream<'_, Listener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        Self {
            address: *stream.remote_addr(),
            cut: stream.io().cut.clone(),
        }
    }
}

/// A socket that fails once it was cut or was silent for too long.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    cut: CancellationToken,
    /// Wakes the connection's task when it is cut while it waits for the socket.
    cutting: Pin<Box<WaitForCancellationFutureOwned>>,
    idle_limit: Duration,
    /// When a byte last went, or the first of a request came.
    moved: Instant,
    /// Whether bytes came since the last ones went. More of them win no time: a request that comes a byte at a time
    /// would take for ever.
    asked: bool,
    /// Ready at the earliest moment at which the limit may be reached. Not moved with every byte, which would be more
    /// work than the bytes are.
    idling: Pin<Box<Sleep>>,
}

impl Connection {
    fn new(stream: TcpStream, idle_limit: Duration) -> Self {
        let cut = CancellationToken::new();
        let cutting = Box::pin(cut.clone().cancelled_owned());
        Self {
            stream,
            cut,
            cutting,
            idle_limit,
            moved: Instant::now(),
            asked: false,
            idling: Box::pin(sleep(idle_limit)),
        }
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.cut.is_cancelled() || self.cutting.as_mut().poll(context).is_ready() {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the reader stalled"));
        }
        // Set anew until it is not ready: only then does it wake this task.
        while self.idling.as_mut().poll(context).is_ready() {
            let limit = self.moved + self.idle_limit;
            if limit <= Instant::now() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "nothing moved"));
            }
            self.idling.as_mut().reset(limit);
        }
        Ok(())
    }

    /// Notes that bytes went, if they did.
    fn written(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(result, Poll::Ready(Ok(1..))) {
            self.moved = Instant::now();
            self.asked = false;
        }
        result
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before && !self.asked {
            self.moved = Instant::now();
            self.asked = true;
        }
        result
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.written(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
