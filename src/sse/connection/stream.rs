//! The messages of a stream, and its liveness.

use std::time::Duration;

use super::super::output::Output;
use super::super::phase::{Phase, Role};
use super::super::settings;
use super::super::status::{Cause, Failure};
use super::super::timer::Timer;
use super::super::transport::{Frame, Generation, Hello, Message, Signal};
use super::Connection;
use crate::time::Instant;

impl<E> Connection<E> {
    /// Handles a signal of a stream. Has no effect unless the stream is the newest.
    pub fn handle_signal(&mut self, now: Instant, generation: Generation, signal: Signal<E>) {
        if generation != self.generation || !matches!(self.phase, Phase::Connecting | Phase::Connected) {
            return;
        }
        let follows = self.page.role == Role::Follows;
        match signal {
            Signal::Opened if self.settings.expects_hello || follows || self.phase == Phase::Connected => {}
            Signal::Opened => self.begin(now, &Hello::default()),
            Signal::Message(message) => self.handle_message(now, message),
            // The leader is not connected, or another tab has become the leader. The follower joins again.
            Signal::Lost | Signal::Refused | Signal::Nowhere if follows => self.connect(now),
            Signal::Lost => self.fail(now, Cause::Network),
            Signal::Refused if self.phase == Phase::Connected => self.fail(now, Cause::Refused),
            Signal::Refused => self.probe(now),
            Signal::Nowhere => self.give_up(now, Failure::Missing),
        }
    }

    fn handle_message(&mut self, now: Instant, message: Message<E>) {
        let Message { cursor, frame } = message;
        if let Frame::Hello(hello) = &frame {
            return self.begin(now, hello);
        }
        if self.phase == Phase::Connecting {
            // The first message is no hello, so the server sends none.
            self.begin(now, &Hello::default());
        }
        match frame {
            Frame::Hello(_) | Frame::Ignored => {}
            Frame::Heartbeat => {
                if self.patience.is_none() && !self.is_silence_allowed {
                    self.patience = settings::patience(settings::DEFAULT_HEARTBEAT);
                }
            }
            Frame::Event(event) => {
                self.last_event_at = Some(now);
                if self.position.is_news(cursor.as_ref()) {
                    self.outputs.push_back(Output::Deliver(event));
                }
            }
            Frame::Resync => {
                self.position.skip(cursor.as_ref());
                self.miss(now, Duration::ZERO);
            }
            Frame::Shutdown { retry_ms } => {
                self.close();
                return self.wait_as_asked(now, Duration::from_millis(retry_ms));
            }
            Frame::AuthExpiring { in_ms } => {
                self.outputs.push_back(Output::Refresh);
                self.timers.set(
                    Timer::Renew,
                    now + Duration::from_millis(in_ms).min(settings::LONGEST_WAIT) / 2,
                );
            }
        }
        self.position.advance(cursor);
        self.watch(now);
    }

    /// Handles the start of a stream.
    fn begin(&mut self, now: Instant, hello: &Hello) {
        let had_missed = self.position.begin(hello, self.history.was_connected);
        let spread = if self.history.was_connected {
            self.settings.gap_spread
        } else {
            Duration::ZERO
        };
        self.phase = Phase::Connected;
        self.history.was_connected = true;
        self.history.is_stable = false;
        self.history.was_refreshed = false;
        self.last_connected_at = Some(now);
        self.last_error = None;
        self.timers.cancel(Timer::Connect);
        if had_missed || self.has_gap {
            self.miss(now, spread);
        }
        let heartbeat = hello.heartbeat_ms.map(Duration::from_millis);
        self.patience = heartbeat.and_then(settings::patience);
        self.is_silence_allowed = heartbeat.is_some_and(|heartbeat| heartbeat.is_zero());
        if self.page.role != Role::Follows {
            self.outputs.push_back(Output::Begun(hello.clone()));
            self.timers.set(Timer::Stable, now + self.settings.stable_after);
            self.arm_tick(now);
        }
        self.watch(now);
    }

    /// Handles a message: the stream may be silent again for as long as it has promised. A stream without such a
    /// promise may be silent because it is dead, or because the session has ended. So the session is checked at
    /// intervals.
    pub(super) fn watch(&mut self, now: Instant) {
        self.heard_at = now;
        self.page.is_cut_off = false;
        self.timers.cancel(Timer::Grace);
        if self.page.role == Role::Follows {
            // A follower does not watch the stream: `tabs` checks the liveness of the leader.
            return;
        }
        match self.patience {
            Some(patience) => {
                self.timers.set(Timer::Watchdog, now + patience);
                self.timers.cancel(Timer::Check);
            }
            None if !self.timers.is_set(Timer::Check) => {
                self.timers.set(Timer::Check, now + self.settings.check_every);
            }
            None => {}
        }
    }

    pub(super) fn arm_tick(&mut self, now: Instant) {
        if self.page.is_visible && self.phase == Phase::Connected && self.page.role != Role::Follows {
            self.timers.set(Timer::Tick, now + self.settings.tick);
        }
    }

    /// Starts a liveness check, because the stream may have died unnoticed. Messages that arrived meanwhile are handled
    /// only after the event that woke the tab, so the silence up to now says nothing.
    pub(super) fn doubt(&mut self, now: Instant) {
        if self.phase == Phase::Connected && self.page.role != Role::Follows && !self.timers.is_set(Timer::Grace) {
            self.timers.cancel(Timer::Watchdog);
            self.timers.set(Timer::Grace, now + self.settings.wake_grace);
        }
    }

    /// Handles a sleep of the machine, or a change of the clock, that no timer shows.
    pub fn handle_sleep(&mut self, now: Instant) {
        self.doubt(now);
    }

    /// Ends a liveness check in which nothing has arrived.
    pub(super) fn wake(&mut self, now: Instant) {
        self.close();
        if !self.page.is_online {
            return self.wait_for_network(now);
        }
        self.history.failures = 0;
        self.note_error(now, Cause::Silence);
        let spread = self.chance_of(self.settings.spread / 2);
        self.wait(now, spread);
    }
}
