//! What the cache wants done, and the names of things.

use super::value::Diff;

slotmap::new_key_type! {
    /// Names an entry of the cache. Never used again once the entry is gone.
    pub struct EntryId;
}

/// Names somebody who observes an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObserverId(pub(super) u64);

/// Names a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub(super) u64);

/// Names a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MutationId(pub(super) u64);

/// What a fetch is to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// All that is shown.
    Whole,
    /// The page after the last that is shown.
    More,
}

/// What the cache wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Fetch this entry's data and report to [`Cache::land`](super::Cache::land).
    Fetch {
        /// Whose data.
        entry: EntryId,
        /// The name to report under.
        flight: FlightId,
        /// What of it.
        plan: Plan,
    },
    /// Nobody waits for this fetch any more.
    Abort {
        /// Its name.
        flight: FlightId,
    },
    /// Send this mutation and report to [`Cache::commit`](super::Cache::commit) or [`Cache::fail`](super::Cache::fail).
    Send {
        /// Its name.
        mutation: MutationId,
    },
    /// Tell the observers of this entry.
    Notify {
        /// Which entry.
        entry: EntryId,
        /// What has changed about it.
        changed: Changed,
        /// What of its data, if that has changed.
        diff: Diff,
    },
    /// The entry is gone.
    Evict {
        /// Its name.
        entry: EntryId,
    },
}

/// Which fields of a snapshot have changed: a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed(u8);

impl Changed {
    /// The data.
    pub const DATA: Self = Self(1);
    /// Which parts the data has, or their order: not what only concerns parts by themselves.
    pub const SHAPE: Self = Self(2);
    /// The error, or that it is being dealt with.
    pub const ERROR: Self = Self(4);
    /// Whether a fetch is under way.
    pub const FETCHING: Self = Self(8);
    /// Whether the data is known or feared to be out of date.
    pub const STALE: Self = Self(16);
    /// Whether a fetch waits for the network, or for somebody to look.
    pub const PAUSED: Self = Self(32);

    /// Both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether they have a field in common.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// This set if the condition holds, else none.
    #[must_use]
    pub(super) const fn when(self, condition: bool) -> Self {
        if condition { self } else { Self(0) }
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}
