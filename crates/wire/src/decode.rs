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

use serde_json::{Map, Value};

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
    let Ok(Value::Object(object)) = serde_json::from_slice(data.as_bytes()) else {
        return Err(match canonical(name) {
            Some(kind) => DecodeError::Malformed(kind),
            None if is_unnamed(name) => DecodeError::NotAnEvent,
            None => DecodeError::Unknown,
        });
    };
    let (kind, payload) = open(name, object)?;
    let payload = lift(kind, snake_case(payload));
    // Not with its cause, which would quote what arrived.
    Fields::of(payload)
        .and_then(|content| fields::event(kind, content))
        .or(Err(DecodeError::Malformed(kind)))
}

/// Finds out which event it is and what of the object is its payload.
fn open(name: &str, mut object: Map<String, Value>) -> Result<(EventKind, Value), DecodeError> {
    let inner = object.get("type").and_then(Value::as_str).map(str::to_owned);
    let inner_kind = inner.as_deref().and_then(canonical);
    if let Some(inner) = &inner
        && let Some(data) = object.get_mut("data").map(Value::take)
    {
        return match inner_kind.or_else(|| canonical(inner)) {
            Some(kind) => Ok((kind, data)),
            None => Err(DecodeError::Unknown),
        };
    }
    if let Some(kind) = canonical(name) {
        return Ok((kind, Value::Object(object)));
    }
    match (inner_kind, inner) {
        (Some(kind), _) => {
            object.insert("type".to_owned(), Value::Null);
            Ok((kind, Value::Object(object)))
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

/// Puts fields where this version expects them: an older one names the goal differently, another leaves out the
/// scope that the entity itself names.
fn lift(kind: EventKind, payload: Value) -> Value {
    let Value::Object(mut payload) = payload else {
        return payload;
    };
    for (old, new) in [("overarching_goal", "goal"), ("overarching_goal_id", "goal_id")] {
        if let Some(value) = payload.get_mut(old).map(Value::take) {
            payload.insert(new.to_owned(), value);
        }
    }
    let (entity, scope) = match kind {
        EventKind::ActionCreated | EventKind::ActionUpdated => ("action", "coaching_session_id"),
        EventKind::AgreementCreated | EventKind::AgreementUpdated => ("agreement", "coaching_session_id"),
        EventKind::GoalCreated | EventKind::GoalUpdated => ("goal", "coaching_relationship_id"),
        _ => return Value::Object(payload),
    };
    if !payload.contains_key(scope)
        && let Some(id) = payload.get(entity).and_then(|entity| entity.get(scope)).cloned()
    {
        payload.insert(scope.to_owned(), id);
    }
    Value::Object(payload)
}

/// Turns camelCase keys into snake_case ones, all the way down.
fn snake_case(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut snake = Map::new();
            for (key, value) in object {
                snake.insert(snake_key(&key), snake_case(value));
            }
            Value::Object(snake)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(snake_case).collect()),
        other => other,
    }
}

fn snake_key(key: &str) -> String {
    let mut snake = String::with_capacity(key.len() + 2);
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            if !snake.is_empty() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        } else {
            snake.push(letter);
        }
    }
    snake
}
