//! `GET /api/sse`: opens a stream, or says why not.

use std::convert::Infallible;

use axum::extract::{ConnectInfo, Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::Sse;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use wire::{Cursor, UserId};

use super::delivery::{Delivery, QUEUE};
use crate::error::Error;
use crate::extract::CurrentUser;
use crate::listener::Peer;
use crate::state::AppState;
use crate::store::{Snapshot, outbox};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Proxies must pass every frame on as it comes.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Where a reader left off, if it can not say so in a header: `EventSource` sets none.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Resume {
    last_event_id: Option<String>,
    #[serde(rename = "lastEventId")]
    last_event_id_camel: Option<String>,
}

pub(crate) async fn open(
    State(state): State<AppState>,
    user: CurrentUser,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    query: Result<Query<Resume>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Error> {
    state.limits.stream(user.id, state.address_of(peer.address, &headers))?;
    let cursor = cursor(&headers, query.map(|Query(resume)| resume).unwrap_or_default());

    // First the seat, then the log: what commits in between is in the log or wakes the seat.
    let seat = state.hub.take_seat(user.id);
    let mut log = state.db.snapshot().await?;
    let resumed = match &cursor {
        Some(cursor) => can_resume(&mut log, user.id, cursor, state.tuning.lag_limit).await?,
        None => false,
    };
    let position = match cursor {
        Some(cursor) if resumed => cursor.seq,
        _ => log.head(),
    };
    drop(log);

    let (queue, mut frames) = mpsc::channel(QUEUE);
    let (body_lives, body_gone) = oneshot::channel();
    let delivery = Delivery {
        state,
        seat,
        person: user.id,
        sign_in: user.sign_in,
        position,
        resumed,
        queue,
        body_gone,
        peer,
        silent_since: Instant::now(),
        waiting_since: None,
    };
    tokio::spawn(delivery.run());

    let body = stream::poll_fn(move |context| {
        // Dropped with the body, which tells the delivery that this response is over.
        let _: &oneshot::Sender<Infallible> = &body_lives;
        frames.poll_recv(context).map(|frame| frame.map(Ok::<_, Infallible>))
    });
    let mut response = Sse::new(body).into_response();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    response
        .headers_mut()
        .insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// The reader's cursor. The header wins, because a browser that reconnects by itself repeats the address but renews
/// the header. What is no cursor counts as none: the reader is told `resumed: false` and reads everything again.
fn cursor(headers: &HeaderMap, resume: Resume) -> Option<Cursor> {
    match headers.get(LAST_EVENT_ID) {
        Some(header) => header.to_str().ok()?.parse().ok(),
        None => resume.last_event_id.or(resume.last_event_id_camel)?.parse().ok(),
    }
}

/// Whether everything after the cursor is still in the log and worth sending one by one.
async fn can_resume(log: &mut Snapshot, person: UserId, cursor: &Cursor, lag_limit: usize) -> Result<bool, Error> {
    let newest = log.cursor();
    if !cursor.is_covered_by(&newest) || cursor.seq < outbox::pruned_through(log).await? {
        return Ok(false);
    }
    Ok(outbox::count_after(log, person, cursor.seq, lag_limit + 1).await? <= lag_limit)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{LAST_EVENT_ID, Resume, cursor};

    #[test]
    fn the_header_wins_over_the_query() {
        let resume = |snake: Option<&str>, camel: Option<&str>| Resume {
            last_event_id: snake.map(str::to_owned),
            last_event_id_camel: camel.map(str::to_owned),
        };
        let header = |value| HeaderMap::from_iter([(LAST_EVENT_ID, HeaderValue::from_static(value))]);
        let seq = |headers: &HeaderMap, resume| cursor(headers, resume).map(|cursor| cursor.seq);
        let none = HeaderMap::new();
        assert_eq!(seq(&none, resume(Some("e-1"), None)), Some(1));
        assert_eq!(seq(&none, resume(None, Some("e-2"))), Some(2));
        assert_eq!(seq(&header("e-3"), resume(Some("e-1"), None)), Some(3));
        assert_eq!(seq(&header("nonsense"), resume(Some("e-1"), None)), None);
        assert_eq!(seq(&none, resume(None, None)), None);
    }
}
