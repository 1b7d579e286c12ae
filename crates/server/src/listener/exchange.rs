//! What socket, requests and the table of connections know of each other.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::sync::Notify;

use super::table::Connections;

/// Why the server ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    /// It did not: the client has hung up, or the protocol has come to an end.
    Done,
    /// The client took nothing any more.
    Stalled,
    /// No whole head of a request came.
    NoHead,
    /// Nothing was asked or answered.
    Idle,
    /// Others needed its place while it had nothing to do.
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

/// A connection has nothing to do.
const WAITING: u8 = 0;
/// A request has come whose answer is not complete.
const ANSWERING: u8 = 1;
/// Its place is given to another, and no request is begun any more.
const EVICTED: u8 = 2;

/// One connection, as far as more than its socket has to know.
#[derive(Debug)]
pub(super) struct Exchange {
    connections: Connections,
    /// Whether it took a place that is kept for health checks and streams.
    is_reserve: bool,
    requests: AtomicU32,
    state: AtomicU8,
    /// Since when nothing is answered or sent, on the clock of the table.
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

    /// How many requests have come.
    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Acquire)
    }

    /// Whether a request has come whose answer is not complete.
    pub(super) fn is_answering(&self) -> bool {
        self.state.load(Ordering::Acquire) == ANSWERING
    }

    /// Since when it has nothing to do, if it has not.
    pub(super) fn waiting_since(&self) -> Option<u64> {
        let is_waiting = self.state.load(Ordering::Acquire) == WAITING;
        is_waiting.then(|| self.waiting_since.load(Ordering::Acquire))
    }

    /// Something was sent, maybe the rest of an answer that is complete here.
    pub(super) fn sent(&self) {
        self.waiting_since.store(self.connections.clock(), Ordering::Release);
    }

    /// Why it ends. The last reason counts.
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

    /// Has it end. Returns whether it does: not if a request has come in this moment.
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

/// The other end of a connection, as handlers see it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(super) exchange: Arc<Exchange>,
}

impl Peer {
    /// Whether the connection was given up because nothing was taken any more.
    pub(crate) fn stalled(&self) -> bool {
        self.exchange.ending() == Ending::Stalled
    }

    /// Why the connection ended.
    pub(crate) fn ending(&self) -> Ending {
        self.exchange.ending()
    }

    /// Whether it has a place that is kept for health checks and streams, while there is no other.
    pub(crate) fn is_in_reserve(&self) -> bool {
        self.exchange.is_reserve && self.exchange.connections.is_full()
    }

    /// Waits until the place of the connection is given to another.
    pub(crate) async fn evicted(&self) {
        self.exchange.evicted.notified().await;
    }

    /// A request has come. To be kept until it is answered. `None`: the connection is about to end.
    pub(crate) fn begin(&self) -> Option<Answering> {
        self.exchange.requests.fetch_add(1, Ordering::AcqRel);
        let begun = self.exchange.change(WAITING, ANSWERING);
        begun.then(|| Answering(Arc::clone(&self.exchange)))
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Answering(Arc<Exchange>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.sent();
        self.0.state.store(WAITING, Ordering::Release);
    }
}

/// The body of an answer, which is complete once this is dropped.
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
