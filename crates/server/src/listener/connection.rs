//! Connections with time limits.
//!
//! A client that stops reading blocks its whole connection: HTTP waits for the full socket and does not poll the
//! response for more. The response itself can not end this state, so the socket measures the time. A client that sends
//! nothing, or an endless request, uses an open file as well. Each socket therefore also has a time limit for an idle
//! connection, and a shorter one for the head of a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::exchange::{Ending, Exchange};

/// The time limits of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The time limit for a client that receives nothing of the sent bytes.
    pub(crate) stall: Duration,
    /// The time limit for a connection without a response and without a new request.
    pub(crate) idle: Duration,
    /// The time limit for the complete head of a request, from the opening of the connection, and later from the first
    /// byte of the request.
    pub(crate) head: Duration,
}

/// A socket that fails when a time limit is exceeded.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    limits: Limits,
    exchange: Arc<Exchange>,
    /// The time since which the connection waits for the head of a request, if it does.
    head_since: Option<Instant>,
    /// The number of requests at the last check.
    requests: u32,
    /// The time at which a byte was last sent, or the first byte of a request was received.
    moved: Instant,
    /// Whether bytes were received since the last bytes were sent. Further received bytes do not extend the time limit.
    /// Otherwise a request that arrives byte by byte could take forever.
    asked: bool,
    /// The time since which bytes wait because the client receives none.
    waiting: Option<Instant>,
    /// The timer, ready at the earliest time at which a limit may be exceeded. It is not reset for each byte, because
    /// that would cost more than the byte.
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
        // Resets the timer until it is pending, because only a pending timer wakes this task.
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

    /// Makes the timer fire when this limit is exceeded.
    fn wake_at(&mut self, limit: Instant, context: &mut Context<'_>) -> io::Result<()> {
        if limit < self.alarm.deadline() {
            self.alarm.as_mut().reset(limit);
            self.check(context)?;
        }
        Ok(())
    }

    /// Stops the wait for a head if a request has begun since the last check.
    fn forget_complete_head(&mut self) {
        let requests = self.exchange.requests();
        if requests != self.requests {
            self.requests = requests;
            self.head_since = None;
        }
    }

    /// Records that bytes were received.
    fn read(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let now = Instant::now();
        if !self.asked {
            self.moved = now;
            self.asked = true;
        }
        self.forget_complete_head();
        // While a response is in progress, the bytes are the body of its request.
        if self.head_since.is_none() && !self.exchange.is_answering() {
            self.head_since = Some(now);
            self.wake_at(now + self.limits.head, context)?;
        }
        Ok(())
    }

    /// Records that bytes were sent, or have to wait.
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
