//! Moments, as the pure cores see them: numbers that are passed in.
//!
//! Nothing here reads a clock; `browser::clock` does. Time that passes and the time of day are two types: a wait counted
//! with a clock that somebody may set would end too early, or hours too late.

use std::ops::Add;
use std::time::Duration;

/// A moment on a clock that only goes forward: milliseconds since the page began.
///
/// Deadlines and ages are counted with it. Instants of different pages can not be compared. The clock of some systems
/// stands still while the machine sleeps; [`Now`] says how that is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The moment this many milliseconds after the page began.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the page began.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero if it is yet to come.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// How long until `later`; zero if it has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        later.since(self)
    }

    /// The moment this long before; `None` if the page had not begun by then.
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
/// The clock may be set, back or forward, at any time: for dates that are shown, written down or sent, never for a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochMillis(u64);

impl EpochMillis {
    /// The moment this many milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero if it is yet to come.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// How long until `later`; zero if it has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        later.since(self)
    }
}

/// Both clocks, read at the same moment.
///
/// The wall clock goes on while the machine sleeps. If it has advanced by more than the monotonic clock between two
/// readings, the machine has slept, or the clock was set forward, which looks the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The clock that only goes forward.
    pub monotonic: Instant,
    /// The clock on the wall.
    pub wall: EpochMillis,
}

impl Now {
    /// How much more the wall clock has advanced since `earlier` than the monotonic clock; zero if it was set back.
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
