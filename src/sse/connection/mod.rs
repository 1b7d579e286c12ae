//! The core of one connection to the server's event stream.
//!
//! Knows nothing of browsers, clocks, cookies or the meaning of events: the caller passes inputs in and carries outputs
//! out. This module holds the state, the sign-in and the timers. `attempt` opens streams, handles failures and waits,
//! `stream` handles the messages of a stream, `page` handles changes of the tab and the network, and `position`
//! determines whether events were missed.

mod attempt;
mod page;
mod position;
mod stream;

use std::collections::VecDeque;
use std::time::Duration;

use wire::Cursor;

use super::output::Output;
use super::phase::{Phase, Role};
use super::polling::Need;
use super::settings::Settings;
use super::status::{Cause, ConnectionError, State, Status};
use super::timer::{Timer, Timers};
use super::transport::Generation;
use crate::time::Instant;
use position::Position;

/// The core of one connection to the server's event stream.
///
/// The methods are of three kinds. `handle_*`, `set_*`, [`start`](Self::start), [`stop`](Self::stop),
/// [`suspend`](Self::suspend), [`resume`](Self::resume) and [`retry`](Self::retry) are inputs. [`poll`](Self::poll)
/// returns the next output; the caller calls it until it returns `None` after each input.
/// [`poll_timeout`](Self::poll_timeout) returns the time at which to call [`handle_timeout`](Self::handle_timeout); a
/// call that comes too early does nothing, and a call that comes late shows that the machine slept.
/// [`status`](Self::status) is for display.
///
/// Any call is allowed at any time. A call that makes no sense has no effect. The same calls with the same seed have
/// the same outputs.
#[derive(Clone, Debug)]
pub struct Connection<E> {
    settings: Settings,
    rng: fastrand::Rng,
    phase: Phase,
    timers: Timers,
    page: Page,
    /// The last status that the leader sent.
    leader: Option<Status>,
    is_signed_in: bool,
    /// The number of the newest stream, open or closed.
    generation: Generation,
    history: History,
    position: Position,
    /// The silence after which the stream counts as dead; `None` while the server promises no heartbeat.
    patience: Option<Duration>,
    /// Whether the server has announced that it sends no heartbeats at all.
    is_silence_allowed: bool,
    /// The time of the last message on the stream.
    heard_at: Instant,
    /// Whether events were missed and the gap has not been reported yet.
    has_gap: bool,
    last_error: Option<ConnectionError>,
    last_connected_at: Option<Instant>,
    last_event_at: Option<Instant>,
    outputs: VecDeque<Output<E>>,
}

/// The state of the tab and the network, which does not depend on the sign-in.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Page {
    role: Role,
    is_online: bool,
    /// The time at which the browser reported the loss of the network.
    offline_at: Instant,
    /// Whether the stream counts as cut off: the browser has reported no network for longer than a moment, and nothing
    /// has arrived since.
    is_cut_off: bool,
    is_visible: bool,
    is_suspended: bool,
}

/// The past attempts of this sign-in.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct History {
    /// The number of failures in a row.
    failures: u32,
    /// The number of cooldowns in a row.
    rests: u32,
    last_open: Option<Instant>,
    /// The earliest time of the next attempt, if the server has asked for one. An attempt that a person asks for may be
    /// earlier.
    not_before: Option<Instant>,
    /// Whether a stream of this sign-in has connected.
    was_connected: bool,
    /// Whether the stream has lived long enough to reset earlier failures.
    is_stable: bool,
    /// Whether the next attempt is made even if the browser reports no network.
    is_forced: bool,
    /// Whether a renewal of the session was asked for since the last success.
    was_refreshed: bool,
    /// Whether the next attempt waits for the renewal of the session.
    awaits_refresh: bool,
    /// Whether the tab gave its stream up because it was hidden for long.
    is_released: bool,
}

