//! Moments in time for the pure cores: numbers that are passed in.
//!
//! Nothing here reads a clock; `browser::clock` does. Elapsed time and the time of day are two types. A wait that is
//! measured with a clock that a person may set would end too early, or hours too late.

use std::ops::Add;
use std::time::Duration;

/// A moment on the monotonic clock: milliseconds since the app was loaded.
///
/// Deadlines and ages are measured with it. Instants of different tabs can not be compared. On some systems the clock
/// stands still while the machine sleeps; [`Now`] describes how that is detected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// Returns the moment this many milliseconds after the app was loaded.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the app was loaded.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the time since `earlier`, or zero if `earlier` is in the future.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the time until `later`, or zero if `later` has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        later.since(self)
    }

    /// Returns the moment this long before, or `None` if the app was not loaded by then.
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(millis_of(duration)).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(duration)))
    }
}

/// A moment on the wall clock: milliseconds since the Unix epoch.
///
/// The clock may be set at any time, back or forward. It is for dates that are shown, stored or sent, never for a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochMillis(u64);

impl EpochMillis {
    /// Returns the moment this many milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the time since `earlier`, or zero if `earlier` is in the future.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the time until `later`, or zero if `later` has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        later.since(self)
    }
}

/// The readings of both clocks at the same moment.
///
/// The wall clock goes on while the machine sleeps. If it has advanced by more than the monotonic clock between two
/// readings, the machine has slept or the wall clock was set forward. The two cases look the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The reading of the monotonic clock.
    pub monotonic: Instant,
    /// The reading of the wall clock.
    pub wall: EpochMillis,
}

impl Now {
    /// Returns by how much the wall clock has advanced more than the monotonic clock since `earlier`, or zero if it was
    /// set back.
    #[must_use]
    pub const fn gap_since(self, earlier: Self) -> Duration {
        let wall = self.wall.since(earlier.wall);
        wall.saturating_sub(self.monotonic.since(earlier.monotonic))
    }
}

fn millis_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Duration, EpochMillis, Instant, Now};

    #[test]
    fn only_a_forward_gap_of_clocks_counts() {
        let at = |monotonic, wall| Now {
            monotonic: Instant::from_millis(monotonic),
            wall: EpochMillis::from_millis(wall),
        };
        let begin = at(1_000, 1_000_000);
        let table = [
            (at(2_000, 1_001_000), 0, "both go on"),
            (at(1_000, 8_200_000), 7_200_000, "a sleep that one clock does not count"),
            (at(7_201_000, 8_200_000), 0, "a sleep that both count"),
            (at(2_000, 4_601_000), 3_600_000, "set forward by an hour"),
            (at(2_000, 0), 0, "set back"),
            (at(2_000, 1_000_500), 0, "slowed down"),
        ];
        for (now, gap, case) in table {
            assert_eq!(now.gap_since(begin), Duration::from_millis(gap), "{case}");
        }
    }

    #[test]
    fn no_instant_is_before_the_page() {
        let at = Instant::from_millis(500);
        assert_eq!(at.checked_sub(Duration::from_millis(500)), Some(Instant::default()));
        assert_eq!(at.checked_sub(Duration::from_millis(501)), None);
        assert_eq!(at.checked_sub(Duration::MAX), None);
    }
}
