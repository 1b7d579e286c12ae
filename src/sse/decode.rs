//! The translation of the browser's messages into frames of the connection.

use wire::{Cursor, DecodeError, Event, EventKind};

use super::transport::{Frame, Hello, Message};

/// A delivery of the stream to the app.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// An event.
    Event(Event),
    /// An event of this kind whose content could not be read, or was too long. All data that it may affect is stale.
    Unreadable(EventKind),
}

/// Reads one message. `name` is the event's name, `data` its data and `id` the last id that the stream sent.
///
/// The browser repeats the last id for messages without one. So an id counts only for events of the log and for
/// `resync`: other control messages have no position. A heartbeat is an exception, because a server may send an id
/// alone before it. Such an id reports that the stream has come so far without an event for this reader.
#[must_use]
pub fn decode(name: &str, data: &str, id: &str) -> Message<Delivery> {
    let position = || id.parse::<Cursor>().ok();
    let event = match wire::decode(name, data) {
        Ok(event) => event,
        Err(error) => {
            log::warn!("the stream sent {error} ({} bytes)", data.len());
            return match error {
                DecodeError::Malformed(kind) | DecodeError::TooLong(Some(kind)) if !kind.is_control() => Message {
                    cursor: position(),
                    frame: Frame::Event(Delivery::Unreadable(kind)),
                },
                DecodeError::Unknown => Message {
                    cursor: position(),
                    frame: Frame::Ignored,
                },
                DecodeError::Malformed(_) | DecodeError::TooLong(_) | DecodeError::NotAnEvent => Message {
                    cursor: None,
                    frame: Frame::Ignored,
                },
            };
        }
    };
    let frame = match event {
        Event::Hello {
            resumed,
            cursor,
            heartbeat_ms,
            ..
        } => {
            let cursor = cursor.and_then(|text| text.parse().ok());
            return Message {
                cursor: None,
                frame: Frame::Hello(Hello {
                    resumed,
                    cursor,
                    heartbeat_ms,
                }),
            };
        }
        Event::Heartbeat {} => {
            return Message {
                cursor: position(),
                frame: Frame::Heartbeat,
            };
        }
        Event::Shutdown { retry_ms } => {
            return Message {
                cursor: None,
                frame: Frame::Shutdown { retry_ms },
            };
        }
        Event::AuthExpiring { in_ms } => {
            return Message {
                cursor: None,
                frame: Frame::AuthExpiring { in_ms },
            };
        }
        Event::Resync { .. } => Frame::Resync,
        event => Frame::Event(Delivery::Event(event)),
    };
    Message {
        cursor: position(),
        frame,
    }
}