impl<E> Connection<E> {
    /// Creates a connection that does nothing until [`start`](Self::start). The seed determines its jitter.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            rng: fastrand::Rng::with_seed(seed),
            phase: Phase::Idle,
            timers: Timers::default(),
            page: Page {
                role: Role::Alone,
                is_online: true,
                offline_at: Instant::default(),
                is_cut_off: false,
                is_visible: true,
                is_suspended: false,
            },
            leader: None,
            is_signed_in: false,
            generation: Generation::default(),
            history: History::default(),
            position: Position::default(),
            patience: None,
            is_silence_allowed: false,
            heard_at: Instant::default(),
            has_gap: false,
            last_error: None,
            last_connected_at: None,
            last_event_at: None,
            outputs: VecDeque::new(),
        }
    }

    /// Returns the status for display.
    #[must_use]
    pub fn status(&self) -> Status {
        if !self.is_signed_in {
            return Status::default();
        }
        let trying = if self.history.was_connected {
            State::Reconnecting
        } else {
            State::Connecting
        };
        if let Some(leader) = self.leader.as_ref().filter(|_| self.phase == Phase::Connecting) {
            // The follower is not connected as long as the leader does not relay events to it.
            let state = match leader.state {
                State::Connected | State::Disconnected | State::Connecting | State::Reconnecting => trying,
                State::Error => State::Error,
            };
            return Status {
                state,
                last_connected_at: self.last_connected_at,
                last_event_at: self.last_event_at,
                ..leader.clone()
            };
        }
        Status {
            state: match self.phase {
                Phase::Idle if self.page.is_suspended || self.history.is_released => State::Disconnected,
                Phase::Connected if !self.page.is_cut_off => State::Connected,
                Phase::Resting | Phase::Failed(_) => State::Error,
                Phase::Idle
                | Phase::Connected
                | Phase::Ticketing
                | Phase::Connecting
                | Phase::Probing
                | Phase::Waiting
                | Phase::Offline => trying,
            },
            last_error: self.last_error,
            last_connected_at: self.last_connected_at,
            last_event_at: self.last_event_at,
            retry_at: self.timers.deadline(Timer::Retry),
            is_offline: self.phase == Phase::Offline || (self.page.is_cut_off && !self.page.is_online),
            is_polling: false,
        }
    }

    /// Returns whether changes arrive as they happen, and none was missed.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.phase == Phase::Connected && !self.page.is_cut_off && !self.has_gap
    }

    /// Returns whether this is the newest stream of the tab itself, and is open or being opened.
    #[must_use]
    pub fn is_open(&self, generation: Generation) -> bool {
        let is_open = matches!(self.phase, Phase::Connecting | Phase::Connected);
        is_open && generation == self.generation && self.page.role != Role::Follows
    }

    /// Returns the need for polling.
    #[must_use]
    pub fn need(&self) -> Need {
        match self.phase {
            Phase::Failed(_) | Phase::Idle => Need::None,
            Phase::Connected if !self.page.is_cut_off => Need::None,
            _ if !self.page.is_visible || !self.page.is_online => Need::Paused,
            _ => Need::Now,
        }
    }

    /// Returns the next output. The caller calls it until it returns `None` after every other call.
    #[must_use]
    pub fn poll(&mut self) -> Option<Output<E>> {
        self.outputs.pop_front()
    }

    /// Returns the time at which to call [`handle_timeout`](Self::handle_timeout). Any other call may change it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Starts after a person has signed in.
    pub fn start(&mut self, now: Instant) {
        if !self.is_signed_in {
            self.is_signed_in = true;
            self.arm_release(now);
            self.reconcile(now);
        }
    }

    /// Stops after the person has signed out, and forgets everything about them. Late signals of their stream have no
    /// effect.
    pub fn stop(&mut self) {
        if !self.is_signed_in {
            return;
        }
        self.close();
        self.timers.cancel_all();
        self.phase = Phase::Idle;
        self.is_signed_in = false;
        self.generation.0 += 1;
        self.history = History::default();
        self.position = Position::default();
        self.patience = None;
        self.has_gap = false;
        self.leader = None;
        self.last_error = None;
        self.last_connected_at = None;
        self.last_event_at = None;
        self.outputs.retain(|output| matches!(output, Output::Close { .. }));
    }

    /// Retries now, because the person asks for it.
    pub fn retry(&mut self, now: Instant) {
        if matches!(
            self.phase,
            Phase::Waiting | Phase::Resting | Phase::Offline | Phase::Failed(_)
        ) {
            self.history = History {
                last_open: self.history.last_open,
                was_connected: self.history.was_connected,
                is_released: self.history.is_released,
                is_forced: true,
                ..History::default()
            };
            self.start_over(now);
        }
    }

    /// Handles the answer that the session is alive, and was renewed if needed.
    pub fn handle_refreshed(&mut self, now: Instant) {
        match self.phase {
            Phase::Failed(super::status::Failure::Unauthorized) => {
                self.history.failures = 0;
                self.history.was_refreshed = false;
                self.start_over(now);
            }
            Phase::Waiting if self.history.awaits_refresh => self.connect(now),
            Phase::Connected if self.timers.is_set(Timer::Renew) => self.renew(now),
            _ => {}
        }
    }

    /// Handles the end of a fetch. `position` is the log position that the data reflects, if the server reports it.
    ///
    /// A fetch from before the start of the stream's coverage may lack a change that no event reports.
    pub fn handle_read(&mut self, now: Instant, position: Option<Cursor>) {
        if let Some(position) = position
            && self.is_signed_in
            && self.position.read(position)
        {
            self.miss(now, Duration::ZERO);
        }
    }

    /// Handles the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((timer, late)) = self.timers.take_expired(now) {
            let has_slept = late > self.settings.late_after;
            match timer {
                Timer::Connect => self.fail(now, Cause::Timeout),
                Timer::Probe => self.fail(now, Cause::Refused),
                Timer::Retry => self.try_again(now),
                Timer::Stable => {
                    self.history.is_stable = true;
                    self.history.failures = 0;
                    self.history.rests = 0;
                }
                Timer::Watchdog if has_slept => self.doubt(now),
                Timer::Watchdog => self.fail(now, Cause::Silence),
                Timer::Tick => {
                    self.timers.set(Timer::Tick, now + self.settings.tick);
                    if has_slept {
                        self.doubt(now);
                    }
                }
                Timer::Grace => self.wake(now),
                Timer::Flap => self.end_flap(),
                Timer::OfflineGrace => self.end_offline_grace(now),
                Timer::Check => {
                    self.outputs.push_back(Output::Refresh);
                    self.watch(now);
                }
                Timer::Renew => self.renew(now),
                Timer::Release => {
                    self.history.is_released = true;
                    self.reconcile(now);
                }
                Timer::Gap => {
                    self.has_gap = false;
                    self.outputs.push_back(Output::Gap);
                }
            }
        }
    }

    /// Notes a gap. It is reported once the stream is connected, together with all further gaps until then.
    fn miss(&mut self, now: Instant, spread: Duration) {
        self.has_gap = true;
        if self.phase == Phase::Connected && !self.timers.is_set(Timer::Gap) {
            let wait = self.settings.gap_delay + spread.mul_f64(self.rng.f64());
            self.timers.set(Timer::Gap, now + wait);
        }
    }

    /// Returns whether there should be a stream.
    fn is_wanted(&self) -> bool {
        self.is_signed_in
            && !self.page.is_suspended
            && !self.history.is_released
            && self.page.role != Role::Undecided
            && !matches!(self.phase, Phase::Failed(_))
    }

    fn start_over(&mut self, now: Instant) {
        self.timers.cancel_attempt();
        self.phase = Phase::Idle;
        self.reconcile(now);
    }

    /// Opens a missing stream, or closes an unwanted one, after a change of the conditions.
    fn reconcile(&mut self, now: Instant) {
        if self.is_wanted() {
            if self.phase == Phase::Idle {
                self.connect(now);
            }
        } else if !matches!(self.phase, Phase::Failed(_)) {
            self.close();
            self.timers.cancel_attempt();
            self.phase = Phase::Idle;
        }
    }
}
