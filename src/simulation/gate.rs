//! Checks that a tab requests data one request at a time, and at growing intervals, while the server can not be
//! reached.

use super::requests::Ask;
use super::tab::TabId;
use super::world::World;
use crate::api::ApiError;

/// The minimum time between two requests, in milliseconds.
const SHORTEST: u64 = 750;
/// The maximum number of requests within a minute.
const MOST: usize = 9;
const MINUTE: u64 = 60_000;

/// The requests of a tab that knows that the server can not be reached.
pub(super) struct Gate {
    /// The time from which a request may be sent.
    opens_at: u64,
    /// The requests of the last minute.
    asked: Vec<u64>,
}

const fn is_gated(ask: &Ask) -> bool {
    matches!(ask, Ask::Read { .. } | Ask::Send { is_first: true, .. })
}

impl World {
    /// Checks that a request of a tab is not sent too early or too often.
    pub(super) fn check_gate(&mut self, t: TabId, ask: &Ask) {
        let now = self.now;
        let Some(gate) = self.tabs[t].gate.as_mut().filter(|_| is_gated(ask)) else {
            return;
        };
        let is_hasty = now < gate.opens_at;
        gate.opens_at = now + SHORTEST;
        gate.asked.retain(|at| now - at < MINUTE);
        gate.asked.push(now);
        self.tally.deeds.probes += 1;
        if is_hasty || gate.asked.len() > MOST {
            let asked = gate.asked.clone();
            self.fail(&format!(
                "tab {t} asks {ask:?} of a server that is away, after {asked:?}"
            ));
        }
    }

    /// Records the end of a read or a mutation, with its error if it has failed.
    pub(super) fn note_gate(&mut self, t: TabId, error: Option<&ApiError>) {
        self.tally.reasons += 2;
        if !error.is_some_and(ApiError::is_unreachable) {
            self.tabs[t].gate = None;
        } else if !self.tabs[t].is_current && self.tabs[t].gate.is_none() {
            self.tabs[t].gate = Some(Gate {
                opens_at: self.now + SHORTEST,
                asked: Vec::new(),
            });
        }
    }

    /// Allows a request at once, because the network is back or a stream is connected.
    pub(super) fn note_good_news(&mut self, t: TabId, is_good: bool) {
        if !is_good {
            return;
        }
        if self.tabs[t].is_current {
            self.tabs[t].gate = None;
        } else if let Some(gate) = &mut self.tabs[t].gate {
            gate.opens_at = self.now;
            gate.asked.pop();
        }
    }
}
