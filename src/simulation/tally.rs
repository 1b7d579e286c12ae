//! The counters of a world.

use std::ops::AddAssign;

use super::deeds::Deeds;

/// The counters of a world, or their sum over many worlds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) reads: u64,
    /// The number of reasons for reads, which limits the number of reads.
    pub(super) reasons: u64,
    pub(super) steps: u64,
    pub(super) opens: u64,
    pub(super) delivered: u64,
    pub(super) gaps: u64,
    pub(super) polls: u64,
    pub(super) steals: u64,
    pub(super) retold: u64,
    pub(super) sign_outs: u64,
    pub(super) changes: u64,
    /// The number of times that a tab has detected a sleep, or a wall clock that was set forward.
    pub(super) slept: u64,
    pub(super) deeds: Deeds,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        let Self {
            reads,
            reasons,
            steps,
            opens,
            delivered,
            gaps,
            polls,
            steals,
            retold,
            sign_outs,
            changes,
            slept,
            deeds,
        } = more;
        self.reads += reads;
        self.reasons += reasons;
        self.steps += steps;
        self.opens += opens;
        self.delivered += delivered;
        self.gaps += gaps;
        self.polls += polls;
        self.steals += steals;
        self.retold += retold;
        self.sign_outs += sign_outs;
        self.changes += changes;
        self.slept += slept;
        self.deeds += deeds;
    }
}
