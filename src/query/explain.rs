//! Why an entry is as it is, in words: for whoever looks for the reason that something is not fresh.

use std::fmt;
use std::time::Duration;

use super::effect::FlightId;
use super::key::Key;

/// What a fetch has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The wait after a failure.
    Backoff,
    /// What the server asked for.
    RetryAfter,
    /// The least time between two fetches.
    Gap,
    /// A change of one's own that has not been answered.
    OwnChange,
    /// Changes that waited for the network and go first.
    Queue,
    /// The server can not be reached, and is tried now and then.
    Outage,
}

/// Why an entry is as it is.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and any two may be true"
)]
pub struct Explanation {
    /// Of which key.
    pub key: Key,
    /// How many observe it.
    pub observers: usize,
    /// Whether there is anything to show.
    pub has_data: bool,
    /// How long ago it was read; `None` if it never was on this visit, and what is shown is remembered from an earlier
    /// one.
    pub age: Option<Duration>,
    /// How many invalidations it does not reflect.
    pub behind: u64,
    /// Whether all of those are on the screen already and wait to be confirmed.
    pub painted: bool,
    /// What the last of them was for; empty if there never was one.
    pub cause: &'static str,
    /// The fetch that is under way, and how many invalidations came after it left.
    pub flight: Option<(FlightId, u64)>,
    /// Whether it waits for the network or for somebody to look.
    pub paused: bool,
    /// How many attempts have failed since the last that did not.
    pub failures: u32,
    /// Whether it was given up until something happens.
    pub exhausted: bool,
    /// What the next fetch waits for, and how much longer.
    pub gates: Vec<(Gate, Duration)>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.key)?;
        match (self.has_data, self.age) {
            (false, _) => f.write_str("nothing to show")?,
            (true, Some(age)) => write!(f, "read {} s ago", age.as_secs())?,
            (true, None) => f.write_str("remembered from an earlier visit")?,
        }
        write!(f, ", {} observers", self.observers)?;
        if self.behind > 0 {
            write!(f, "; {} invalidations behind, the last by {}", self.behind, self.cause)?;
            if self.painted {
                f.write_str(", all painted")?;
            }
        }
        if let Some((FlightId(number), later)) = self.flight {
            write!(f, "; fetch {number} is under way")?;
            if later > 0 {
                write!(f, " and left before {later} of them")?;
            }
        }
        if self.paused {
            f.write_str("; paused")?;
        }
        if self.failures > 0 {
            write!(f, "; {} failures", self.failures)?;
        }
        if self.exhausted {
            f.write_str(", given up until something happens")?;
        }
        for (gate, wait) in &self.gates {
            let what = match gate {
                Gate::Backoff => "the backoff",
                Gate::RetryAfter => "the server's wish",
                Gate::Gap => "the gap between fetches",
                Gate::OwnChange => "an own change",
                Gate::Queue => "changes that go first",
                Gate::Outage => "the server to be reachable",
            };
            write!(f, "; waits {} ms for {what}", wait.as_millis())?;
        }
        Ok(())
    }
}
