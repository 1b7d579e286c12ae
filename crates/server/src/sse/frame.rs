//! Events as they stand in the stream: bytes that are made once, however many streams carry them.

use std::time::Duration;

use axum::body::Bytes;
use wire::{Cursor, Event, EventKind};

use crate::store::now;

/// The version of the protocol that `hello` announces.
const PROTOCOL: u32 = 1;

/// An event of the log as it is sent. Everybody who is told shares it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) seq: u64,
    pub(crate) kind: EventKind,
    pub(super) bytes: Bytes,
}

impl Told {
    /// `payload` is the whole envelope.
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

/// The first frame of every stream. `after` is the position after which it tells everything.
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

/// Shows that the stream is alive. Its data is not empty: a browser drops an event without data.
pub(super) fn heartbeat() -> Bytes {
    control(None, &Event::Heartbeat {})
}

/// Says how far the reader has come although nothing was for it. A browser keeps the id and tells nobody, because there
/// is no data; the next event it hands out carries the id along.
pub(super) fn position(at: &Cursor) -> Bytes {
    Bytes::from(format!("id: {at}\n\n"))
}

/// Takes the place of more events than are worth sending.
pub(super) fn resync(newest: &Cursor) -> Bytes {
    let reason = Some("lagged".to_owned());
    control(Some(newest), &Event::Resync { reason })
}

/// Says that the server closes the stream, and when to come back.
pub(super) fn shutdown(retry: Duration) -> Bytes {
    let retry_ms = millis(retry);
    control(None, &Event::Shutdown { retry_ms })
}

/// Says that the sign-in behind the stream ends soon.
pub(super) fn auth_expiring(left: Duration) -> Bytes {
    control(None, &Event::AuthExpiring { in_ms: millis(left) })
}

/// An event that speaks of the stream itself: not in the log, hence mostly without an id.
fn control(at: Option<&Cursor>, event: &Event) -> Bytes {
    // These few hold numbers and short texts only, so this can not fail; if it did, the frame would have no data and a
    // client would skip it.
    let data = serde_json::to_string(event).unwrap_or_default();
    encode(at, event.kind(), &data)
}

/// Names come from the enum and positions are letters and numbers, so neither can break the framing. Data is JSON,
/// which has no line breaks of its own; if it had, each line would stay data.
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
