//! Failed guesses of a secret, with increasing waits that limit the guesses in an hour.
//!
//! An hour allows at most a hundred guesses for one key (OWASP ASVS 4.0.3, 2.2.1): some failures without a wait, then
//! waits that double up to a minute. `governor` limits at an even rate and does not support such waits.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest wait. Sixty of them make an hour.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The time without a failure after which the failures of a key are removed.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60 * 60);

/// The number of keys above which keys without a wait are removed. They take some ten megabytes in total. A client can
/// invent any number of addresses.
const MOST_KEYS: usize = 100_000;

/// The failures of each key.
#[derive(Debug)]
pub(super) struct Failures<K> {
    /// The number of failures without a wait.
    at_once: u32,
    /// The wait after the next failure.
    first_wait: Duration,
    keys: Mutex<HashMap<K, Counted>>,
}

#[derive(Clone, Copy, Debug)]
struct Counted {
    failures: u32,
    last: Instant,
}

impl<K: Clone + Eq + Hash> Failures<K> {
    pub(super) fn new(at_once: u32, first_wait: Duration) -> Self {
        Self {
            at_once,
            first_wait,
            keys: Mutex::default(),
        }
    }

    /// Counts an attempt as a failure before the secret is checked, so that concurrent attempts count as well. If the
    /// attempt is too early, returns the time to wait.
    pub(super) fn begin(&self, key: &K, now: Instant) -> Result<(), Duration> {
        let mut keys = self.lock();
        if keys.len() >= MOST_KEYS && !keys.contains_key(key) {
            // Removes the keys that do not wait yet. A key that is being guessed has a wait and stays.
            keys.retain(|_, counted| counted.failures >= self.at_once);
        }
        let counted = keys.entry(key.clone()).or_insert(Counted { failures: 0, last: now });
        let quiet = now.saturating_duration_since(counted.last);
        if quiet >= FORGOTTEN_AFTER {
            counted.failures = 0;
        }
        let wait = self.wait(counted.failures);
        if quiet < wait {
            return Err(wait - quiet);
        }
        counted.failures = counted.failures.saturating_add(1);
        counted.last = now;
        Ok(())
    }

    /// Removes the attempt from the failures, because it was right. Failed attempts of others still count.
    pub(super) fn succeeded(&self, key: &K) {
        let mut keys = self.lock();
        if let Some(counted) = keys.get_mut(key) {
            counted.failures = counted.failures.saturating_sub(1);
            if counted.failures == 0 {
                keys.remove(key);
            }
        }
    }

    /// Removes the keys whose failures have expired.
    pub(super) fn forget_idle(&self, now: Instant) {
        self.lock()
            .retain(|_, counted| now.saturating_duration_since(counted.last) < FORGOTTEN_AFTER);
    }

    /// Returns the wait after this number of failures.
    fn wait(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.at_once) {
            None => Duration::ZERO,
            Some(beyond) => self
                .first_wait
                .saturating_mul(2_u32.saturating_pow(beyond))
                .min(LONGEST_WAIT),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Counted>> {
        // No operation under the lock can leave the table in a partial state.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{FORGOTTEN_AFTER, Failures, MOST_KEYS};

    #[test]
    fn an_hour_holds_at_most_a_hundred_guesses() {
        let failures = Failures::new(10, Duration::from_secs(1));
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        // Simulates four hours with an attempt every tenth of a second.
        let attempts = (0..4 * 36_000).map(|tenth| start + second / 10 * tenth);
        let guesses: Vec<_> = attempts.filter(|now| failures.begin(&"a", *now).is_ok()).collect();
        let hour = Duration::from_secs(3_600);
        let most = guesses.iter().map(|first| {
            guesses
                .iter()
                .filter(|at| (*first..*first + hour).contains(*at))
                .count()
        });
        let most = most.max().unwrap();
        assert!((60..=100).contains(&most), "{most}");
    }

    #[test]
    fn waits_grow_with_every_failure() {
        let failures = Failures::new(2, Duration::from_secs(1));
        let mut now = Instant::now();
        assert!(failures.begin(&"a", now).is_ok() && failures.begin(&"a", now).is_ok());
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            let wait = Duration::from_secs(seconds);
            assert_eq!(failures.begin(&"a", now), Err(wait));
            now += wait;
            assert_eq!(failures.begin(&"a", now), Ok(()));
        }
        assert_eq!(failures.begin(&"b", now), Ok(()), "others do not wait");
        failures.forget_idle(now + Duration::from_secs(1));
        assert!(failures.begin(&"a", now).is_err());
        now += FORGOTTEN_AFTER;
        failures.forget_idle(now);
        assert!(failures.lock().is_empty());
        assert!(failures.begin(&"a", now).is_ok() && failures.begin(&"a", now).is_ok());
    }

    #[test]
    fn invented_keys_evict_no_guessed_account() {
        let failures = Failures::new(3, Duration::from_secs(1));
        let now = Instant::now();
        for _ in 0..3 {
            failures.begin(&usize::MAX, now).unwrap();
        }
        for key in 0..2 * MOST_KEYS {
            failures.begin(&key, now).unwrap();
        }
        assert!(failures.lock().len() <= MOST_KEYS);
        assert!(failures.begin(&usize::MAX, now).is_err());
    }

    #[test]
    fn a_right_attempt_takes_back_only_itself() {
        let failures = Failures::new(2, Duration::from_secs(1));
        let now = Instant::now();
        for _ in 0..100 {
            failures.begin(&"a", now).unwrap();
            failures.succeeded(&"a");
        }
        assert!(failures.lock().is_empty());
        failures.begin(&"a", now).unwrap();
        failures.begin(&"a", now).unwrap();
        failures.succeeded(&"a");
        failures.begin(&"a", now).unwrap();
        assert!(failures.begin(&"a", now).is_err());
    }
}
