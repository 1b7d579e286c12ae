//! Mutations that have not settled, in the order in which the person made them.
//!
//! A mutation is sent at once unless it has to wait: for the one before it in its lane; for the network; or, if it was
//! made without a network, for every other of that kind before it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::effect::{EntryId, MutationId};
use super::policy::{Fault, Retry};
use super::selector::Selector;
use super::value::Patch;
use crate::backoff::Backoff;
use crate::time::Instant;

/// How often a mutation that failed in passing is tried again.
const MAX_RETRIES: u32 = 5;

/// How long a mutation waits at most for the page to learn that its person is not signed in any more.
const SIGN_OUT: Duration = Duration::from_secs(60);

/// What there is to know of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// The lane in which it travels: one of a lane is sent when those before it have settled.
    pub lane: Option<u128>,
    /// Whether sending it twice is the same as once.
    pub repeatable: bool,
    /// Whether it was made on an earlier visit.
    pub restored: bool,
    /// How long it is held back at first, for a person who may take it back.
    pub delay: Duration,
}

#[derive(Clone, Debug)]
struct Pending {
    id: MutationId,
    manner: Manner,
    /// What it changes.
    entries: Vec<EntryId>,
    /// What it changes wherever else the same thing is shown, whenever that comes.
    spreads: Vec<Spread>,
    /// Whether it was made, or could not be sent, for want of a network.
    queued: bool,
    under_way: bool,
    /// Whether it may have reached the server: it must not be changed any more.
    attempted: bool,
    failures: u32,
    retry_at: Option<Instant>,
    /// What the server asked us to wait for; holds whatever happens.
    floor: Option<Instant>,
}

/// A change of every entry that may show the same thing.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    pub(super) selector: Selector,
    pub(super) patch: Patch,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Queue(Vec<Pending>);

/// What becomes of a mutation that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is sent again later; what it does to the screen stays.
    Waits,
    /// It was taken back.
    RolledBack,
}

impl Queue {
    pub(super) fn push(
        &mut self,
        id: MutationId,
        manner: Manner,
        (entries, spreads): (Vec<EntryId>, Vec<Spread>),
        reachable: bool,
        now: Instant,
    ) {
        self.0.push(Pending {
            id,
            manner,
            entries,
            spreads,
            queued: manner.restored || !reachable || self.is_draining(),
            under_way: false,
            attempted: manner.restored,
            failures: 0,
            retry_at: None,
            floor: (!manner.delay.is_zero()).then(|| now + manner.delay),
        });
    }

    /// Whether there are mutations that waited for the network.
    pub(super) fn is_draining(&self) -> bool {
        self.0.iter().any(|pending| pending.queued)
    }

    /// It has settled. Returns what it changes; `None` if it was not pending.
    pub(super) fn remove(&mut self, id: MutationId) -> Option<(Vec<EntryId>, Vec<Spread>)> {
        let at = self.0.iter().position(|pending| pending.id == id)?;
        let Pending { entries, spreads, .. } = self.0.remove(at);
        Some((entries, spreads))
    }

