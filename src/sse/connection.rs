//! One connection to the server's stream of events, without the stream.
//!
//! Knows nothing of browsers, clocks, cookies or what events mean; all of that is passed in or handed out.

#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::VecDeque;
use std::time::Duration;

use wire::Cursor;

use super::output::Output;
use super::phase::Phase;
use super::settings::{self, Settings};
use super::status::{Cause, ConnectionError, State, Status};
use super::timer::{Timer, Timers};
use super::transport::{Frame, Generation, Hello, Message, Signal};
use crate::time::Instant;

/// One connection to the server's stream of events, without the stream.
///
/// Methods are of three kinds. `handle_*`, [`start`](Self::start), [`stop`](Self::stop) and
/// [`retry`](Self::retry) say that something happened or is asked for. [`poll`](Self::poll) says what to do now;
/// call it until `None` after each of the former. [`poll_timeout`](Self::poll_timeout) says when to call
/// [`handle_timeout`](Self::handle_timeout); a call that comes too early does nothing. [`status`](Self::status)
/// is for showing.
///
/// Any call is allowed at any time; what makes no sense has no effect. The same calls with the same seed have the
/// same outputs.
#[derive(Debug)]
pub struct Connection<E> {
    settings: Settings,
    rng: fastrand::Rng,
    phase: Phase,
    timers: Timers,
    /// The number of the newest stream, open or not.
    generation: Generation,
    /// Failures in a row.
    failures: u32,
    /// The newest position of the stream that was seen.
    cursor: Option<Cursor>,
    /// Where the part of the log begins that the streams of this sign-in have told without a gap.
    covered_from: Option<Cursor>,
    /// The position that the newest stream was asked to take up from.
    asked_from: Option<Cursor>,
    /// The oldest position that a read before the first hello reflects.
    oldest_read: Option<Cursor>,
    /// Whether there was a first hello in this sign-in.
    ever_connected: bool,
    /// The silence after which the stream counts as dead; `None` while nothing is promised.
    patience: Option<Duration>,
    last_open: Option<Instant>,
    last_error: Option<ConnectionError>,
    last_connected_at: Option<Instant>,
    last_event_at: Option<Instant>,
    outputs: VecDeque<Output<E>>,
}

