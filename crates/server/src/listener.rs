//! Connections that end by themselves when nothing moves on them.
//!
//! A client that stops reading stops everything of its connection: HTTP writes to a full socket and asks nobody for
//! more. Nothing inside of the response can end that, so the socket itself counts the time. A client that never says
//! anything, or never comes to an end of it, costs an open file all the same: so every socket also has a limit to the
//! time in which nothing is answered.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

/// How long a connection may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For a client that takes nothing of what is sent.
    pub(crate) stall: Duration,
    /// For an answer, or for something that could be answered.
    pub(crate) idle: Duration,
}

/// The next connection.
pub(crate) async fn accept(socket: &mut TcpListener, limits: Limits) -> (Connection, Peer) {
    // Goes on after errors: a connection that is gone already, or no more files for a moment.
    let (stream, address) = axum::serve::Listener::accept(socket).await;
    // An event is a small packet that nothing follows: without this it may wait for an acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let stalled = Arc::default();
    let peer = Peer {
        address,
        stalled: Arc::clone(&stalled),
    };
    (Connection::new(stream, limits, stalled), peer)
}

/// The other end of a connection, as handlers see it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    stalled: Arc<AtomicBool>,
}

impl Peer {
    /// Whether the connection was given up because nothing was taken any more.
    pub(crate) fn stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }
}

/// A socket that fails once nothing has moved for too long.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    limits: Limits,
    stalled: Arc<AtomicBool>,
    /// When a byte last went, or the first of a request came.
    moved: Instant,
    /// Whether bytes came since the last ones went. More of them win no time: a request that comes a byte at a time
    /// would take for ever.
    asked: bool,
    /// Since when bytes wait for the client to take any.
    waiting: Option<Instant>,
    /// Ready at the earliest moment at which a limit may be reached. Not moved with every byte, which would be more
    /// work than the bytes are.
    alarm: Pin<Box<Sleep>>,
}

impl Connection {
    fn new(stream: TcpStream, limits: Limits, stalled: Arc<AtomicBool>) -> Self {
        Self {
            stream,
            limits,
            stalled,
            moved: Instant::now(),
            asked: false,
            waiting: None,
            alarm: Box::pin(sleep(limits.idle)),
        }
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        // Set anew until it is not ready: only then does it wake this task.
        while self.alarm.as_mut().poll(context).is_ready() {
            let stalls = self.waiting.map(|since| since + self.limits.stall);
            let idles = self.moved + self.limits.idle;
            let now = Instant::now();
            if stalls.is_some_and(|limit| limit <= now) {
                self.stalled.store(true, Ordering::Relaxed);
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the reader stalled"));
            }
            if idles <= now {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "nothing moved"));
            }
            self.alarm
                .as_mut()
                .reset(stalls.map_or(idles, |stalls| stalls.min(idles)));
        }
        Ok(())
    }

    /// Notes that bytes went, or that they have to wait.
    fn written(&mut self, context: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Ok(1..)) => {
                self.moved = Instant::now();
                self.asked = false;
                self.waiting = None;
            }
            Poll::Pending if self.waiting.is_none() => {
                let now = Instant::now();
                self.waiting = Some(now);
                let stalls = now + self.limits.stall;
                if stalls < self.alarm.deadline() {
                    self.alarm.as_mut().reset(stalls);
                    self.check(context)?;
                }
            }
            _ => {}
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
        self.written(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.written(cx, result)
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