    /// What pending mutations change wherever it is shown, in the order in which they were made, and their lanes.
    pub(super) fn spreads(&self) -> impl Iterator<Item = ((MutationId, Option<u128>), &Spread)> {
        let all = self
            .0
            .iter()
            .map(|pending| ((pending.id, pending.manner.lane), &pending.spreads));
        all.flat_map(|(mutation, spreads)| spreads.iter().map(move |spread| (mutation, spread)))
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// An attempt has failed. `chance` is drawn uniformly from 0 to 1.
    pub(super) fn fail(
        &mut self,
        id: MutationId,
        error: &impl Fault,
        reachable: bool,
        now: Instant,
        chance: f64,
    ) -> Fate {
        let retry = error.retry();
        let Some(pending) = self.0.iter_mut().find(|pending| pending.id == id) else {
            return Fate::RolledBack;
        };
        pending.under_way = false;
        if error.is_signed_out() {
            pending.queued = true;
            pending.retry_at = Some(now + SIGN_OUT);
            return Fate::Waits;
        }
        if retry == Retry::Never || !pending.manner.repeatable {
            return Fate::RolledBack;
        }
        // Whatever keeps the server away keeps it away from what comes after this as well.
        pending.queued = true;
        if !reachable {
            return Fate::Waits;
        }
        if pending.failures >= MAX_RETRIES && !error.is_unreachable() {
            return Fate::RolledBack;
        }
        let delay = Backoff::default().delay(pending.failures, chance);
        pending.failures += 1;
        if let Retry::After(wait) = retry {
            pending.floor = Some(now + wait);
        }
        pending.retry_at = Some(now + delay);
        Fate::Waits
    }

    /// When a mutation is tried again that has failed once.
    pub(super) fn first_retry_at(&self, id: MutationId) -> Option<Instant> {
        let pending = self.get(id).filter(|pending| pending.failures == 1)?;
        pending.retry_at
    }

    /// What a mutation changes.
    pub(super) fn entries_of(&self, id: MutationId) -> &[EntryId] {
        self.get(id).map_or(&[], |pending| &pending.entries)
    }

    fn get(&self, id: MutationId) -> Option<&Pending> {
        self.0.iter().find(|pending| pending.id == id)
    }

    /// There is a network again: nothing waits for a better moment.
    pub(super) fn hurry(&mut self) {
        for pending in &mut self.0 {
            pending.retry_at = None;
        }
    }

    /// The last mutation of a lane, if it can not have reached the server yet: it may be changed or taken back.
    pub(super) fn unsent_in(&self, lane: u128) -> Option<MutationId> {
        let mut mates = self.0.iter().filter(|pending| pending.manner.lane == Some(lane));
        let last = mates.next_back()?;
        (!last.attempted && !last.under_way).then_some(last.id)
    }

    /// Whether a mutation waited for the network, or was sent before: the rows may have changed since it was made.
    pub(super) fn has_waited(&self, id: MutationId) -> bool {
        self.get(id)
            .is_some_and(|pending| pending.queued || pending.failures > 0)
    }

    /// Whether a mutation was sent before: its answer may be the one to an attempt of long ago.
    pub(super) fn is_repeated(&self, id: MutationId) -> bool {
        self.get(id)
            .is_some_and(|pending| pending.manner.restored || pending.failures > 0)
    }

    /// The mutations of a lane, first to last.
    pub(super) fn in_lane(&self, lane: u128) -> impl Iterator<Item = MutationId> {
        let mates = self.0.iter().filter(move |pending| pending.manner.lane == Some(lane));
        mates.map(|pending| pending.id)
    }

    /// A mutation travels in another lane, and changes something else wherever it is shown. Returns whether it is pending.
    pub(super) fn replace(&mut self, id: MutationId, lane: Option<u128>, spreads: Vec<Spread>) -> bool {
        let Some(pending) = self.0.iter_mut().find(|pending| pending.id == id) else {
            return false;
        };
        pending.manner.lane = lane;
        pending.spreads = spreads;
        true
    }

    /// The lanes in which something waits: the rows with changes that have not been saved.
    pub(super) fn lanes(&self) -> BTreeSet<u128> {
        self.0.iter().filter_map(|pending| pending.manner.lane).collect()
    }

    /// The mutations that are sent now, and what they change: at most `most`, and none that must not be repeated while
    /// the server is away.
    pub(super) fn depart(
        &mut self,
        reachable: bool,
        is_away: bool,
        most: usize,
        now: Instant,
    ) -> Vec<(MutationId, Vec<EntryId>)> {
        let mut departures = Vec::new();
        for at in 0..self.0.len() {
            if departures.len() < most
                && self.may_depart(at, reachable, is_away)
                && let Some(pending) = self.0.get_mut(at)
                && pending.due_at() <= now
            {
                pending.under_way = true;
                pending.attempted = true;
                pending.retry_at = None;
                departures.push((pending.id, pending.entries.clone()));
            }
        }
        departures
    }

    /// When one is to be sent although nothing happens.
    pub(super) fn due_at(&self, reachable: bool, is_away: bool) -> Option<Instant> {
        let waiting = self
            .0
            .iter()
            .enumerate()
            .filter(|(at, _)| self.may_depart(*at, reachable, is_away));
        waiting.map(|(_, pending)| pending.due_at()).min()
    }

    /// Whether nothing but time keeps it.
    fn may_depart(&self, at: usize, reachable: bool, is_away: bool) -> bool {
        let (before, rest) = self.0.split_at(at);
        let Some(pending) = rest.first() else { return false };
        let keeps = |earlier: &Pending| {
            (earlier.manner.lane.is_some() && earlier.manner.lane == pending.manner.lane)
                || (earlier.queued && pending.queued)
        };
        // A probe that fails may have arrived all the same.
        let may_probe = pending.manner.repeatable || !is_away;
        reachable && may_probe && !pending.under_way && !before.iter().any(keeps)
    }
}

impl Pending {
    fn due_at(&self) -> Instant {
        self.retry_at.max(self.floor).unwrap_or_default()
    }
}
