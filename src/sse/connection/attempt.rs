//! Attempts to open a stream: failures, waits and cooldowns.

use std::time::Duration;

use super::super::output::Output;
use super::super::phase::{Phase, Role};
use super::super::settings::LONGEST_WAIT;
use super::super::status::{Cause, ConnectionError, Failure};
use super::super::timer::Timer;
use super::super::transport::{Answer, Generation};
use super::Connection;
use crate::time::Instant;

impl<E> Connection<E> {
    /// Handles the ticket for a stream, or the failure to get one. Has no effect unless the stream is the newest.
    pub fn handle_ticket(&mut self, now: Instant, generation: Generation, ticket: Result<String, Answer>) {
        if generation != self.generation || self.phase != Phase::Ticketing {
            return;
        }
        match ticket {
            Ok(ticket) => self.open(Some(ticket)),
            Err(answer) => self.classify(now, answer),
        }
    }

    /// Handles the server's reason for refusing a stream. Has no effect unless the stream is the newest.
    pub fn handle_answer(&mut self, now: Instant, generation: Generation, answer: Answer) {
        if generation == self.generation && self.phase == Phase::Probing {
            self.classify(now, answer);
        }
    }

    pub(super) fn connect(&mut self, now: Instant) {
        self.close();
        self.timers.cancel_attempt();
        if self.page.role == Role::Follows {
            self.generation.0 += 1;
            self.phase = Phase::Connecting;
            let (generation, cursor) = (self.generation, self.position.ask());
            return self.outputs.push_back(Output::Join { generation, cursor });
        }
        if !self.page.is_online && !self.history.is_forced {
            return self.wait_for_network(now);
        }
        let earliest = self.history.last_open.map(|opened| opened + self.settings.min_open_gap);
        if let Some(earliest) = earliest.filter(|earliest| now < *earliest) {
            return self.wait(now, now.until(earliest));
        }
        self.generation.0 += 1;
        self.history.last_open = Some(now);
        self.history.not_before = None;
        self.history.is_forced = false;
        self.history.awaits_refresh = false;
        self.timers.set(Timer::Connect, now + self.settings.connect_timeout);
        if self.settings.needs_ticket {
            self.phase = Phase::Ticketing;
            self.outputs.push_back(Output::FetchTicket {
                generation: self.generation,
            });
        } else {
            self.open(None);
        }
    }

    fn open(&mut self, ticket: Option<String>) {
        self.phase = Phase::Connecting;
        let cursor = self.position.ask();
        self.outputs.push_back(Output::Open {
            generation: self.generation,
            cursor,
            ticket,
        });
    }

    /// Makes the next attempt at the end of a wait.
    pub(super) fn try_again(&mut self, now: Instant) {
        if self.phase == Phase::Offline {
            self.history.is_forced = true;
        }
        self.connect(now);
    }

    /// Asks the server why it refused a stream, because browsers do not report the reason.
    pub(super) fn probe(&mut self, now: Instant) {
        if !self.page.is_online {
            return self.fail(now, Cause::Refused);
        }
        self.close();
        self.timers.cancel_attempt();
        self.phase = Phase::Probing;
        self.timers.set(Timer::Probe, now + self.settings.probe_timeout);
        self.outputs.push_back(Output::Probe {
            generation: self.generation,
        });
    }

    fn classify(&mut self, now: Instant, answer: Answer) {
        match answer {
            Answer::Unclear => self.fail(now, Cause::Refused),
            Answer::Unreachable => self.fail(now, Cause::Unreadable),
            Answer::Unauthorized if self.history.was_refreshed => {
                self.give_up(now, Failure::Unauthorized);
                self.outputs.push_back(Output::SessionEnded);
            }
            Answer::Unauthorized => {
                self.note_error(now, Cause::Refused);
                self.outputs.push_back(Output::Refresh);
                self.wait(now, self.settings.refresh_patience);
                self.history.was_refreshed = true;
                self.history.awaits_refresh = true;
            }
            Answer::Forbidden => self.give_up(now, Failure::Forbidden),
            Answer::Missing => self.give_up(now, Failure::Missing),
            Answer::Later(asked) => {
                // A wait that the server asks for does not count as a failure.
                self.note_error(now, Cause::Busy);
                let own = self.settings.backoff.delay(self.history.failures, self.rng.f64());
                self.wait_as_asked(now, asked.max(own));
            }
        }
    }

