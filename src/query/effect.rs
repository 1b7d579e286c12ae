//! What the cache wants done, and the names of things.

slotmap::new_key_type! {
    /// Names an entry of the cache. Never used again once the entry is gone.
    pub struct EntryId;
}

/// Names a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlightId(pub(super) u64);

/// Names a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MutationId(pub(super) u64);

/// What the cache wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Fetch this entry's data and report to [`Cache::land`](super::Cache::land).
    Fetch {
        /// Whose data.
        entry: EntryId,
        /// The name to report under.
        flight: FlightId,
    },
    /// Nobody waits for this fetch any more.
    Abort {
        /// Its name.
        flight: FlightId,
    },
    /// Tell the observers of this entry.
    Notify {
        /// Which entry.
        entry: EntryId,
        /// What has changed about it.
        changed: Changed,
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
    /// The error.
    pub const ERROR: Self = Self(2);
    /// Whether a fetch is under way.
    pub const FETCHING: Self = Self(4);
    /// Whether the data is known to be out of date.
    pub const STALE: Self = Self(8);

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
