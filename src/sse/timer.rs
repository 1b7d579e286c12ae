//! Every timer that the connection has.

use std::time::Duration;

use crate::time::Instant;

/// Every timer that the connection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The stream has not said hello yet; ends in giving it up.
    Connect,
    /// The server has not said yet why it refused.
    Probe,
    /// Waiting before the next attempt.
    Retry,
    /// The stream has not lived long enough to forgive earlier failures.
    Stable,
    /// Nothing has arrived for longer than the server lets pass in silence.
    Watchdog,
    /// Looks at the clock: one that has jumped means that the machine slept.
    Tick,
    /// The page, or the machine, slept: what has arrived meanwhile gets a moment to be heard.
    Grace,
    /// The browser says that there is no network; it may only flap.
    Flap,
    /// The browser says that there is no network, but the stream may not know.
    OfflineGrace,
    /// The stream promises no heartbeat, so nothing else would tell that the session has ended.
    Check,
    /// The session behind the stream ends soon: the latest moment to open another.
    Renew,
    /// Nobody has looked at the page for so long that it does not need a stream.
    Release,
    /// Something was missed, and is about to be said so.
    Gap,
}

impl Timer {
    const ALL: [Self; 13] = [
        Self::Connect,
        Self::Probe,
        Self::Retry,
        Self::Stable,
        Self::Watchdog,
        Self::Tick,
        Self::Grace,
        Self::Flap,
        Self::OfflineGrace,
        Self::Check,
        Self::Renew,
        Self::Release,
        Self::Gap,
    ];
}

/// At most one pending deadline for each timer.
#[derive(Clone, Debug, Default)]
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

    /// Cancels whatever belongs to one attempt to be connected; what outlives it stays.
    pub(super) fn cancel_attempt(&mut self) {
        for timer in Timer::ALL {
            if timer != Timer::Release {
                self.cancel(timer);
            }
        }
    }

    pub(super) fn deadline(&self, timer: Timer) -> Option<Instant> {
        self.0[timer as usize]
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.deadline(timer).is_some()
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes the earliest timer whose deadline has passed, and by how much it has.
    pub(super) fn take_expired(&mut self, now: Instant) -> Option<(Timer, Duration)> {
        let expired = Timer::ALL.into_iter().filter_map(|timer| {
            let deadline = self.deadline(timer).filter(|deadline| *deadline <= now)?;
            Some((timer, deadline))
        });
        let (timer, deadline) = expired.min_by_key(|(_, deadline)| *deadline)?;
        self.cancel(timer);
        Some((timer, now.since(deadline)))
    }
}
