//! The streams themselves.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::mpsc;
use tokio_stream::Stream;

use super::channel::{Answer, Channels, Dress, StreamRequest};
use super::text_of;

/// `GET /stream/{channel}`.
pub(super) async fn open(
    State(channels): State<Channels>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let request = StreamRequest {
        query: query.unwrap_or_default(),
        last_event_id: text_of(&headers, "last-event-id"),
        accept: text_of(&headers, header::ACCEPT),
        at_ms: now(),
    };
    let query = request.query.clone();
    let dress = match channels.with(&name, |channel| channel.request(request)) {
        Some(Answer::Never) => return std::future::pending().await,
        Some(Answer::Status { code, retry_after }) => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = status.into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            return response;
        }
        Some(Answer::Redirect { code, to }) => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return (status, [(header::LOCATION, format!("/stream/{to}?{query}"))]).into_response();
        }
        Some(Answer::Stream(dress)) => dress,
        None => Dress::default(),
    };
    let (number, bytes) = channels.with(&name, super::channel::Channel::open);
    let stream = OpenStream {
        bytes,
        _guard: CloseGuard { channels, name, number },
    };
    let headers = [
        (header::CONTENT_TYPE, dress.content_type),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, Extension(dress.cors), Body::from_stream(stream)).into_response()
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The body of a stream. Dropped when either side ends it, and counted then.
struct OpenStream {
    bytes: mpsc::UnboundedReceiver<Bytes>,
    _guard: CloseGuard,
}

impl Stream for OpenStream {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.bytes.poll_recv(context).map(|bytes| bytes.map(Ok))
    }
}

struct CloseGuard {
    channels: Channels,
    name: String,
    number: u64,
}

impl Drop for CloseGuard {
    fn drop(&mut self) {
        self.channels.with(&self.name, |channel| channel.close(self.number));
    }
}
