//! Who there is: two pairs of people, each with sessions of their own, and what they are called.

use wire::{CoachingRelationshipId, CoachingSessionId, Timestamp, UserId};

/// Two of each pair.
pub(super) const PEOPLE: usize = 4;
/// The first two belong to the first pair, the last to the second.
pub(super) const SESSIONS: usize = 3;
pub(super) const PAIRS: usize = 2;

/// The pair that a person belongs to.
pub(super) const fn pair_of(person: usize) -> usize {
    person / 2
}

/// The pair that a session belongs to.
pub(super) const fn pair_of_session(session: usize) -> usize {
    session / 2
}

/// The sessions of a pair.
pub(super) fn sessions_of(pair: usize) -> std::ops::Range<usize> {
    if pair == 0 { 0..2 } else { 2..3 }
}

pub(super) const fn user(person: usize) -> UserId {
    UserId::from_u128(1 + person as u128)
}

pub(super) const fn relationship(pair: usize) -> CoachingRelationshipId {
    CoachingRelationshipId::from_u128(100 + pair as u128)
}

pub(super) const fn session(at: usize) -> CoachingSessionId {
    CoachingSessionId::from_u128(200 + at as u128)
}

/// When time begins, in seconds.
const BEGINNING: i64 = 1_700_000_000;

/// A moment: they only have to differ, and to grow.
pub(super) fn moment(number: u64) -> Timestamp {
    let seconds = BEGINNING + i64::try_from(number).unwrap();
    Timestamp::from_timestamp(seconds, 0).unwrap()
}

/// The number of a moment.
pub(super) fn number_of(moment: Timestamp) -> u64 {
    u64::try_from(moment.timestamp() - BEGINNING).unwrap()
}
