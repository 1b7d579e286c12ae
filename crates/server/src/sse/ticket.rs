//! Tickets: authentication of a stream for a page that can not use its cookie.
//!
//! `EventSource` sets no headers, so all information is in the URL, and URLs are written to logs. A ticket may be: it
//! opens one stream within a minute and nothing else. It represents the sign-in that requested it, and the stream ends
//! with that sign-in.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use wire::Envelope;

use super::look::Reader;
use crate::auth::Token;
use crate::error::Error;
use crate::extract::CurrentUser;
use crate::state::AppState;
use crate::store::sign_ins::TokenHash;

/// The maximum number of unused tickets of one sign-in. A further ticket replaces the oldest.
const MOST_WAITING: usize = 16;

/// The unused tickets. They are lost when the server stops; the client then requests another.
#[derive(Debug, Default)]
pub(crate) struct Tickets(Mutex<HashMap<TokenHash, Ticket>>);

#[derive(Clone, Copy, Debug)]
struct Ticket {
    reader: Reader,
    good_until: Instant,
}

impl Tickets {
    /// Issues a ticket.
    fn issue(&self, reader: Reader, lifetime: Duration) -> Token {
        let (ticket, now) = (Token::random(), Instant::now());
        let mut tickets = self.lock();
        tickets.retain(|_, ticket| ticket.good_until > now);
        let own = || {
            tickets
                .iter()
                .filter(|(_, ticket)| ticket.reader.sign_in == reader.sign_in)
        };
        if own().count() >= MOST_WAITING
            && let Some(oldest) = own().min_by_key(|(_, ticket)| ticket.good_until).map(|(hash, _)| *hash)
        {
            tickets.remove(&oldest);
        }
        let good_until = now + lifetime;
        tickets.insert(ticket.hash(), Ticket { reader, good_until });
        ticket
    }

    /// Returns the reader of a ticket. The ticket can not be used again, even if the request fails later.
    pub(super) fn redeem(&self, ticket: &str) -> Option<Reader> {
        let hash = Token::from_text(ticket)?.hash();
        let ticket = self.lock().remove(&hash)?;
        (ticket.good_until > Instant::now()).then_some(ticket.reader)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Ticket>> {
        // No operation under the lock can leave the table in a partial state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The response of `POST /api/sse/ticket`. Does not implement `Debug`, so that no log can contain it.
#[derive(Serialize)]
pub(crate) struct Issued {
    ticket: String,
    expires_in_ms: u64,
}

pub(crate) async fn issue(
    State(state): State<AppState>,
    user: CurrentUser,
) -> Result<(StatusCode, Json<Envelope<Issued>>), Error> {
    let reader = Reader {
        person: user.id,
        sign_in: user.sign_in,
    };
    let lifetime = state.tuning.ticket_lifetime;
    let data = Issued {
        ticket: state.tickets.issue(reader, lifetime).into_text(),
        expires_in_ms: u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX),
    };
    let status_code = StatusCode::CREATED;
    Ok((
        status_code,
        Json(Envelope {
            status_code: status_code.as_u16(),
            data,
        }),
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wire::UserId;

    use super::super::look::Reader;
    use super::{MOST_WAITING, Tickets};

    fn reader(number: u8) -> Reader {
        Reader {
            person: UserId::from_u128(number.into()),
            sign_in: [number; 32],
        }
    }

    #[test]
    fn ticket_is_valid_once_and_briefly() {
        let tickets = Tickets::default();
        let minute = Duration::from_secs(60);
        let ticket = tickets.issue(reader(1), minute).into_text();
        assert_eq!(tickets.redeem("nonsense").map(|reader| reader.person), None);
        assert_eq!(
            tickets.redeem(&ticket).map(|reader| reader.person),
            Some(UserId::from_u128(1))
        );
        assert_eq!(tickets.redeem(&ticket).map(|reader| reader.person), None);
        let late = tickets.issue(reader(1), Duration::ZERO).into_text();
        assert_eq!(tickets.redeem(&late).map(|reader| reader.person), None);
    }

    #[test]
    fn tickets_that_nobody_uses_do_not_pile_up() {
        let tickets = Tickets::default();
        let minute = Duration::from_secs(60);
        let theirs = tickets.issue(reader(2), minute).into_text();
        let mine: Vec<_> = (0..=MOST_WAITING)
            .map(|_| tickets.issue(reader(1), minute).into_text())
            .collect();
        assert_eq!(tickets.lock().len(), MOST_WAITING + 1);
        let good: Vec<_> = mine.iter().map(|ticket| tickets.redeem(ticket).is_some()).collect();
        assert!(!good[0] && good[1..].iter().all(|good| *good), "{good:?}");
        assert!(tickets.redeem(&theirs).is_some());
    }
}
