//! The metrics of the server, in the text format of Prometheus. No label names a person.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use wire::EventKind;

use crate::error::Error;
use crate::listener::{self, Refusal};
use crate::sse::Outcome;

/// All metrics. Clones share them.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Counted>);

struct Counted {
    registry: Registry,
    open: Gauge,
    opened: Family<Opened, Counter>,
    closed: Family<Closed, Counter>,
    rejected: Family<Rejected, Counter>,
    /// One counter for each kind of event, in the order of the kinds. An array makes the lookup cheap for
    /// every message.
    messages: Box<[Counter]>,
    lag: Histogram,
    stream_seconds: Histogram,
    sign_ins: Family<SignIn, Counter>,
    requests: Family<Request, Counter>,
    request_seconds: Family<Route, Histogram>,
    connections: Gauge,
    connections_ended: Family<Closed, Counter>,
    connections_refused: Family<Rejected, Counter>,
    accept_errors: Family<Rejected, Counter>,
    uptime: Gauge<f64, AtomicU64>,
    started: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Opened {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Closed {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Rejected {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Message {
    r#type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignIn {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

/// The reason for which a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The client closed the connection.
    Gone,
    /// The client stopped reading.
    Stalled,
    /// The sign-in of the stream was ended or has expired.
    SignedOut,
    /// The stream reached its maximum age.
    Rotated,
    /// The person opened more streams than allowed.
    Crowded,
    /// The server stopped.
    Stopping,
    /// The log could not be read.
    Failed,
}

impl Ending {
    const fn label(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Stalled => "stalled",
            Self::SignedOut => "signed_out",
            Self::Rotated => "rotated",
            Self::Crowded => "crowded",
            Self::Stopping => "stopping",
            Self::Failed => "failed",
        }
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("freshet");
        let (open, uptime) = (Gauge::default(), Gauge::default());
        let (opened, closed, rejected) = (Family::default(), Family::default(), Family::default());
        // Half a millisecond to half a minute.
        let lag = Histogram::new(exponential_buckets(0.000_5, 2.0, 17));
        // One second to a little more than an hour.
        let stream_seconds = Histogram::new(exponential_buckets(1.0, 2.0, 13));
        let by_type = Family::<Message, Counter>::default();
        let messages = EventKind::ALL.iter().map(|kind| {
            let r#type = kind.name();
            by_type.get_or_create(&Message { r#type }).clone()
        });
        let messages = messages.collect();
        let connections = Gauge::default();
        let (connections_ended, connections_refused) = (Family::default(), Family::default());
        let accept_errors = Family::default();
        let (sign_ins, requests) = (Family::default(), Family::default());
        let request_seconds = Family::new_with_constructor(
            (|| Histogram::new(exponential_buckets(0.000_5, 4.0, 9))) as fn() -> Histogram,
        );

        registry.register("uptime_seconds", "How long the server has been running", uptime.clone());
        registry.register("streams_open", "Streams that are open", open.clone());
        registry.register(
            "streams_opened",
            "Streams that were opened: new, resumed where the last one ended, or with a gap",
            opened.clone(),
        );
        registry.register("streams_closed", "Streams that ended, by reason", closed.clone());
        registry.register(
            "streams_rejected",
            "Attempts to open a stream that were refused",
            rejected.clone(),
        );
        registry.register("stream_messages", "Messages handed to streams, by type", by_type);
        registry.register(
            "stream_lag_seconds",
            "From the commit of a change until a stream has its event written",
            lag.clone(),
        );
        registry.register(
            "stream_duration_seconds",
            "How long streams were open",
            stream_seconds.clone(),
        );
        registry.register(
            "sign_ins",
            "Sign-ins that succeeded, or failed by reason",
            sign_ins.clone(),
        );
        registry.register("connections_open", "Connections that are open", connections.clone());
        registry.register(
            "connections_closed",
            "Connections that ended, by reason; done: by the client or in order",
            connections_ended.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections that there was no room for: of their network address, or at all",
            connections_refused.clone(),
        );
        registry.register(
            "accept_errors",
            "Connections that could not be accepted: gone already, or for lack of files or memory",
            accept_errors.clone(),
        );
        registry.register("http_requests", "Requests that were answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "How long requests took until their answer began",
            request_seconds.clone(),
        );
        Self(Arc::new(Counted {
            registry,
            open,
            opened,
            closed,
            rejected,
            messages,
            lag,
            stream_seconds,
            sign_ins,
            requests,
            request_seconds,
            connections,
            connections_ended,
            connections_refused,
            accept_errors,
            uptime,
            started: Instant::now(),
        }))
    }

    /// Returns all metrics as text.
    pub(crate) fn text(&self) -> Result<String, Error> {
        self.0.uptime.set(self.0.started.elapsed().as_secs_f64());
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry)
            .or(Err(Error::Internal("the metrics can not be written")))?;
        Ok(text)
    }

    /// Counts an opened stream.
    pub(crate) fn opened(&self, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::New => "new",
            Outcome::Resumed => "resumed",
            Outcome::Gap => "gap",
        };
        self.0.opened.get_or_create(&Opened { outcome }).inc();
    }

    /// Counts a stream that was refused.
    pub(crate) fn rejected(&self, error: &Error) {
        let reason = error.code();
        self.0.rejected.get_or_create(&Rejected { reason }).inc();
    }

    /// Counts a stream as open until the returned value is dropped.
    pub(crate) fn open_stream(&self) -> OpenStream {
        self.0.open.inc();
        OpenStream {
            metrics: self.clone(),
            since: Instant::now(),
            ended: false,
        }
    }

    /// Counts an attempt to sign in.
    pub(crate) fn signed_in(&self, outcome: &'static str) {
        self.0.sign_ins.get_or_create(&SignIn { outcome }).inc();
    }

    /// Counts an open connection, until [`Metrics::disconnected`].
    pub(crate) fn connected(&self) {
        self.0.connections.inc();
    }

    /// Counts the end of a connection.
    pub(crate) fn disconnected(&self, why: listener::Ending) {
        let reason = why.label();
        self.0.connections.dec();
        self.0.connections_ended.get_or_create(&Closed { reason }).inc();
    }

    /// Counts a connection that was refused for lack of room.
    pub(crate) fn refused(&self, refusal: Refusal) {
        let reason = refusal.label();
        self.0.connections_refused.get_or_create(&Rejected { reason }).inc();
    }

    /// Counts a connection that could not be accepted.
    pub(crate) fn accept_failed(&self, reason: &'static str) {
        self.0.accept_errors.get_or_create(&Rejected { reason }).inc();
    }

    /// Counts a request with its duration. `route` is the pattern of its path.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        let request = Request {
            method: method.clone(),
            route: route.clone(),
            status,
        };
        self.0.requests.get_or_create(&request).inc();
        let route = Route { method, route };
        self.0.request_seconds.get_or_create(&route).observe(took.as_secs_f64());
    }
}

/// An open stream.
pub(crate) struct OpenStream {
    metrics: Metrics,
    since: Instant,
    ended: bool,
}

impl OpenStream {
    /// Counts a message that was passed to the stream.
    pub(crate) fn sent(&self, kind: EventKind) {
        // The numbers of the kinds are their positions in `EventKind::ALL`.
        if let Some(counter) = self.metrics.0.messages.get(kind as usize) {
            counter.inc();
        }
    }

