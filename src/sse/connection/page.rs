//! Changes of the tab and of the network.

use super::super::phase::{Phase, Role};
use super::super::status::{State, Status};
use super::super::timer::Timer;
use super::Connection;
use crate::time::Instant;

impl<E> Connection<E> {
    /// Sets the role of the tab, which determines the stream that it receives.
    pub fn set_role(&mut self, now: Instant, role: Role) {
        if role == self.page.role {
            return;
        }
        self.close();
        self.timers.cancel_attempt();
        self.page.role = role;
        self.phase = Phase::Idle;
        self.leader = None;
        self.history.is_released = false;
        self.timers.cancel(Timer::Release);
        self.arm_release(now);
        self.reconcile(now);
    }

    /// Handles the leader's status.
    pub fn handle_leader(&mut self, status: Status) {
        if self.is_signed_in && self.page.role == Role::Follows {
            if status.state == State::Connected {
                // The leader receives the same network state from the browser. It is connected, so a message has
                // arrived there.
                self.page.is_cut_off = false;
            }
            self.leader = Some(status);
        }
    }

    /// Handles the browser's report that there is a network, or none.
    pub fn set_online(&mut self, now: Instant, online: bool) {
        let was_online = std::mem::replace(&mut self.page.is_online, online);
        if was_online == online {
            return;
        }
        if online {
            self.timers.cancel(Timer::Flap);
        } else {
            self.page.offline_at = now;
            if self.phase == Phase::Connected {
                self.timers.set(Timer::Flap, now + self.settings.offline_flap);
            }
        }
        if self.page.role == Role::Follows {
            // The leader finds out whether the stream is still alive.
            if online {
                self.page.is_cut_off = false;
            }
            return;
        }
        if online {
            self.timers.cancel(Timer::OfflineGrace);
            let was_silent = self.page.is_cut_off || self.heard_at < self.page.offline_at;
            if self.phase == Phase::Connected && was_silent {
                self.doubt(now);
            }
            let spread = self.chance_of(self.settings.spread);
            self.hurry(now, spread);
        } else {
            match self.phase {
                Phase::Connected => self.timers.set(Timer::OfflineGrace, now + self.settings.offline_grace),
                Phase::Ticketing | Phase::Connecting | Phase::Probing | Phase::Waiting => self.wait_for_network(now),
                Phase::Idle | Phase::Offline | Phase::Resting | Phase::Failed(_) => {}
            }
        }
    }

    /// Handles the end of the time in which the network may flap. If nothing has arrived since the loss, the stream
    /// must not count as connected. It stays open for a while.
    pub(super) fn end_flap(&mut self) {
        if !self.page.is_online && self.phase == Phase::Connected && self.heard_at <= self.page.offline_at {
            self.page.is_cut_off = true;
        }
    }

    /// Handles the end of the grace period after the loss of the network.
    pub(super) fn end_offline_grace(&mut self, now: Instant) {
        if self.page.is_online {
            return;
        }
        if self.heard_at > self.page.offline_at {
            // Messages still arrive, so there is a network. Its loss will show in the silence of the stream.
            self.page.offline_at = now;
            let patience = self.patience.unwrap_or(self.settings.offline_retry);
            self.timers.set(Timer::OfflineGrace, now + patience);
        } else {
            self.wait_for_network(now);
        }
    }

    /// Handles a change of the tab's visibility.
    pub fn set_visible(&mut self, now: Instant, visible: bool) {
        let was_visible = std::mem::replace(&mut self.page.is_visible, visible);
        if was_visible == visible {
            return;
        }
        if visible {
            self.timers.cancel(Timer::Release);
            self.history.is_released = false;
            self.reconcile(now);
            self.arm_tick(now);
            self.handle_opportunity(now);
        } else {
            self.timers.cancel(Timer::Tick);
            self.arm_release(now);
        }
    }

    /// Handles the return of a person to this tab or to one of its followers. The next attempt is brought forward, and
    /// a silent stream undergoes a liveness check.
    pub fn handle_opportunity(&mut self, now: Instant) {
        if self.patience.is_some_and(|patience| now > self.heard_at + patience / 2) {
            self.doubt(now);
        }
        self.hurry(now, self.settings.opportunity_delay);
    }

    /// Closes the stream of a tab that is about to be frozen. The browser would reopen an open stream when the tab
    /// comes back.
    pub fn suspend(&mut self, now: Instant) {
        self.page.is_suspended = true;
        self.reconcile(now);
    }

    /// Handles the return of a frozen tab. The attempt comes a little later, as it does after every opportunity.
    pub fn resume(&mut self, now: Instant) {
        if std::mem::replace(&mut self.page.is_suspended, false)
            && self.is_wanted()
            && self.page.role != Role::Follows
            && self.phase == Phase::Idle
        {
            self.wait(now, self.settings.opportunity_delay);
        }
        self.reconcile(now);
    }

    pub(super) fn arm_release(&mut self, now: Instant) {
        if self.is_signed_in && !self.page.is_visible && self.page.role == Role::Alone {
            self.timers.set(Timer::Release, now + self.settings.release_after);
        }
    }
}
