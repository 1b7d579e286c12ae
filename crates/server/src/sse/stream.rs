//! An open stream: a response body that produces bytes as long as its client receives them.
//!
//! It has no task of its own. Its connection polls it for the next bytes, and drops the stream together with its seat
//! when the connection ends. The connection gives up on a client that receives nothing; see [`crate::listener`].

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until};
use wire::{Cursor, EventKind, Timestamp};

use super::frame::{self, Told};
use super::look::{self, Beginning, Found, Look, Outcome, Reader};
use super::seat::{Farewell, Item, Seat};
use crate::listener::Peer;
use crate::metrics::{Ending, OpenStream};
use crate::state::AppState;
use crate::store::now;

type Looking = Pin<Box<dyn Future<Output = Result<Look, sqlx::Error>> + Send>>;

/// An open stream.
pub(super) struct Stream {
    state: AppState,
    seat: Seat,
    reader: Reader,
    /// The requested events; `None` for all.
    types: Option<Box<[EventKind]>>,
    peer: Peer,
    /// The position up to which all events were sent, or are known to the client otherwise.
    position: u64,
    /// The position that the client can give when it reconnects.
    known: u64,
    /// Encoded frames that are sent next.
    ready: VecDeque<Bytes>,
    /// Events from the log that are sent after `ready`.
    page: VecDeque<Told>,
    /// The position of the log after `page`; `None` if there are more events.
    through: Option<u64>,
    /// The time at which `page` was read.
    read_at: Instant,
    looking: Option<Looking>,
    /// The time of the last frame.
    silent_since: Instant,
    /// The time at which the server closes the stream, so that no stream stays open forever.
    closes_at: Instant,
    expires_at: Instant,
    /// Whether the client was notified of `expires_at`.
    warned: bool,
    alarm: Pin<Box<Sleep>>,
    ended: bool,
    metrics: OpenStream,
}

impl Stream {
    pub(super) fn new(
        state: AppState,
        seat: Seat,
        reader: Reader,
        types: Option<Box<[EventKind]>>,
        peer: Peer,
        beginning: Beginning,
    ) -> Self {
        let Beginning {
            after,
            known,
            outcome,
            look,
        } = beginning;
        let resumed = outcome == Outcome::Resumed;
        let now = Instant::now();
        let metrics = state.metrics.open_stream();
        let lifetime = state.tuning.stream_lifetime;
        let mut stream = Self {
            seat,
            reader,
            types,
            peer,
            position: after.seq,
            known,
            ready: VecDeque::from([frame::hello(&after, resumed, state.tuning.heartbeat)]),
            page: VecDeque::new(),
            through: None,
            read_at: now,
            looking: None,
            silent_since: now,
            // The time is random, so that streams that were opened together do not reconnect together.
            closes_at: now + lifetime.mul_f64(rand::random_range(0.8..=1.0)),
            expires_at: now + lifetime,
            warned: false,
            alarm: Box::pin(sleep_until(now)),
            ended: false,
            metrics,
            state,
        };
        stream.take_in(look);
        stream
    }

    /// Sends the next event of `page`.
    fn read_on(&mut self) {
        // Checks the sign-in again if the page is old. Otherwise a slow client would receive events for minutes after
        // its sign-in has ended.
        if self.read_at.elapsed() > self.state.tuning.heartbeat {
            return self.look();
        }
        if let Some(told) = self.page.pop_front() {
            let bytes = self.pass(&told);
            self.ready.extend(bytes);
        }
        if self.page.is_empty() {
            self.page = VecDeque::new();
            match self.through {
                Some(through) => self.position = self.position.max(through),
                None => self.look(),
            }
        }
    }

    /// Returns the bytes to send for an event; `None` if it was sent before or is not requested.
    fn pass(&mut self, told: &Told) -> Option<Bytes> {
        if told.seq <= self.position {
            return None;
        }
        self.position = told.seq;
        let wanted = self.types.as_deref().is_none_or(|types| types.contains(&told.kind));
        // A forced sign-out is sent to every stream, even if it is not requested.
        if !wanted && told.kind != EventKind::ForceLogout {
            return None;
        }
        self.known = told.seq;
        self.metrics.sent(told.kind);
        Some(told.bytes.clone())
    }

    /// Starts a read of the log and a check of the sign-in.
    fn look(&mut self) {
        // The unsent events are read again.
        self.page.clear();
        let (state, reader, position) = (self.state.clone(), self.reader, self.position);
        self.looking = Some(Box::pin(async move {
            look::again(&state.db, &state.tuning, reader, position).await
        }));
    }

    fn take_in(&mut self, look: Look) {
        let (expires_at, found) = match look {
            Look::SignedOut(farewells) => {
                let farewells: Vec<_> = farewells.iter().filter_map(|told| self.pass(told)).collect();
                self.ready.extend(farewells);
                return self.end(Ending::SignedOut);
            }
            Look::Living { expires_at, found } => (expires_at, found),
        };
        self.set_expiry(expires_at);
        self.read_at = Instant::now();
        match found {
            Found::All(page, through) if page.is_empty() => self.position = self.position.max(through),
            Found::All(page, through) => (self.page, self.through) = (page.into(), Some(through)),
            Found::Some(page) => (self.page, self.through) = (page.into(), None),
            Found::TooMuch(newest) => {
                self.control(EventKind::Resync, frame::resync(&newest));
                (self.position, self.known) = (newest.seq, newest.seq);
            }
        }
    }

