//! Connections that end by themselves when nothing moves on them.
//!
//! A client that stops reading stops everything of its connection: HTTP writes to a full socket and asks nobody for
//! more. Nothing inside of the response can end that, so the socket itself counts the time. A client that never says
//! anything, or never comes to an end of it, costs an open file all the same: so every socket also has a limit to the
//! time in which nothing is answered, and a shorter one for the head of a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::exchange::{Ending, Exchange};

/// How long a connection may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For a client that takes nothing of what is sent.
    pub(crate) stall: Duration,
    /// For an answer, or for something that could be answered.
    pub(crate) idle: Duration,
    /// For the whole head of a request: since the connection was opened, and later since the first byte of the request.
    pub(crate) head: Duration,
}

/// A socket that fails once nothing has moved for too long.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    limits: Limits,
    exchange: Arc<Exchange>,
    /// Since when the head of a request is awaited, if it is.
    head_since: Option<Instant>,
    /// How many requests had come by then.
    requests: u32,
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
    pub(super) fn new(stream: TcpStream, limits: Limits, exchange: Arc<Exchange>) -> Self {
        let now = Instant::now();
        Self {
            stream,
            limits,
            exchange,
            head_since: Some(now),
            requests: 0,
            moved: now,
            asked: false,
            waiting: None,
            alarm: Box::pin(sleep(limits.idle.min(limits.head))),
        }
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        // Set anew until it is not ready: only then does it wake this task.
        while self.alarm.as_mut().poll(context).is_ready() {
            self.forget_complete_head();
            let limits = [
                (self.waiting.map(|since| since + self.limits.stall), Ending::Stalled),
                (self.head_since.map(|since| since + self.limits.head), Ending::NoHead),
                (Some(self.moved + self.limits.idle), Ending::Idle),
            ];
            let now = Instant::now();
            let mut next = now + self.limits.idle;
            for (limit, ending) in limits {
                match limit {
                    Some(limit) if limit <= now => {
                        self.exchange.end(ending);
                        return Err(io::Error::new(io::ErrorKind::TimedOut, ending.label()));
                    }
                    Some(limit) => next = next.min(limit),
                    None => {}
                }
            }
            self.alarm.as_mut().reset(next);
        }
        Ok(())
    }

    /// Sees to it that a limit is noticed when it is reached.
    fn wake_at(&mut self, limit: Instant, context: &mut Context<'_>) -> io::Result<()> {
        if limit < self.alarm.deadline() {
            self.alarm.as_mut().reset(limit);
            self.check(context)?;
        }
        Ok(())
    }

    /// The head that was awaited has come if a request was begun since.
    fn forget_complete_head(&mut self) {
        let requests = self.exchange.requests();
        if requests != self.requests {
            self.requests = requests;
            self.head_since = None;
        }
    }

    /// Notes that bytes came.
    fn read(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let now = Instant::now();
        if !self.asked {
            self.moved = now;
            self.asked = true;
        }
        self.forget_complete_head();
        // Anything else is the body of the request that is being answered.
        if self.head_since.is_none() && !self.exchange.is_answering() {
            self.head_since = Some(now);
            self.wake_at(now + self.limits.head, context)?;
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
                self.exchange.sent();
            }
            Poll::Pending if self.waiting.is_none() => {
                let now = Instant::now();
                self.waiting = Some(now);
                self.wake_at(now + self.limits.stall, context)?;
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
        if buf.filled().len() > before {
            self.read(cx)?;
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
