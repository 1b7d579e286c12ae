//! The timers of the connection.

use std::time::Duration;

use crate::time::Instant;

/// The timers of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The stream has not sent its hello yet. The attempt fails when this fires.
    Connect,
    /// The server has not answered yet why it refused.
    Probe,
    /// The wait before the next attempt.
    Retry,
    /// The stream has not lived long enough to reset earlier failures.
    Stable,
    /// The longest silence that the server allows.
    Watchdog,
    /// The next reading of the clock. A clock that has jumped means that the machine slept.
    Tick,
    /// The liveness check after sleep. Messages that have arrived meanwhile get a moment to be handled.
    Grace,
    /// The browser reports no network, which may be a flap.
    Flap,
    /// The browser reports no network, but the stream may still be alive.
    OfflineGrace,
    /// The stream promises no heartbeat, so nothing else would show that the session has ended.
    Check,
    /// The latest moment to open another stream, because the session behind this one ends soon.
    Renew,
    /// The tab is hidden. It gives its stream up when this fires.
    Release,
    /// Events were missed, and the gap is about to be reported.
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

    /// Cancels the timers of one attempt to connect. Timers that outlive an attempt stay.
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

    /// Returns the earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes the earliest timer whose deadline has passed, and the time since its deadline.
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
