//! The server can not be reached: requests wait at one gate, and one of them at a time tries whether it is back.
//!
//! Without it each query and each change would try by itself, and a page with many of them would ask a dead server
//! several times a second.

use std::time::Duration;

use super::effect::{FlightId, MutationId};
use crate::backoff::Backoff;
use crate::time::Instant;

/// The time between two probes.
const BACKOFF: Backoff = Backoff {
    base: Duration::from_secs(1),
    cap: Duration::from_secs(15),
    jitter: 0.25,
};

/// A moment that does not come.
pub(super) const NEVER: Instant = Instant::from_millis(u64::MAX);

/// An outage of the server, as one page sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    failures: u32,
    probe_at: Instant,
    /// The request that tries whether the server is back.
    probe: Option<Request>,
}

/// A request to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Fetch(FlightId),
    Send(MutationId),
}

impl Outage {
    /// A request has failed because the server could not be reached. `chance` is drawn uniformly from 0 to 1.
    pub(super) fn begin(now: Instant, chance: f64) -> Self {
        Self {
            failures: 1,
            probe_at: now + BACKOFF.delay(0, chance),
            probe: None,
        }
    }

    /// One more request has failed. Only a failure of the probe says something new: the others left before the outage
    /// was known.
    pub(super) fn fail(&mut self, request: Request, now: Instant, chance: f64) {
        if self.probe == Some(request) {
            self.probe = None;
            self.probe_at = now + BACKOFF.delay(self.failures, chance);
            self.failures += 1;
        }
    }

    /// When the next request may start; [`NEVER`] while one tries already.
    pub(super) const fn opens_at(&self) -> Instant {
        if self.probe.is_some() { NEVER } else { self.probe_at }
    }

    /// This request is the probe.
    pub(super) const fn start(&mut self, request: Request) {
        self.probe = Some(request);
    }

    /// This request was given up: it will tell nothing. Another one may try before long.
    pub(super) fn abandon(&mut self, request: Request, now: Instant) {
        if self.probe.take_if(|probe| *probe == request).is_some() {
            self.probe_at = now + BACKOFF.base;
        }
    }

    /// A good moment to try: the network is back, or the person asks for it.
    pub(super) const fn expedite(&mut self, now: Instant) {
        self.probe_at = now;
    }

    /// Whether it has lasted beyond the first probe.
    pub(super) const fn is_confirmed(&self) -> bool {
        self.failures > 1
    }
}