    /// Handles the failure of an attempt or of a stream.
    pub(super) fn fail(&mut self, now: Instant, cause: Cause) {
        let was_well = self.phase == Phase::Connected && self.history.is_stable;
        self.close();
        if !self.page.is_online {
            return self.wait_for_network(now);
        }
        self.history.failures = self.history.failures.saturating_add(1);
        self.note_error(now, cause);
        if was_well && cause == Cause::Network {
            let spread = self.chance_of(self.settings.spread);
            self.wait(now, spread);
        } else if self.history.failures > self.settings.max_retries {
            self.rest(now);
        } else {
            let delay = self.settings.backoff.delay(self.history.failures - 1, self.rng.f64());
            self.wait(now, delay);
        }
    }

    pub(super) fn note_error(&mut self, now: Instant, cause: Cause) {
        self.last_error = Some(ConnectionError {
            cause,
            at: now,
            attempt: self.history.failures.max(1),
        });
    }

    pub(super) fn give_up(&mut self, now: Instant, failure: Failure) {
        self.close();
        self.timers.cancel_attempt();
        self.note_error(now, Cause::Final(failure));
        self.phase = Phase::Failed(failure);
    }

    /// Starts a cooldown after many retries. Frequent attempts do not help a server that is in trouble.
    fn rest(&mut self, now: Instant) {
        let doubled = 1_u32.checked_shl(self.history.rests).unwrap_or(u32::MAX);
        let rest = self.settings.rest.saturating_mul(doubled).min(self.settings.rest_cap);
        self.history.rests = self.history.rests.saturating_add(1);
        self.wait(now, rest);
        self.phase = Phase::Resting;
    }

    pub(super) fn wait_for_network(&mut self, now: Instant) {
        self.close();
        self.wait(now, self.settings.offline_retry);
        self.phase = Phase::Offline;
    }

    /// Waits at least as long as the server has asked, up to [`LONGEST_WAIT`].
    pub(super) fn wait_as_asked(&mut self, now: Instant, asked: Duration) {
        let delay = asked.min(LONGEST_WAIT);
        self.history.not_before = Some(now + delay);
        let spread = self.chance_of(self.settings.spread);
        self.wait(now, delay + spread);
    }

    pub(super) fn wait(&mut self, now: Instant, delay: Duration) {
        self.timers.cancel_attempt();
        self.phase = Phase::Waiting;
        self.history.awaits_refresh = false;
        self.timers.set(Timer::Retry, now + delay);
    }

    /// Brings the next attempt forward, if one is planned. Past failures still count.
    pub(super) fn hurry(&mut self, now: Instant, delay: Duration) {
        let is_waiting = match self.phase {
            Phase::Waiting => !self.history.awaits_refresh,
            Phase::Resting => true,
            Phase::Offline => self.page.is_online,
            _ => false,
        };
        if is_waiting {
            let soon = (now + delay).max(self.history.not_before.unwrap_or_default());
            let due = self.timers.deadline(Timer::Retry).map_or(soon, |due| due.min(soon));
            self.wait(now, now.until(due));
        }
    }

    /// Replaces a stream that is well by another one, before it ends.
    pub(super) fn renew(&mut self, now: Instant) {
        self.close();
        self.connect(now);
    }

    /// Returns a random duration between zero and `most`.
    pub(super) fn chance_of(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.rng.f64())
    }

    /// Closes the stream, if there is one. The phase changes at the same time, so no stream is ever closed twice.
    pub(super) fn close(&mut self) {
        if matches!(self.phase, Phase::Connecting | Phase::Connected) {
            self.outputs.push_back(Output::Close {
                generation: self.generation,
            });
            self.phase = Phase::Idle;
            self.page.is_cut_off = false;
        }
    }
}