impl<E> Connection<E> {
    /// A connection that does nothing until [`start`](Self::start). The seed decides its jitter.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            rng: fastrand::Rng::with_seed(seed),
            phase: Phase::Idle,
            timers: Timers::default(),
            generation: Generation::default(),
            failures: 0,
            cursor: None,
            covered_from: None,
            asked_from: None,
            oldest_read: None,
            ever_connected: false,
            patience: None,
            last_open: None,
            last_error: None,
            last_connected_at: None,
            last_event_at: None,
            outputs: VecDeque::new(),
        }
    }

    /// What to show of it.
    #[must_use]
    pub fn status(&self) -> Status {
        let trying = if self.ever_connected {
            State::Reconnecting
        } else {
            State::Connecting
        };
        Status {
            state: match self.phase {
                Phase::Idle => State::Disconnected,
                Phase::Connecting | Phase::Waiting | Phase::Suspended => trying,
                Phase::Connected => State::Connected,
                Phase::GivenUp => State::Error,
            },
            last_error: self.last_error,
            last_connected_at: self.last_connected_at,
            last_event_at: self.last_event_at,
            retry_at: self.timers.deadline(Timer::Retry),
        }
    }

    /// What to do now; call it until `None` after every other call.
    #[must_use]
    pub fn poll(&mut self) -> Option<Output<E>> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout). Any other call may change the answer.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Somebody has signed in.
    pub fn start(&mut self, now: Instant) {
        if self.phase == Phase::Idle {
            self.connect(now);
        }
    }

    /// The person has signed out: forgets everything about them. What is late from their stream has no effect.
    pub fn stop(&mut self) {
        if self.phase == Phase::Idle {
            return;
        }
        self.close();
        self.timers.cancel_all();
        self.phase = Phase::Idle;
        self.generation.0 += 1;
        self.failures = 0;
        self.cursor = None;
        self.covered_from = None;
        self.asked_from = None;
        self.oldest_read = None;
        self.ever_connected = false;
        self.patience = None;
        self.last_open = None;
        self.last_error = None;
        self.last_connected_at = None;
        self.last_event_at = None;
        self.outputs.retain(|output| matches!(output, Output::Close { .. }));
    }

    /// The person wants it to be tried now.
    pub fn retry(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Waiting | Phase::GivenUp) {
            self.failures = 0;
            self.connect(now);
        }
    }

    /// The network is back, or the person is: a good moment to try. Past failures still count.
    ///
    /// Not quite at once: whoever comes back may have been signed out meanwhile, and asking that is under way.
    pub fn handle_opportunity(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Waiting | Phase::GivenUp) {
            let soon = now + self.settings.opportunity_delay;
            let due = self.timers.deadline(Timer::Retry).map_or(soon, |due| due.min(soon));
            self.wait(now, now.until(due));
        }
    }

    /// The page is put away: a stream that is left open would be opened anew by the browser when the page comes back.
    pub fn suspend(&mut self) {
        if self.phase != Phase::Idle {
            self.close();
            self.timers.cancel_all();
            self.phase = Phase::Suspended;
        }
    }

    /// The page is back as it was. As with any good moment, the attempt comes a little later.
    pub fn resume(&mut self, now: Instant) {
        if self.phase == Phase::Suspended {
            self.wait(now, self.settings.opportunity_delay);
        }
    }

    /// A read has returned. `position` is the log position it reflects, where the server says.
    ///
    /// A read that is older than what the stream covers may lack something that no event will tell.
    pub fn handle_read(&mut self, position: Option<Cursor>) {
        let Some(position) = position else { return };
        match &self.covered_from {
            // Another log's positions say nothing; the stream itself will tell that the log is another.
            Some(start) if position.epoch == start.epoch && position.seq < start.seq => {
                self.outputs.push_back(Output::Gap);
            }
            Some(_) => {}
            None if self.phase == Phase::Idle => {}
            None => {
                if self
                    .oldest_read
                    .as_ref()
                    .is_none_or(|oldest| position.is_covered_by(oldest))
                {
                    self.oldest_read = Some(position);
                }
            }
        }
    }

    /// Something happened to a stream.
    pub fn handle_signal(&mut self, now: Instant, generation: Generation, signal: Signal<E>) {
        if generation != self.generation || !matches!(self.phase, Phase::Connecting | Phase::Connected) {
            return;
        }
        match signal {
            Signal::Opened if self.settings.expects_hello => {}
            Signal::Opened => self.hear(now, Hello::default()),
            Signal::Message(message) => self.handle_message(now, message),
            Signal::Lost => self.fail(now, Cause::Network),
            Signal::Refused => {
                self.outputs.push_back(Output::CheckSession);
                self.fail(now, Cause::Refused);
            }
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Connect => self.fail(now, Cause::Timeout),
                Timer::Retry => self.connect(now),
                Timer::Stable => self.failures = 0,
                Timer::Watchdog => self.fail(now, Cause::Silence),
                Timer::Check => {
                    self.outputs.push_back(Output::CheckSession);
                    self.watch(now);
                }
            }
        }
    }

    fn handle_message(&mut self, now: Instant, message: Message<E>) {
        let Message { cursor, frame } = message;
        match frame {
            Frame::Hello(hello) => self.hear(now, hello),
            Frame::Heartbeat | Frame::Event(_) | Frame::Resync | Frame::Shutdown { .. } | Frame::Ignored
                if self.phase == Phase::Connecting =>
            {
                // A first message that is no hello: the server has none to say.
                self.hear(now, Hello::default());
                return self.handle_message(now, Message { cursor, frame });
            }
            Frame::Heartbeat => {
                let promised = || settings::patience(settings::DEFAULT_HEARTBEAT);
                self.patience = Some(self.patience.unwrap_or_else(promised));
            }
            Frame::Event(event) => {
                self.last_event_at = Some(now);
                if self.is_news(cursor.as_ref()) {
                    self.outputs.push_back(Output::Deliver(event));
                }
            }
            Frame::Resync => {
                self.outputs.push_back(Output::Gap);
                self.covered_from.clone_from(&cursor);
            }
            Frame::Shutdown { retry_ms } => {
                self.close();
                self.wait(now, Duration::from_millis(retry_ms).min(settings::LONGEST_WAIT));
                return;
            }
            Frame::Ignored => {}
        }
        if let Some(cursor) = cursor
            && !self.cursor.as_ref().is_some_and(|seen| cursor.is_covered_by(seen))
        {
            self.cursor = Some(cursor);
        }
        self.watch(now);
    }

    /// Whether no event at this position was delivered before.
    fn is_news(&self, cursor: Option<&Cursor>) -> bool {
        match (cursor, &self.cursor) {
            (Some(cursor), Some(seen)) => !cursor.is_covered_by(seen),
            _ => true,
        }
    }

    /// The stream lives.
    fn hear(&mut self, now: Instant, hello: Hello) {
        let had_missed = if hello.resumed {
            if self.covered_from.is_none() {
                self.covered_from.clone_from(&self.asked_from);
            }
            // A read that came back while the stream was opening may be older than where it takes up.
            match (&self.covered_from, &self.oldest_read) {
                (Some(start), Some(oldest)) => !start.is_covered_by(oldest),
                _ => false,
            }
        } else {
            let since_reads = match (&hello.cursor, &self.oldest_read) {
                // What was read reflects at least what the stream starts from, or nothing was read yet.
                (Some(start), Some(oldest)) => !start.is_covered_by(oldest),
                (Some(_), None) => false,
                // The server keeps no log: what was read before this moment may lack something.
                (None, _) => true,
            };
            self.cursor.clone_from(&hello.cursor);
            self.covered_from.clone_from(&hello.cursor);
            self.ever_connected || since_reads
        };
        if had_missed {
            self.outputs.push_back(Output::Gap);
        }
        self.phase = Phase::Connected;
        self.ever_connected = true;
        self.oldest_read = None;
        self.last_connected_at = Some(now);
        self.last_error = None;
        self.patience = hello
            .heartbeat_ms
            .map(|millis| settings::patience(Duration::from_millis(millis)));
        self.timers.cancel(Timer::Connect);
        self.timers.set(Timer::Stable, now + self.settings.stable_after);
        self.watch(now);
    }

    /// Something arrived: the stream may be silent again for as long as it promised. One that promises nothing may be
    /// silent because it is dead, or because the session has ended, and is asked about the latter now and then.
    fn watch(&mut self, now: Instant) {
        match self.patience {
            Some(patience) => {
                self.timers.set(Timer::Watchdog, now + patience);
                self.timers.cancel(Timer::Check);
            }
            None if self.timers.deadline(Timer::Check).is_none() => {
                self.timers.set(Timer::Check, now + self.settings.check_every);
            }
            None => {}
        }
    }

    fn connect(&mut self, now: Instant) {
        self.close();
        self.timers.cancel_all();
        if let Some(earliest) = self.last_open.map(|opened| opened + self.settings.min_open_gap)
            && now < earliest
        {
            return self.wait(now, now.until(earliest));
        }
        self.generation.0 += 1;
        self.last_open = Some(now);
        self.phase = Phase::Connecting;
        self.timers.set(Timer::Connect, now + self.settings.connect_timeout);
        let cursor = self.cursor.clone().or_else(|| self.oldest_read.clone());
        self.asked_from.clone_from(&cursor);
        self.outputs.push_back(Output::Open {
            generation: self.generation,
            cursor,
        });
    }

    fn fail(&mut self, now: Instant, cause: Cause) {
        self.close();
        self.timers.cancel_all();
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(ConnectionError {
            cause,
            at: now,
            attempt: self.failures,
        });
        if self.failures > self.settings.max_retries {
            self.phase = Phase::GivenUp;
        } else {
            let delay = self.settings.backoff.delay(self.failures - 1, self.rng.f64());
            self.wait(now, delay);
        }
    }

    fn wait(&mut self, now: Instant, delay: Duration) {
        self.timers.cancel_all();
        self.phase = Phase::Waiting;
        self.timers.set(Timer::Retry, now + delay);
    }

    /// Closes the stream, if there is one. A transition, not a side effect: no stream is ever closed twice.
    fn close(&mut self) {
        if matches!(self.phase, Phase::Connecting | Phase::Connected) {
            self.outputs.push_back(Output::Close {
                generation: self.generation,
            });
            self.phase = Phase::Waiting;
        }
    }
}
