//! Events in the format of the stream. The bytes of an event are encoded once and shared by all streams.

use std::time::Duration;

use axum::body::Bytes;
use wire::{Cursor, Event, EventKind};

use crate::store::now;

/// The protocol version in the `hello` event.
const PROTOCOL: u32 = 1;

/// An encoded event of the log, shared by all of its recipients.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) seq: u64,
    pub(crate) kind: EventKind,
    pub(super) bytes: Bytes,
}

impl Told {
    /// Encodes an event. `payload` is the complete JSON envelope.
    pub(crate) fn new(epoch: &str, seq: u64, kind: EventKind, payload: &str) -> Self {
        let at = Cursor {
            epoch: epoch.to_owned(),
            seq,
        };
        Self {
            seq,
            kind,
            bytes: encode(Some(&at), kind, payload),
        }
    }
}

/// Returns the first frame of a stream. The stream delivers all events after the position `after`.
pub(super) fn hello(after: &Cursor, resumed: bool, heartbeat: Duration) -> Bytes {
    control(
        None,
        &Event::Hello {
            epoch: Some(after.epoch.clone()),
            resumed,
            cursor: Some(after.to_string()),
            heartbeat_ms: Some(millis(heartbeat)),
            server_time: Some(now()),
            protocol: Some(PROTOCOL),
        },
    )
}

/// Returns a heartbeat, which shows that the stream is alive. Its data is not empty, because browsers drop events
/// without data.
pub(super) fn heartbeat() -> Bytes {
    control(None, &Event::Heartbeat {})
}

/// Returns a frame that moves the client's position past events for other people. The browser stores the id but
/// dispatches no event, because there is no data. The next dispatched event carries the id.
pub(super) fn position(at: &Cursor) -> Bytes {
    Bytes::from(format!("id: {at}\n\n"))
}

/// Returns the event that replaces more events than are worth sending.
pub(super) fn resync(newest: &Cursor) -> Bytes {
    let reason = Some("lagged".to_owned());
    control(Some(newest), &Event::Resync { reason })
}

/// Returns the event that announces the end of the stream, with the time to wait before reconnecting.
pub(super) fn shutdown(retry: Duration) -> Bytes {
    let retry_ms = millis(retry);
    control(None, &Event::Shutdown { retry_ms })
}

/// Returns the event that announces the end of the sign-in.
pub(super) fn auth_expiring(left: Duration) -> Bytes {
    control(None, &Event::AuthExpiring { in_ms: millis(left) })
}

/// Encodes an event about the stream itself. Such an event is not in the log, and mostly has no id.
fn control(at: Option<&Cursor>, event: &Event) -> Bytes {
    // Control events contain only numbers and short texts, so serialization can not fail. If it did, the frame would
    // have no data and the client would skip it.
    let data = serde_json::to_string(event).unwrap_or_default();
    encode(at, event.kind(), &data)
}

/// Encodes a frame. Names come from the enum and positions consist of letters and digits, so neither can break the
/// framing. Data is JSON and contains no line breaks. If it did, each line would become a `data` field.
fn encode(at: Option<&Cursor>, kind: EventKind, data: &str) -> Bytes {
    let mut text = String::with_capacity(data.len() + 96);
    let mut field = |name: &str, value: &str| {
        for part in [name, ": ", value, "\n"] {
            text.push_str(part);
        }
    };
    if let Some(at) = at {
        field("id", &at.to_string());
    }
    field("event", kind.name());
    for line in data.split(['\r', '\n']) {
        field("data", line);
    }
    text.push('\n');
    Bytes::from(text)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wire::{Cursor, EventKind};

    use super::{Told, auth_expiring, heartbeat, position, shutdown};

    #[test]
    fn nothing_in_an_event_can_break_the_framing() {
        let payload = "{\"a\":\"b\"}\r\n\nevent: shutdown\nid: 7";
        let told = Told::new("k3", 7, EventKind::ActionCreated, payload);
        let text = str::from_utf8(&told.bytes).unwrap();
        let (fields, rest) = text.split_once("\n\n").unwrap();
        assert_eq!(rest, "");
        let names: Vec<_> = fields.lines().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(names, ["id", "event", "data", "data", "data", "data", "data"]);
        assert!(text.starts_with("id: k3-7\nevent: action_created\ndata: {\"a\":\"b\"}\n"));
    }

    #[test]
    fn no_event_uses_browser_event_names() {
        for name in EventKind::NAMES {
            assert!(!["open", "error", "message", ""].contains(name), "{name}");
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{name}"
            );
        }
    }

    #[test]
    fn control_messages_have_no_id() {
        let text = |bytes: axum::body::Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(
            text(heartbeat()),
            "event: heartbeat\ndata: {\"type\":\"heartbeat\",\"data\":{}}\n\n"
        );
        assert_eq!(
            text(shutdown(Duration::from_millis(3_400))),
            "event: shutdown\ndata: {\"type\":\"shutdown\",\"data\":{\"retry_ms\":3400}}\n\n"
        );
        assert_eq!(
            text(auth_expiring(Duration::from_secs(30))),
            "event: auth_expiring\ndata: {\"type\":\"auth_expiring\",\"data\":{\"in_ms\":30000}}\n\n"
        );
        let at = Cursor {
            epoch: "k3".to_owned(),
            seq: 9,
        };
        assert_eq!(text(position(&at)), "id: k3-9\n\n");
    }
}
