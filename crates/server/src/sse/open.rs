//! `GET /api/sse`: opens a stream or returns an error.

use axum::body::Body;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use wire::{Cursor, EventKind};

use super::look::{self, Asked, Look, Reader};
use super::stream::Stream;
use crate::error::Error;
use crate::extract::CurrentUser;
use crate::listener::Peer;
use crate::state::AppState;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies to pass on each frame immediately.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The query parameters of a stream. `EventSource` can not set headers.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wishes {
    /// The client's cursor.
    last_event_id: Option<String>,
    #[serde(rename = "lastEventId")]
    last_event_id_camel: Option<String>,
    /// The names of the requested events, separated by commas. Default: all events.
    types: Option<String>,
    /// The ticket, if there is no cookie.
    ticket: Option<String>,
}

pub(crate) async fn open(
    State(state): State<AppState>,
    user: Option<CurrentUser>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    query: Result<Query<Wishes>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Error> {
    let metrics = state.metrics.clone();
    let opened = try_to_open(
        state,
        user,
        peer,
        &headers,
        query.map(|Query(wishes)| wishes).unwrap_or_default(),
    )
    .await;
    opened.inspect_err(|error| metrics.rejected(error))
}

/// `GET /api/sse/status`: returns the response that a request for a stream would get now, without opening one. A
/// browser tells the app that a stream was refused, but not the reason.
pub(crate) async fn status(
    State(state): State<AppState>,
    user: CurrentUser,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
) -> Result<StatusCode, Error> {
    // If the rate limit is exceeded, the error contains the time to wait. Otherwise this counts as an attempt, like the
    // opening of a stream.
    state.limits.stream(user.id, state.address_of(peer.address, &headers))?;
    Ok(StatusCode::OK)
}

async fn try_to_open(
    state: AppState,
    user: Option<CurrentUser>,
    peer: Peer,
    headers: &HeaderMap,
    wishes: Wishes,
) -> Result<Response, Error> {
    let reader = match (&wishes.ticket, user) {
        // A ticket determines the person, even if another person is signed in to the browser.
        (Some(ticket), _) => state
            .tickets
            .redeem(ticket)
            .ok_or(Error::Unauthorized("This ticket is unknown, was used, or is too old."))?,
        (None, Some(user)) => Reader {
            person: user.id,
            sign_in: user.sign_in,
        },
        (None, None) => return Err(CurrentUser::NONE),
    };
    state
        .limits
        .stream(reader.person, state.address_of(peer.address, headers))?;
    let asked = asked(headers, &wishes);
    let types = wishes.types.as_deref().map(wanted);

    // Registers first and reads the log afterwards, so that events of commits in between are either in the log or
    // delivered to the seat.
    let most = state.tuning.streams_per_person;
    let seat = state.hub.take_seat(reader.person, reader.sign_in, most);
    let beginning = look::begin(&state.db, &state.tuning, reader, &asked).await?;
    if matches!(beginning.look, Look::SignedOut(_)) {
        return Err(CurrentUser::NONE);
    }
    state.metrics.opened(beginning.outcome);
    let stream = Stream::new(state, seat, reader, types, peer, beginning);

    let mut response = Response::new(Body::new(stream));
    for (name, value) in [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-cache, no-transform"),
        (ACCEL_BUFFERING, "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Returns the client's cursor. The header takes precedence, because a browser that reconnects by itself repeats the
/// URL but updates the header. A cursor that can not be parsed counts as a gap: the client receives `resumed: false`
/// and reads everything again.
fn asked(headers: &HeaderMap, wishes: &Wishes) -> Asked {
    let text = match headers.get(LAST_EVENT_ID) {
        Some(header) => header.to_str().ok(),
        None => match wishes
            .last_event_id
            .as_deref()
            .or(wishes.last_event_id_camel.as_deref())
        {
            None => return Asked::Nothing,
            named => named,
        },
    };
    let cursor = text.and_then(|text| text.parse::<Cursor>().ok());
    cursor.map_or(Asked::Nonsense, Asked::After)
}

/// Parses the requested event names. Ignores unknown names: a client for a newer server still receives the events that
/// exist, and a browser could not learn the reason for a refusal.
fn wanted(types: &str) -> Box<[EventKind]> {
    types.split(',').filter_map(|name| name.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};
    use wire::EventKind;

    use super::{Asked, LAST_EVENT_ID, Wishes, asked, wanted};

    #[test]
    fn the_header_wins_over_the_query() {
        let wishes = |snake: Option<&str>, camel: Option<&str>| Wishes {
            last_event_id: snake.map(str::to_owned),
            last_event_id_camel: camel.map(str::to_owned),
            ..Wishes::default()
        };
        let header = |value: &[u8]| HeaderMap::from_iter([(LAST_EVENT_ID, HeaderValue::from_bytes(value).unwrap())]);
        let seq = |headers: &HeaderMap, wishes| match asked(headers, &wishes) {
            Asked::After(cursor) => Ok(cursor.seq),
            other => Err(other),
        };
        let none = HeaderMap::new();
        assert_eq!(seq(&none, wishes(Some("e-1"), None)), Ok(1));
        assert_eq!(seq(&none, wishes(None, Some("e-2"))), Ok(2));
        assert_eq!(seq(&header(b"e-3"), wishes(Some("e-1"), None)), Ok(3));
        assert_eq!(seq(&none, wishes(None, None)), Err(Asked::Nothing));
        let long = format!("{}-1", "e".repeat(127));
        for nonsense in [&b"nonsense"[..], b"\xff-1", b"e-1\x09", b"", long.as_bytes()] {
            assert_eq!(seq(&header(nonsense), wishes(Some("e-1"), None)), Err(Asked::Nonsense));
        }
        for nonsense in ["", "e-1\n", "e-1\0", &long] {
            assert_eq!(seq(&none, wishes(Some(nonsense), None)), Err(Asked::Nonsense));
        }
    }

    #[test]
    fn names_that_mean_nothing_here_are_passed_over() {
        let kinds = wanted("goal_updated, action_created,tea_is_ready,,open");
        assert_eq!(*kinds, [EventKind::GoalUpdated, EventKind::ActionCreated]);
        assert_eq!(*wanted(""), []);
    }
}
