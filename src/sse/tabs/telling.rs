//! The messages between the tabs of one person.
//!
//! A message consists of lines of text: the version, the term of the leader, the sender, the receiver (empty: all
//! tabs), a word, and the content of the word. The last field may have lines of its own.

use std::time::Duration;

use wire::Cursor;

use super::super::intake::RawMessage;
use super::super::status::{Cause, ConnectionError, Failure, State, Status};
use crate::time::Instant;

/// The version of the messages. A tab with another version of the app may be open. Its messages are ignored.
const VERSION: &str = "freshet-2";

/// A message from one tab to the others, or to one of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Telling {
    /// The term of the leader that the sender knows.
    pub(super) term: u64,
    /// The name of the sender.
    pub(super) from: String,
    /// The name of the receiver; empty for all tabs.
    pub(super) to: String,
    pub(super) word: Word,
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// The sender is the leader, and this is its connection.
    Lead(Lead),
    /// The sender asks whether there is a leader.
    Ping,
    /// The sender asks for all messages of the stream after this position.
    Join(Option<Cursor>),
    /// The leader will relay its stream from this position on. `resumed` tells whether all messages after the requested
    /// position will arrive.
    Welcome { resumed: bool, cursor: Option<Cursor> },
    /// A message of the stream.
    Message(RawMessage),
    /// A person wants a retry now.
    Retry,
    /// A person has come back.
    Opportunity,
}

/// The connection of the leader.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lead {
    pub(super) status: Status,
    /// The time of the status. Tabs do not share a clock, so times are sent relative to this one.
    pub(super) at: Instant,
}

impl Telling {
    pub(super) fn to_text(&self) -> String {
        let cursor = |cursor: &Option<Cursor>| cursor.as_ref().map(Cursor::to_string).unwrap_or_default();
        let word = match &self.word {
            Word::Lead(lead) => format!("lead\n{}", lead_to_text(lead)),
            Word::Ping => "ping".to_owned(),
            Word::Join(from) => format!("join\n{}", cursor(from)),
            Word::Welcome { resumed, cursor: from } => {
                format!("welcome\n{}\n{}", u8::from(*resumed), cursor(from))
            }
            Word::Message(RawMessage { name, data, id }) => format!("message\n{name}\n{id}\n{data}"),
            Word::Retry => "retry".to_owned(),
            Word::Opportunity => "opportunity".to_owned(),
        };
        let Self { term, from, to, .. } = self;
        format!("{VERSION}\n{term}\n{from}\n{to}\n{word}")
    }

    /// Parses a message that another tab has just sent; `None` if this version has no such message.
    pub(super) fn from_text(text: &str, now: Instant) -> Option<Self> {
        let mut fields = text.splitn(6, '\n');
        let mut field = || fields.next();
        if field()? != VERSION {
            return None;
        }
        let term = field()?.parse().ok()?;
        let from = field()?.to_owned();
        let to = field()?.to_owned();
        let word = field()?;
        let rest = field().unwrap_or_default();
        let word = match word {
            "lead" => Word::Lead(lead_from_text(rest, now)?),
            "ping" => Word::Ping,
            "join" => Word::Join(rest.parse().ok()),
            "welcome" => {
                let (resumed, cursor) = rest.split_once('\n')?;
                Word::Welcome {
                    resumed: resumed == "1",
                    cursor: cursor.parse().ok(),
                }
            }
            "message" => {
                let (name, rest) = rest.split_once('\n')?;
                let (id, data) = rest.split_once('\n')?;
                Word::Message(RawMessage {
                    name: name.to_owned(),
                    data: data.to_owned(),
                    id: id.to_owned(),
                })
            }
            "retry" => Word::Retry,
            "opportunity" => Word::Opportunity,
            _ => return None,
        };
        Some(Self { term, from, to, word })
    }
}

const STATES: [State; 5] = [
    State::Disconnected,
    State::Connecting,
    State::Connected,
    State::Reconnecting,
    State::Error,
];

const CAUSES: [Cause; 9] = [
    Cause::Network,
    Cause::Refused,
    Cause::Unreadable,
    Cause::Busy,
    Cause::Timeout,
    Cause::Silence,
    Cause::Final(Failure::Unauthorized),
    Cause::Final(Failure::Forbidden),
    Cause::Final(Failure::Missing),
];

/// The longest time that is accepted, in milliseconds: longer than any that occurs.
const LONGEST: u64 = 24 * 60 * 60 * 1_000;

/// Writes the state, the last failure and the next attempt, which another tab can show.
fn lead_to_text(Lead { status, at: now }: &Lead) -> String {
    let place = |found: Option<usize>| found.map_or_else(String::new, |at| at.to_string());
    let time = |time: Option<Duration>| time.map_or_else(String::new, |time| time.as_millis().to_string());
    let error = status.last_error;
    [
        place(STATES.iter().position(|state| *state == status.state)),
        u8::from(status.is_offline).to_string(),
        time(status.retry_at.map(|due| now.until(due))),
        place(error.and_then(|error| CAUSES.iter().position(|cause| *cause == error.cause))),
        time(error.map(|error| now.since(error.at))),
        error.map_or_else(String::new, |error| error.attempt.to_string()),
    ]
    .join("\n")
}

fn lead_from_text(text: &str, now: Instant) -> Option<Lead> {
    let mut lines = text.split('\n').map(|line| line.parse::<u64>().ok());
    let mut number = || lines.next().flatten();
    let place = |number: u64| usize::try_from(number).ok();
    let time = |millis: u64| Duration::from_millis(millis.min(LONGEST));
    let state = *STATES.get(place(number()?)?)?;
    let is_offline = number() == Some(1);
    let retry_at = number().map(|left| now + time(left));
    let cause = number().and_then(place).and_then(|at| CAUSES.get(at).copied());
    // This tab may have been opened later.
    let at = number().map(|ago| now.checked_sub(time(ago)).unwrap_or_default());
    let attempt = number().and_then(|attempt| u32::try_from(attempt).ok());
    let last_error = match (cause, at, attempt) {
        (Some(cause), Some(at), Some(attempt)) => Some(ConnectionError { cause, at, attempt }),
        _ => None,
    };
    let status = Status {
        state,
        is_offline,
        retry_at,
        last_error,
        ..Status::default()
    };
    Some(Lead { status, at: now })
}
