//! Reads an event in any of the dialects in use.
//!
//! | dialect | `event:` | `data:` |
//! |---|---|---|
//! | envelope | `goal_updated` | `{"type":"goal_updated","data":{…}}` |
//! | bare payload | `notification` | `{"id":"1","type":"success",…}` |
//! | flat object | none | `{"type":"job_completion","jobId":"7",…}` |
//! | dotted names | `notification.created` | any of the above |
//!
//! Names differ too (`connected` for `hello`, `overarching_goal_*` for `goal_*`), and fields may be camelCase.
//! Where the envelope's `type` and the `event:` field differ, the envelope is right.

use crate::fields::{self, Fields};
use crate::{Event, EventKind};

/// The longest data that is decoded, in bytes. An event says what changed; a megabyte is not an event.
pub const MAX_EVENT_BYTES: usize = 1 << 20;

/// Why something that arrived on the stream is no [`Event`].
///
/// None of these carries what arrived, so that logging one reveals nothing about anybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It names an event that this version does not know. A newer server is no reason for alarm.
    #[error("an event of an unknown type")]
    Unknown,
    /// It names a known event but its content is not what that event carries: what it spoke of is stale now.
    #[error("malformed {}", .0.name())]
    Malformed(EventKind),
    /// It names no event at all.
    #[error("not an event")]
    NotAnEvent,
    /// It is longer than [`MAX_EVENT_BYTES`].
    #[error("longer than an event may be")]
    TooLong(Option<EventKind>),
}

/// Reads one message of the stream: `name` is its `event:` field (`message` if it has none), `data` its data.
///
/// # Errors
///
/// See [`DecodeError`]. Nothing that arrives can make it panic.
///
/// ```
/// use wire::{Event, decode};
///
/// let event = decode("message", r#"{"type":"connected","userId":"u7"}"#);
/// assert!(matches!(event, Ok(Event::Hello { resumed: false, .. })));
/// ```
pub fn decode(name: &str, data: &str) -> Result<Event, DecodeError> {
    if data.len() > MAX_EVENT_BYTES {
        return Err(DecodeError::TooLong(canonical(name)));
    }
    let Ok(fields) = Fields::read(data) else {
        return Err(match canonical(name) {
            Some(kind) => DecodeError::Malformed(kind),
            None if is_unnamed(name) => DecodeError::NotAnEvent,
            None => DecodeError::Unknown,
        });
    };
    let (kind, content) = open(name, fields)?;
    // Not with its cause, which would quote what arrived.
    fields::event(kind, &content).or(Err(DecodeError::Malformed(kind)))
}

/// Finds out which event it is and what of the object is its content.
fn open<'text>(name: &str, mut fields: Fields<'text>) -> Result<(EventKind, Fields<'text>), DecodeError> {
    let inner = fields.take::<String>("type").ok();
    let inner_kind = inner.as_deref().and_then(canonical);
    if inner.is_some()
        && let Some(content) = fields.text("data")
    {
        let kind = inner_kind.ok_or(DecodeError::Unknown)?;
        return match Fields::read(content) {
            Ok(content) => Ok((kind, content)),
            Err(_) => Err(DecodeError::Malformed(kind)),
        };
    }
    if let Some(kind) = canonical(name) {
        return Ok((kind, fields));
    }
    match (inner_kind, inner) {
        (Some(kind), _) => {
            fields.remove("type");
            Ok((kind, fields))
        }
        (None, Some(_)) => Err(DecodeError::Unknown),
        (None, None) if is_unnamed(name) => Err(DecodeError::NotAnEvent),
        (None, None) => Err(DecodeError::Unknown),
    }
}

fn is_unnamed(name: &str) -> bool {
    name.is_empty() || name == "message"
}

/// The kind behind a name of any dialect.
fn canonical(name: &str) -> Option<EventKind> {
    let name = name.replace(['.', '-'], "_");
    match name.as_str() {
        "connected" | "connection_established" => Some(EventKind::Hello),
        "notification" => Some(EventKind::NotificationCreated),
        name => name.strip_prefix("overarching_").unwrap_or(name).parse().ok(),
    }
}
