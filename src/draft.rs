//! Ids for what the server has not named yet.

use crate::browser::clock;
use crate::query::Item;

/// The upper half of every id that was made up here. No UUID looks like this: it has version 0.
pub(crate) const MARK: u128 = 0xd4af_7000_0000_0000;

/// An id that nothing else has, on this page or any other.
#[must_use]
pub fn draft_id() -> u128 {
    MARK << 64 | u128::from(clock::chance())
}

/// Whether the server has not given it an id yet.
pub fn is_draft(item: &impl Item) -> bool {
    item.id() >> 64 == MARK
}
