//! What a channel is told to do, and what has happened on it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use super::cors::Cors;
use super::rest::Scripted;

/// All channels; a name that was never heard of is an empty channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Channels(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    channels: Mutex<HashMap<String, Channel>>,
    /// Told of every change of any channel.
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
pub(super) struct Channel {
    /// What every stream is greeted with.
    pub(super) greeting: Bytes,
    /// How the next opens are answered; a stream when there is nothing.
    pub(super) answers: VecDeque<Answer>,
    /// The streams that are open, by the number they were opened with.
    pub(super) streams: BTreeMap<u64, mpsc::UnboundedSender<Bytes>>,
    /// How paths answer.
    pub(super) rest: HashMap<String, Scripted>,
    requests: Vec<StreamRequest>,
    opened: u64,
    closed: u64,
    rest_requests: Vec<RestRequest>,
}

/// How an open is answered other than by a stream like any other.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Status {
        code: u16,
        retry_after: Option<u64>,
    },
    Never,
    /// By the stream of another channel.
    Redirect {
        code: u16,
        to: String,
    },
    /// By a stream with other headers.
    Stream(Dress),
}

/// What a stream says of itself.
#[derive(Clone, Debug)]
pub(super) struct Dress {
    pub(super) content_type: HeaderValue,
    pub(super) cors: Cors,
}

impl Default for Dress {
    fn default() -> Self {
        Self {
            content_type: HeaderValue::from_static("text/event-stream"),
            cors: Cors::default(),
        }
    }
}

/// A request for a stream, whatever its answer was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRequest {
    /// The query, without `?`.
    pub query: String,
    /// The `Last-Event-ID` header, which a browser sends only when it retries by itself.
    pub last_event_id: Option<String>,
    /// The `Accept` header: `text/event-stream` from an `EventSource`.
    pub accept: Option<String>,
    /// When it arrived, in milliseconds since 1970.
    pub at_ms: u64,
}

/// A request for a scripted path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestRequest {
    /// The method.
    pub method: String,
    /// The path below the channel, without a leading `/`.
    pub path: String,
    /// The query, without `?`.
    pub query: String,
    /// The body, if it was text.
    pub body: String,
}

/// What has happened on a channel so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// How many streams were ever opened.
    pub opened: u64,
    /// How many are open.
    pub open: u64,
    /// How many have ended, by whichever side.
    pub closed: u64,
    /// Every request for a stream, also those that were refused or left hanging.
    pub requests: Vec<StreamRequest>,
    /// How often each scripted path was asked, by any method.
    pub rest: BTreeMap<String, u64>,
    /// Every request for a scripted path.
    pub rest_requests: Vec<RestRequest>,
}

impl Channels {
    /// Reads or changes a channel, and tells whoever waits.
    pub(super) fn with<R>(&self, name: &str, work: impl FnOnce(&mut Channel) -> R) -> R {
        let result = work(self.lock().entry(name.to_owned()).or_default());
        self.0.changed.send_replace(());
        result
    }

    /// Waits until `ready` finds on the channel what it wants.
    pub(super) async fn wait_for<R>(&self, name: &str, mut ready: impl FnMut(&mut Channel) -> Option<R>) -> R {
        let mut changes = self.0.changed.subscribe();
        loop {
            changes.mark_unchanged();
            if let Some(found) = ready(self.lock().entry(name.to_owned()).or_default()) {
                return found;
            }
            if changes.changed().await.is_err() {
                // The sender lives as long as `self`.
                std::future::pending::<()>().await;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Channel>> {
        // A panic while the lock was held fails that one request; the others still want their answers.
        self.0.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Channel {
    /// Notes a request for a stream; returns how to answer it, `None` for a stream.
    pub(super) fn request(&mut self, request: StreamRequest) -> Option<Answer> {
        self.requests.push(request);
        self.answers.pop_front()
    }

    /// Opens a stream; it ends when the channel drops the sender.
    pub(super) fn open(&mut self) -> (u64, mpsc::UnboundedReceiver<Bytes>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        if !self.greeting.is_empty() {
            // The receiver is in our hands.
            drop(sender.send(self.greeting.clone()));
        }
        self.opened += 1;
        self.streams.insert(self.opened, sender);
        (self.opened, receiver)
    }

    /// Notes that a stream has ended.
    pub(super) fn close(&mut self, number: u64) {
        self.streams.remove(&number);
        self.closed += 1;
    }

    pub(super) fn send(&self, bytes: &Bytes) {
        for stream in self.streams.values() {
            // Its reader has just gone: the stream is about to be removed.
            drop(stream.send(bytes.clone()));
        }
    }

    /// Notes a request for a scripted path; returns how many there were for this path.
    pub(super) fn rest_request(&mut self, request: RestRequest) -> usize {
        let before = self.rest_requests.iter().filter(|asked| asked.path == request.path);
        let count = before.count() + 1;
        self.rest_requests.push(request);
        count
    }

    pub(super) fn stats(&self) -> Stats {
        let mut rest = BTreeMap::new();
        for request in &self.rest_requests {
            *rest.entry(request.path.clone()).or_default() += 1;
        }
        Stats {
            opened: self.opened,
            open: self.opened - self.closed,
            closed: self.closed,
            requests: self.requests.clone(),
            rest,
            rest_requests: self.rest_requests.clone(),
        }
    }
}
