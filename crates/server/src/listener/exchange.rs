//! The state of a connection that its socket, its requests and the table of connections share.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::sync::Notify;

use super::table::Connections;

/// The reason for which the server ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    /// The server did not end it: the client closed it, or the protocol ended.
    Done,
    /// The client stopped receiving bytes.
    Stalled,
    /// No complete head of a request arrived in time.
    NoHead,
    /// There was no request and no response for too long.
    Idle,
    /// Another connection needed the place while this one was idle.
    Evicted,
}

impl Ending {
    const ALL: [Self; 5] = [Self::Done, Self::Stalled, Self::NoHead, Self::Idle, Self::Evicted];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Stalled => "stalled",
            Self::NoHead => "no_head",
            Self::Idle => "idle",
            Self::Evicted => "evicted",
        }
    }
}

/// The state of an idle connection.
const WAITING: u8 = 0;
/// The state of a connection with a request whose response is not complete.
const ANSWERING: u8 = 1;
/// The state of a connection that has lost its place. No request can begin any more.
const EVICTED: u8 = 2;

/// The part of a connection's state that is used outside of its socket.
#[derive(Debug)]
pub(super) struct Exchange {
    connections: Connections,
    /// Whether it uses a place that is reserved for health checks and streams.
    is_reserve: bool,
    requests: AtomicU32,
    state: AtomicU8,
    /// The time since which there is no response and no sent byte, in milliseconds of [`Connections::clock`].
    waiting_since: AtomicU64,
    ending: AtomicU8,
    evicted: Notify,
}

impl Exchange {
    pub(super) fn new(connections: Connections, is_reserve: bool) -> Self {
        Self {
            waiting_since: AtomicU64::new(connections.clock()),
            connections,
            is_reserve,
            requests: AtomicU32::new(0),
            state: AtomicU8::new(WAITING),
            ending: AtomicU8::new(Ending::Done as u8),
            evicted: Notify::new(),
        }
    }

    /// Returns the number of requests.
    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Acquire)
    }

    /// Returns whether there is a request whose response is not complete.
    pub(super) fn is_answering(&self) -> bool {
        self.state.load(Ordering::Acquire) == ANSWERING
    }

    /// Returns the time since which the connection is idle, if it is.
    pub(super) fn waiting_since(&self) -> Option<u64> {
        let is_waiting = self.state.load(Ordering::Acquire) == WAITING;
        is_waiting.then(|| self.waiting_since.load(Ordering::Acquire))
    }

    /// Records that bytes were sent, possibly the rest of a response that is already complete here.
    pub(super) fn sent(&self) {
        self.waiting_since.store(self.connections.clock(), Ordering::Release);
    }

    /// Sets the reason of the end. A later reason replaces an earlier one.
    pub(super) fn end(&self, ending: Ending) {
        self.ending.store(ending as u8, Ordering::Release);
    }

    fn ending(&self) -> Ending {
        let ending = self.ending.load(Ordering::Acquire);
        Ending::ALL
            .into_iter()
            .find(|known| *known as u8 == ending)
            .unwrap_or(Ending::Done)
    }

    /// Ends the connection if it is idle. Returns whether it ends: it does not if a request has just arrived.
    pub(super) fn evict(&self) -> bool {
        let is_evicted = self.change(WAITING, EVICTED);
        if is_evicted {
            self.end(Ending::Evicted);
            self.evicted.notify_one();
        }
        is_evicted
    }

    fn change(&self, from: u8, to: u8) -> bool {
        let changed = self
            .state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        changed.is_ok()
    }
}

/// The remote end of a connection, for handlers.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(super) exchange: Arc<Exchange>,
}

impl Peer {
    /// Returns whether the connection was ended because the client stopped receiving bytes.
    pub(crate) fn stalled(&self) -> bool {
        self.exchange.ending() == Ending::Stalled
    }

    /// Returns the reason for which the connection ended.
    pub(crate) fn ending(&self) -> Ending {
        self.exchange.ending()
    }

    /// Returns whether the connection uses a reserved place while no ordinary place is free.
    pub(crate) fn is_in_reserve(&self) -> bool {
        self.exchange.is_reserve && self.exchange.connections.is_full()
    }

    /// Waits until the connection loses its place to another.
    pub(crate) async fn evicted(&self) {
        self.exchange.evicted.notified().await;
    }

    /// Marks the connection as busy. The result must be kept until the request is answered. Returns `None` if the
    /// connection is about to end.
    pub(crate) fn begin(&self) -> Option<Answering> {
        self.exchange.requests.fetch_add(1, Ordering::AcqRel);
        let begun = self.exchange.change(WAITING, ANSWERING);
        begun.then(|| Answering(Arc::clone(&self.exchange)))
    }
}

/// A request in progress.
#[derive(Debug)]
pub(crate) struct Answering(Arc<Exchange>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.sent();
        self.0.state.store(WAITING, Ordering::Release);
    }
}

/// The body of a response. The response is complete when the body is dropped.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Body,
    _answering: Answering,
}

impl Answer {
    pub(crate) const fn new(body: Body, answering: Answering) -> Self {
        Self {
            body,
            _answering: answering,
        }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
