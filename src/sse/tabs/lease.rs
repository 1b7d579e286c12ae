//! The liveness check of the leader.

use super::super::phase::Role;
use super::super::settings::Settings;
use super::telling::Word;
use super::{TabOutput, Tabs};
use crate::time::Instant;

impl Tabs {
    /// Handles a change of the tab's visibility.
    pub(in crate::sse) fn set_visible(&mut self, now: Instant, visible: bool, settings: &Settings) {
        self.is_visible = visible;
        if !visible {
            self.ping_at = None;
        } else if self.role == Role::Follows {
            self.say("", Word::Opportunity);
            self.heard_at = now;
            self.ping(now, settings);
        }
    }

    pub(in crate::sse) fn handle_timeout(&mut self, now: Instant, settings: &Settings) {
        let Some(due) = self.ping_at.filter(|due| *due <= now) else {
            return;
        };
        if now.since(due) > settings.late_after {
            // This tab has slept, and so perhaps has the leader.
            self.heard_at = now;
        }
        if now.since(self.heard_at) >= settings.lead_lease {
            self.heard_at = now;
            self.lose();
            self.outputs.push_back(TabOutput::Steal);
        }
        self.ping(now, settings);
    }

    /// Handles a sleep of the machine. The leader has slept as well.
    pub(in crate::sse) fn handle_sleep(&mut self, now: Instant, settings: &Settings) {
        if self.role == Role::Follows {
            self.heard_at = now;
            self.ping(now, settings);
        }
    }

    /// Pings the leader, and plans the next ping if this tab is visible.
    pub(super) fn ping(&mut self, now: Instant, settings: &Settings) {
        if self.role == Role::Follows {
            self.say("", Word::Ping);
            let next = (now + settings.lead_ping).min(self.heard_at + settings.lead_lease);
            self.ping_at = self.is_visible.then_some(next);
        }
    }
}
