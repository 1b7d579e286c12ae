//! Every timer that the connection has.

use crate::time::Instant;

/// Every timer that the connection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The stream has not said hello yet; ends in giving it up.
    Connect,
    /// Waiting before the next attempt.
    Retry,
    /// The stream has not lived long enough to forgive earlier failures.
    Stable,
    /// Nothing has arrived for longer than the server lets pass in silence.
    Watchdog,
    /// The stream promises no heartbeat, so nothing else would tell that the session has ended.
    Check,
}

impl Timer {
    const ALL: [Self; 5] = [Self::Connect, Self::Retry, Self::Stable, Self::Watchdog, Self::Check];
}

/// At most one pending deadline for each timer.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    /// Arms a timer, or moves its deadline.
    pub(super) fn set(&mut self, timer: Timer, deadline: Instant) {
        self.0[timer as usize] = Some(deadline);
    }

    pub(super) fn cancel(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(super) fn cancel_all(&mut self) {
        *self = Self::default();
    }

    pub(super) fn deadline(&self, timer: Timer) -> Option<Instant> {
        self.0[timer as usize]
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes the earliest timer whose deadline has passed.
    pub(super) fn take_expired(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL
            .into_iter()
            .filter(|timer| self.deadline(*timer).is_some_and(|deadline| deadline <= now))
            .min_by_key(|timer| self.deadline(*timer))?;
        self.cancel(timer);
        Some(timer)
    }
}
