//! The wait before the next attempt.

use std::time::Duration;

use crate::time::EpochMillis;

/// An exponential backoff. Its jitter only shortens the wait.
///
/// The nominal wait doubles from `base` up to `cap`. The actual wait lies between `nominal * (1 - jitter)` and
/// `nominal`. The cap therefore holds for every random value, and a thousand clients that lost the same server do not
/// return at the same moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The first nominal wait.
    pub base: Duration,
    /// The longest wait.
    pub cap: Duration,
    /// The largest part of the wait that the jitter may take away, from 0 (nothing) to 1 (all of it).
    pub jitter: f64,
}

impl Backoff {
    /// One second, doubled each time, up to half a minute. The jitter takes away up to half.
    pub const DEFAULT: Self = Self {
        base: Duration::from_secs(1),
        cap: Duration::from_secs(30),
        jitter: 0.5,
    };
}

impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Backoff {
    /// Returns the wait before retry number `retry`. The first number is 0. `chance` is drawn uniformly from 0 to 1.
    #[must_use]
    pub fn delay(&self, retry: u32, chance: f64) -> Duration {
        let nominal = self
            .base
            .saturating_mul(1_u32.checked_shl(retry).unwrap_or(u32::MAX))
            .min(self.cap);
        nominal.mul_f64(1.0 - self.jitter.clamp(0.0, 1.0) * chance.clamp(0.0, 1.0))
    }
}

/// Returns the wait that a `Retry-After` header asks for: a number of seconds, or a date (RFC 9110, section 10.2.3).
#[must_use]
pub fn retry_after(text: &str, now: EpochMillis) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = wire::parse_http_date(text)?;
    let date = EpochMillis::from_millis(u64::try_from(date.timestamp_millis()).ok()?);
    Some(now.until(date))
}

#[cfg(test)]
mod tests {
    use super::{Backoff, Duration};

    #[test]
    fn wait_doubles_up_to_the_cap() {
        let backoff = Backoff {
            jitter: 0.0,
            ..Backoff::default()
        };
        let seconds: Vec<u64> = (0..10).map(|retry| backoff.delay(retry, 0.7).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
    }

    #[test]
    fn jitter_only_shortens_and_never_below_half() {
        let backoff = Backoff::default();
        let mut rng = fastrand::Rng::with_seed(7);
        let (mut sum, mut distinct) = (0.0, std::collections::BTreeSet::new());
        for _ in 0..10_000 {
            let delay = backoff.delay(2, rng.f64());
            assert!(
                (Duration::from_secs(2)..=Duration::from_secs(4)).contains(&delay),
                "{delay:?}"
            );
            sum += delay.as_secs_f64();
            distinct.insert(delay.as_millis());
        }
        assert!(
            (sum / 10_000.0 - 3.0).abs() < 0.05,
            "the mean is three quarters of the nominal wait"
        );
        assert!(distinct.len() > 1_000, "the waits differ");
    }

    #[test]
    fn no_retry_number_overflows() {
        for retry in [31, 32, 40, 64, u32::MAX] {
            assert_eq!(
                Backoff {
                    jitter: 0.0,
                    ..Backoff::default()
                }
                .delay(retry, 1.0),
                Duration::from_secs(30)
            );
        }
    }
}