    /// Records the time from the commit of an event until it was passed to the stream.
    pub(crate) fn told_after(&self, lag: Duration) {
        self.metrics.0.lag.observe(lag.as_secs_f64());
    }

    /// Counts the end of the stream, and records its duration. Only the first call counts.
    pub(crate) fn ends(&mut self, why: Ending) {
        if !std::mem::replace(&mut self.ended, true) {
            let reason = why.label();
            self.metrics.0.closed.get_or_create(&Closed { reason }).inc();
            self.metrics
                .0
                .stream_seconds
                .observe(self.since.elapsed().as_secs_f64());
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.metrics.0.open.dec();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wire::EventKind;

    use super::{Ending, Metrics};

    #[test]
    fn stream_counts_until_dropped() {
        let metrics = Metrics::new();
        let mut stream = metrics.open_stream();
        for kind in EventKind::ALL {
            stream.sent(*kind);
        }
        stream.told_after(Duration::from_millis(3));
        let text = metrics.text().unwrap();
        assert!(text.contains("freshet_streams_open 1\n"), "{text}");
        for kind in EventKind::ALL {
            let line = format!("freshet_stream_messages_total{{type=\"{}\"}} 1\n", kind.name());
            assert!(text.contains(&line), "{line} in {text}");
        }
        stream.ends(Ending::SignedOut);
        stream.ends(Ending::Gone);
        drop(stream);
        let text = metrics.text().unwrap();
        assert!(text.contains("freshet_streams_open 0\n"), "{text}");
        assert!(
            text.contains("freshet_streams_closed_total{reason=\"signed_out\"} 1\n"),
            "{text}"
        );
        assert!(!text.contains("reason=\"gone\""), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
