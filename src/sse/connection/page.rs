//! What happens to the page and to the network.

use super::super::phase::{Phase, Role};
use super::super::status::{State, Status};
use super::super::timer::Timer;
use super::Connection;
use crate::time::Instant;

impl<E> Connection<E> {
    /// Whose stream this page listens to from now on.
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

    /// What the page that leads says of its connection.
    pub fn handle_leader(&mut self, status: Status) {
        if self.is_signed_in && self.page.role == Role::Follows {
            if status.state == State::Connected {
                // It hears the browser as we do, so something has arrived there.
                self.page.is_cut_off = false;
            }
            self.leader = Some(status);
        }
    }

    /// The browser says that there is a network, or that there is none.
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
            // Whether the stream still lives is for the page that leads to find out.
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

    /// The network has been gone for longer than it takes to flap. If nothing has arrived since, nobody may take the
    /// stream for alive; the stream is kept for a while.
    pub(super) fn end_flap(&mut self) {
        if !self.page.is_online && self.phase == Phase::Connected && self.heard_at <= self.page.offline_at {
            self.page.is_cut_off = true;
        }
    }

    /// The network was said to be gone a while ago.
    pub(super) fn end_offline_grace(&mut self, now: Instant) {
        if self.page.is_online {
            return;
        }
        if self.heard_at > self.page.offline_at {
            // The stream still speaks, so there is a network: its own silence will tell when there is none.
            self.page.offline_at = now;
            let patience = self.patience.unwrap_or(self.settings.offline_retry);
            self.timers.set(Timer::OfflineGrace, now + patience);
        } else {
            self.wait_for_network(now);
        }
    }

    /// The page can be seen, or no longer.
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

    /// A person has come back, to this page or to one that listens to it: a good moment to try, or to find out
    /// whether a stream that has been silent still lives.
    pub fn handle_opportunity(&mut self, now: Instant) {
        if self.patience.is_some_and(|patience| now > self.heard_at + patience / 2) {
            self.doubt(now);
        }
        self.hurry(now, self.settings.opportunity_delay);
    }

    /// The page is put away: a stream that is left open would be opened anew by the browser when the page comes back.
    pub fn suspend(&mut self, now: Instant) {
        self.page.is_suspended = true;
        self.reconcile(now);
    }

    /// The page is back as it was. As with any good moment, the attempt comes a little later.
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
