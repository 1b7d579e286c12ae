//! Clocks that are set, and machines that sleep. The tabs of a browser run on one machine.

use super::profile::Sleep;
use super::world::World;

/// The amounts by which a clock is set, in milliseconds: a minute, an hour, a day, a month.
const STEPS: [i64; 4] = [60_000, 3_600_000, 86_400_000, 2_592_000_000];

impl World {
    /// Sets the wall clock of a random machine.
    pub(super) fn set_clock(&mut self) {
        let profile = self.rng.usize(..self.profiles.len());
        let step = STEPS[self.rng.usize(..STEPS.len())] * if self.rng.bool() { 1 } else { -1 };
        self.note(|| format!("the clock of browser {profile} is set by {step} ms"));
        self.profiles[profile].set_by += step;
    }

    /// Has a machine sleep for `time` milliseconds. Its monotonic clock counts them or stands still.
    pub(super) fn sleep(&mut self, profile: usize, time: u64) {
        let stands_still = self.rng.bool();
        self.note(|| format!("the machine of browser {profile} sleeps, its clock stands still: {stands_still}"));
        self.profiles[profile].sleep = Some(Sleep {
            since: self.now,
            until: self.now + time,
            stands_still,
        });
    }

    /// Whether a machine sleeps. A machine whose sleep is over wakes.
    pub(super) fn is_asleep(&mut self, profile: usize) -> bool {
        let sleep = &self.profiles[profile].sleep;
        if sleep.as_ref().is_some_and(|sleep| sleep.until > self.now) {
            return true;
        }
        self.end_sleep(profile);
        false
    }

    /// Wakes a machine, if it sleeps.
    pub(super) fn end_sleep(&mut self, profile: usize) {
        if let Some(sleep) = self.profiles[profile].sleep.take_if(|sleep| sleep.stands_still) {
            self.profiles[profile].uncounted += self.now.min(sleep.until) - sleep.since;
        }
        self.profiles[profile].sleep = None;
    }
}
