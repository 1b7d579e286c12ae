//! A read of the log for a stream: the events that were not sent yet, and whether the sign-in is still valid.
//!
//! Both come from one snapshot, so the sign-in was valid at the time of the events that are sent.

use wire::{Cursor, Timestamp, UserId};

use super::frame::Told;
use crate::state::Tuning;
use crate::store::sign_ins::TokenHash;
use crate::store::{Db, Snapshot, now, outbox, sign_ins};

/// The maximum number of events in one read of the log.
const PAGE: u32 = 64;

/// The person and the sign-in of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    pub(super) person: UserId,
    pub(super) sign_in: TokenHash,
}

/// The result of a read of the log.
#[derive(Debug)]
pub(super) enum Look {
    /// The sign-in has ended. Contains the forced sign-out, if there was one, which is still sent.
    SignedOut(Vec<Told>),
    /// The sign-in is valid.
    Living {
        /// The time at which it ends unless it is renewed.
        expires_at: Timestamp,
        found: Found,
    },
}

/// The events of the log for a stream.
#[derive(Debug)]
pub(super) enum Found {
    /// All events up to this position.
    All(Vec<Told>, u64),
    /// The next events; there are more.
    Some(Vec<Told>),
    /// The events are more than is worth sending one by one, or some of them were pruned. Contains the newest position.
    TooMuch(Cursor),
}

/// The initial state of a stream.
#[derive(Debug)]
pub(super) struct Beginning {
    /// The position after which the stream delivers all events.
    pub(super) after: Cursor,
    /// The newest position of this epoch that the client knows.
    pub(super) known: u64,
    /// The result for the client's cursor.
    pub(super) outcome: Outcome,
    pub(super) look: Look,
}

/// The result for a client's cursor: whether the stream continues where the last one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The client gave no cursor.
    New,
    /// All events after the cursor will be sent.
    Resumed,
    /// The cursor is unknown, or too far back.
    Gap,
}

/// Reads the log for a new stream. Finds out whether all events after `cursor` can be sent.
pub(super) async fn begin(db: &Db, tuning: &Tuning, reader: Reader, cursor: &Asked) -> Result<Beginning, sqlx::Error> {
    let mut log = db.snapshot().await?;
    let newest = log.cursor();
    let (outcome, after, known) = match cursor {
        Asked::Nothing => (Outcome::New, newest.clone(), 0),
        Asked::After(cursor) if can_resume(&mut log, reader, cursor, tuning.lag_limit).await? => {
            // Later events have positions of this epoch.
            let after = Cursor {
                epoch: newest.epoch.clone(),
                seq: cursor.seq,
            };
            let known = if cursor.epoch == newest.epoch { cursor.seq } else { 0 };
            (Outcome::Resumed, after, known)
        }
        Asked::After(_) | Asked::Nonsense => (Outcome::Gap, newest.clone(), 0),
    };
    let look = read(&mut log, tuning, reader, after.seq).await?;
    Ok(Beginning {
        after,
        known,
        outcome,
        look,
    })
}

/// The cursor in a request for a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The request has no cursor.
    Nothing,
    /// The cursor can not be parsed.
    Nonsense,
    /// The stream should begin after this position.
    After(Cursor),
}

/// Reads the log for an open stream.
pub(super) async fn again(db: &Db, tuning: &Tuning, reader: Reader, position: u64) -> Result<Look, sqlx::Error> {
    read(&mut db.snapshot().await?, tuning, reader, position).await
}

async fn read(log: &mut Snapshot, tuning: &Tuning, reader: Reader, position: u64) -> Result<Look, sqlx::Error> {
    let Reader { person, sign_in } = reader;
    let newest = log.cursor();
    let told = |entries: Vec<outbox::Entry>| -> Vec<Told> {
        let told = entries
            .iter()
            .map(|entry| Told::new(&newest.epoch, entry.seq, entry.kind, &entry.payload));
        told.collect()
    };
    let Some(sign_in) = sign_ins::find(log, &sign_in, now()).await? else {
        let farewells = outbox::farewells_after(log, person, position).await?;
        return Ok(Look::SignedOut(told(farewells)));
    };
    let expires_at = sign_in.expires_at;
    let found = if newest.seq == position {
        Found::All(Vec::new(), position)
    } else if outbox::count_after(log, person, position, tuning.lag_limit + 1).await? > tuning.lag_limit
        || outbox::pruned_through(log).await? > position
    {
        Found::TooMuch(newest)
    } else {
        let page = outbox::page_after(log, person, position, sign_in.since_seq, PAGE).await?;
        if page.len() < PAGE as usize {
            Found::All(told(page), newest.seq)
        } else {
            Found::Some(told(page))
        }
    };
    Ok(Look::Living { expires_at, found })
}

/// Returns whether the cursor belongs to the history of this file, all events after it are still in the log, and they
/// are few enough to send one by one.
async fn can_resume(
    log: &mut Snapshot,
    reader: Reader,
    cursor: &Cursor,
    lag_limit: usize,
) -> Result<bool, sqlx::Error> {
    if !outbox::is_in_history(log, cursor).await? || cursor.seq < outbox::pruned_through(log).await? {
        return Ok(false);
    }
    Ok(outbox::count_after(log, reader.person, cursor.seq, lag_limit + 1).await? <= lag_limit)
}
