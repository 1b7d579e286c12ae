//! Events as they stand in the stream.

use std::time::Duration;

use axum::response::sse::Event as Frame;
use wire::{Cursor, Event};

use crate::store::now;
use crate::store::outbox::Entry;

/// The version of the protocol that `hello` announces.
const PROTOCOL: u32 = 1;

/// The first frame of every stream. `after` is the position after which it tells everything.
pub(super) fn hello(after: &Cursor, resumed: bool, heartbeat: Duration) -> Frame {
    control(&Event::Hello {
        epoch: Some(after.epoch.clone()),
        resumed,
        cursor: Some(after.to_string()),
        heartbeat_ms: Some(u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX)),
        server_time: Some(now()),
        protocol: Some(PROTOCOL),
    })
}

/// Shows that the stream is alive. Its data is not empty: a browser drops an event without data.
pub(super) fn heartbeat() -> Frame {
    control(&Event::Heartbeat {})
}

/// Takes the place of more events than are worth sending.
pub(super) fn resync(newest: &Cursor) -> Frame {
    control(&Event::Resync {
        reason: Some("lagged".to_owned()),
    })
    .id(newest.to_string())
}

/// Says that the server closes the stream, and when to come back. The spread keeps a thousand clients from coming
/// back in the same moment.
pub(super) fn shutdown() -> Frame {
    control(&Event::Shutdown {
        retry_ms: rand::random_range(500..=3_000),
    })
}

/// An event of the log. Names come from the enum and positions are numbers, so neither can break the framing; data
/// is JSON on one line.
pub(super) fn entry(epoch: &str, entry: &Entry) -> Frame {
    let at = Cursor {
        epoch: epoch.to_owned(),
        seq: entry.seq,
    };
    Frame::default()
        .id(at.to_string())
        .event(entry.name)
        .data(&entry.payload)
}

/// An event that speaks of the stream itself: not in the log, hence without an id.
fn control(event: &Event) -> Frame {
    // These few hold numbers and short texts only, so this can not fail; if it did, the frame would have no data
    // and a client would skip it.
    let data = serde_json::to_string(event).unwrap_or_default();
    Frame::default().event(event.kind().name()).data(data)
}