    fn set_expiry(&mut self, expires_at: Timestamp) {
        let left = (expires_at - now()).to_std().unwrap_or_default();
        let renewed = Instant::now() + left;
        // Conversion between the two clocks gives slightly different results for the same time.
        if renewed > self.expires_at + Duration::from_millis(100) {
            self.warned = false;
        }
        self.expires_at = renewed;
        let warning = self.state.tuning.expiry_warning;
        if left <= warning && !self.warned {
            self.warned = true;
            self.control(EventKind::AuthExpiring, frame::auth_expiring(left));
        }
    }

    /// Returns the time of the next action of the stream if no event arrives.
    fn next_alarm(&self) -> Instant {
        let heartbeat = self.silent_since + self.state.tuning.heartbeat;
        let expiry = if self.warned {
            self.expires_at
        } else {
            let warning = self.state.tuning.expiry_warning;
            self.expires_at.checked_sub(warning).unwrap_or(self.expires_at)
        };
        heartbeat.min(expiry).min(self.closes_at)
    }

    /// Waits until the next alarm and performs its action.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let next = self.next_alarm();
            // Resets the timer only when it has fired or is too late: every event postpones the next heartbeat, and a
            // reset for each would be wasteful.
            if self.alarm.deadline() > next || self.alarm.is_elapsed() {
                self.alarm.as_mut().reset(next);
            }
            ready!(self.alarm.as_mut().poll(context));
            let now = Instant::now();
            if now < self.next_alarm() {
                continue;
            }
            if self.closes_at <= now {
                self.say_goodbye(Ending::Rotated);
            } else if self.silent_since + self.state.tuning.heartbeat <= now {
                self.beat();
            } else {
                // The read shows whether the sign-in was renewed meanwhile.
                self.look();
            }
            return Poll::Ready(());
        }
    }

    fn beat(&mut self) {
        if self.position > self.known {
            self.known = self.position;
            let at = Cursor {
                epoch: self.state.db.epoch().to_owned(),
                seq: self.position,
            };
            self.ready.push_back(frame::position(&at));
        }
        self.control(EventKind::Heartbeat, frame::heartbeat());
    }

    fn control(&mut self, kind: EventKind, bytes: Bytes) {
        self.ready.push_back(bytes);
        self.metrics.sent(kind);
    }

    /// Sends the time to wait before reconnecting, and ends the stream.
    fn say_goodbye(&mut self, why: Ending) {
        let (from, to) = match why {
            // A stream that is replaced should return soon, with some variation between streams.
            Ending::Rotated => (100, 500),
            // An immediate reconnect would close the next stream of this person.
            Ending::Crowded => (30_000, 60_000),
            // The spread keeps a thousand clients from reconnecting at the same moment.
            Ending::Stopping | Ending::Gone | Ending::Stalled | Ending::SignedOut | Ending::Failed => (500, 3_000),
        };
        let retry = Duration::from_millis(rand::random_range(from..=to));
        self.control(EventKind::Shutdown, frame::shutdown(retry));
        self.end(why);
    }

    /// Ends the stream after the frames in `ready`.
    fn end(&mut self, why: Ending) {
        self.ended = true;
        self.page.clear();
        self.looking = None;
        self.metrics.ends(why);
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                self.silent_since = Instant::now();
                return Poll::Ready(Some(bytes));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            // Events of the log precede live events, and a change of the sign-in precedes both.
            let live = self.looking.is_none() && self.page.is_empty();
            let head = self.seat.head();
            match self.seat.poll_next(context, live) {
                Poll::Ready(Item::Close(Farewell::Stopping)) => self.say_goodbye(Ending::Stopping),
                Poll::Ready(Item::Close(Farewell::Crowded)) => self.say_goodbye(Ending::Crowded),
                Poll::Ready(Item::Look) => self.look(),
                Poll::Ready(Item::Event(live)) => {
                    if let Some(bytes) = self.pass(&live.told) {
                        self.metrics.told_after(live.committed.elapsed());
                        self.silent_since = Instant::now();
                        return Poll::Ready(Some(bytes));
                    }
                }
                Poll::Pending if live => {
                    // The inbox is empty, so all events up to `head` were received.
                    self.position = self.position.max(head);
                    ready!(self.poll_alarm(context));
                }
                Poll::Pending if self.looking.is_none() => self.read_on(),
                Poll::Pending => ready!(self.poll_looking(context)),
            }
        }
    }

    fn poll_looking(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(looking) = &mut self.looking {
            let look = ready!(looking.as_mut().poll(context));
            self.looking = None;
            match look {
                Ok(look) => self.take_in(look),
                Err(error) => {
                    tracing::error!(%error, "a stream ends");
                    self.end(Ending::Failed);
                }
            }
        }
        Poll::Ready(())
    }
}

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = ready!(self.get_mut().poll_bytes(context));
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Has no effect if the server has ended the stream.
        let why = if self.peer.stalled() {
            Ending::Stalled
        } else {
            Ending::Gone
        };
        self.metrics.ends(why);
    }
}
