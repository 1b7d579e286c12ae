//! A look at the log: what a reader has not been told yet, and whether their sign-in still lives.
//!
//! Both come from one snapshot: what is sent was allowed at that moment.

use wire::{Cursor, Timestamp, UserId};

use super::frame::Told;
use crate::state::Tuning;
use crate::store::sign_ins::TokenHash;
use crate::store::{Db, Snapshot, now, outbox, sign_ins};

/// How many events are read from the log at once.
const PAGE: u32 = 64;

/// Whose stream it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    pub(super) person: UserId,
    pub(super) sign_in: TokenHash,
}

/// What a look has found.
#[derive(Debug)]
pub(super) enum Look {
    /// The sign-in has ended. What its reader is still told: that they were signed out, if they were.
    SignedOut(Vec<Told>),
    /// The sign-in lives.
    Living {
        /// Until when, unless it is renewed.
        expires_at: Timestamp,
        found: Found,
    },
}

/// What the log holds for a reader.
#[derive(Debug)]
pub(super) enum Found {
    /// Everything up to this position.
    All(Vec<Told>, u64),
    /// The next events, of more than these.
    Some(Vec<Told>),
    /// More than is worth sending one by one, or not all of it any more.
    TooMuch(Cursor),
}

/// What a stream begins with.
#[derive(Debug)]
pub(super) struct Beginning {
    /// The position after which it tells everything.
    pub(super) after: Cursor,
    /// The newest position of this epoch that the reader can name.
    pub(super) known: u64,
    /// How the reader's cursor fared.
    pub(super) outcome: Outcome,
    pub(super) look: Look,
}

/// Whether a stream takes up where the last one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It named no position.
    New,
    /// Everything after its position will be sent.
    Resumed,
    /// Its position is unknown, or too far back.
    Gap,
}

/// The first look: finds out whether the reader can be told everything after `cursor`.
pub(super) async fn begin(db: &Db, tuning: &Tuning, reader: Reader, cursor: &Asked) -> Result<Beginning, sqlx::Error> {
    let mut log = db.snapshot().await?;
    let newest = log.cursor();
    let (outcome, after, known) = match cursor {
        Asked::Nothing => (Outcome::New, newest.clone(), 0),
        Asked::After(cursor) if can_resume(&mut log, reader, cursor, tuning.lag_limit).await? => {
            // What is sent from now on has positions of this epoch.
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

/// Where a reader says that they left off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// They do not.
    Nothing,
    /// In words that are no position.
    Nonsense,
    /// After this position.
    After(Cursor),
}

/// Any other look.
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

/// Whether the cursor is of the history of this file, and everything after it still in the log and worth sending one by
/// one.
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
