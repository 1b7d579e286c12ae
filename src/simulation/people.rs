//! The people of a world, with their ids: two pairs, each with coaching sessions of their own.

use wire::{CoachingRelationshipId, CoachingSessionId, Timestamp, UserId};

/// The number of people: two in each pair.
pub(super) const PEOPLE: usize = 4;
/// The number of coaching sessions. The first two belong to the first pair, the last one to the second pair.
pub(super) const SESSIONS: usize = 3;
pub(super) const PAIRS: usize = 2;

/// Returns the pair of a person.
pub(super) const fn pair_of(person: usize) -> usize {
    person / 2
}

/// Returns the pair of a coaching session.
pub(super) const fn pair_of_session(session: usize) -> usize {
    session / 2
}

/// Returns the coaching sessions of a pair.
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

/// The first moment, in seconds since the Unix epoch.
const BEGINNING: i64 = 1_700_000_000;

/// Returns a moment as a timestamp. Moments only have to be distinct and increasing.
pub(super) fn moment(number: u64) -> Timestamp {
    let seconds = BEGINNING + i64::try_from(number).unwrap();
    Timestamp::from_timestamp(seconds, 0).unwrap()
}

/// Returns the number of a moment.
pub(super) fn number_of(moment: Timestamp) -> u64 {
    u64::try_from(moment.timestamp() - BEGINNING).unwrap()
}
