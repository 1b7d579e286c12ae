//! Reading again and again while nothing tells of changes.
//!
//! If and only if the connection is lost: whoever is told of changes need not ask for them.

use crate::time::Instant;

use super::settings::Settings;

/// How much reading again and again is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Not at all: there is a connection, or none is wanted.
    None,
    /// There is no connection, but nobody could see what is read, or nothing can be read.
    Paused,
    /// There is no connection.
    Now,
}

/// When to read again. Like the connection it knows no clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Polling {
    lost_since: Option<Instant>,
    /// When it was first read in this outage.
    begun: Option<Instant>,
    due: Option<Instant>,
}

impl Polling {
    /// How much it is needed from now on.
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

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Time has passed. Returns whether to read now.
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

    /// Whether it has been read in this outage, and will be again.
    pub(super) fn is_polling(&self) -> bool {
        self.begun.is_some() && self.due.is_some()
    }
}
