//! Polling while there is no stream.
//!
//! Polling runs if and only if the connection is lost. A tab that receives changes need not ask for them.

use crate::time::Instant;

use super::settings::Settings;

/// The need for polling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// No polling: there is a connection, or none is wanted.
    None,
    /// There is no connection, but the tab is hidden or there is no network.
    Paused,
    /// There is no connection.
    Now,
}

/// The schedule of polling. Like the connection, it knows no clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Polling {
    lost_since: Option<Instant>,
    /// The time of the first poll in this outage.
    begun: Option<Instant>,
    due: Option<Instant>,
}

impl Polling {
    /// Sets the need for polling.
    pub(super) fn set_need(&mut self, now: Instant, need: Need, settings: &Settings) {
        if need == Need::None || settings.poll_every.is_zero() {
            *self = Self::default();
            return;
        }
        let lost_since = *self.lost_since.get_or_insert(now);
        match need {
            Need::Now if self.due.is_none() => self.due = Some(now.max(lost_since + settings.poll_after)),
            Need::Now => {}
            Need::Paused | Need::None => self.due = None,
        }
    }

    /// Returns the time at which to call [`handle_timeout`](Self::handle_timeout).
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Handles the passing of time. Returns whether to read now.
    pub(super) fn handle_timeout(&mut self, now: Instant, settings: &Settings) -> bool {
        if self.due.is_none_or(|due| now < due) {
            return false;
        }
        let begun = *self.begun.get_or_insert(now);
        let every = if now.since(begun) < settings.poll_slow_after {
            settings.poll_every
        } else {
            settings.poll_slow_every
        };
        self.due = Some(now + every);
        true
    }

    /// Returns whether there was a poll in this outage, and another one is planned.
    pub(super) fn is_polling(&self) -> bool {
        self.begun.is_some() && self.due.is_some()
    }
}
