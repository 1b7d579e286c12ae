//! Temporary ids for rows that the server has not named yet.

use crate::browser::clock;
use crate::query::Item;

/// The upper half of every temporary id. It has version 0, so no UUID looks like it.
pub(crate) const MARK: u128 = 0xd4af_7000_0000_0000;

/// Returns a random temporary id, unique across all tabs.
#[must_use]
pub fn draft_id() -> u128 {
    MARK << 64 | u128::from(clock::chance())
}

/// Returns whether the row still has a temporary id.
pub fn is_draft(item: &impl Item) -> bool {
    item.id() >> 64 == MARK
}
