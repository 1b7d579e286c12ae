//! The queue of received messages.
//!
//! A burst of events is handled in slices, and the browser can render in between. If the queue grows long in spite of
//! that, messages are coalesced: of a thousand events of one kind, only the fact remains that this kind arrived.

use std::collections::{BTreeSet, VecDeque};

use wire::EventKind;

use super::decode::{Delivery, decode};
use super::transport::{Frame, Message, Signal};

/// A report of a stream, as the browser or the leader delivers it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// A signal that needs no decoding.
    Signal(Signal<Delivery>),
    /// A message that is not decoded yet.
    Message(RawMessage),
}

/// A message that is not decoded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawMessage {
    /// The event's name; `message` if it has none.
    pub(crate) name: String,
    /// Its data.
    pub(crate) data: String,
    /// The last id that the stream sent.
    pub(crate) id: String,
}

/// The number of queued messages from which on further messages are coalesced.
const BOUND: usize = 500;

/// The queue of received messages, in the order of their arrival. `G` names their source.
#[derive(Debug)]
pub(super) struct Intake<G>(VecDeque<(G, Waiting)>);

/// An element of the queue.
#[derive(Debug)]
pub(super) enum Waiting {
    /// A report as it arrived.
    One(Raw),
    /// The rest of many messages.
    Folded(Folded),
}

impl Waiting {
    /// Decodes the element.
    pub(super) fn read(&self) -> Vec<Signal<Delivery>> {
        match self {
            Self::One(Raw::Signal(signal)) => vec![signal.clone()],
            Self::One(Raw::Message(RawMessage { name, data, id })) => vec![Signal::Message(decode(name, data, id))],
            Self::Folded(folded) => folded.unfold(),
        }
    }
}

/// The rest of messages that were too many to keep.
#[derive(Debug, Default)]
pub(super) struct Folded {
    kinds: BTreeSet<EventKind>,
    /// Whether some of the messages had a name that does not tell their kind.
    is_anything: bool,
    /// The last id of the messages.
    pub(super) id: String,
}

impl<G> Default for Intake<G> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<G: Copy + PartialEq> Intake<G> {
    /// Appends a report, or coalesces it if the queue is long.
    pub(super) fn push(&mut self, from: G, raw: Raw) {
        let message = match raw {
            Raw::Message(message) if self.0.len() >= BOUND && is_foldable(&message.name) => message,
            raw => return self.0.push_back((from, Waiting::One(raw))),
        };
        if !matches!(self.0.back(), Some((last, Waiting::Folded(_))) if *last == from) {
            self.0.push_back((from, Waiting::Folded(Folded::default())));
        }
        if let Some((_, Waiting::Folded(folded))) = self.0.back_mut() {
            folded.kinds.extend(message.name.parse::<EventKind>());
            folded.is_anything |= message.name.parse::<EventKind>().is_err();
            folded.id = message.id;
        }
    }

    /// Takes the oldest element.
    pub(super) fn pop(&mut self) -> Option<(G, Waiting)> {
        self.0.pop_front()
    }

    /// Returns whether the queue is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Returns whether messages of this name may be coalesced. Control messages and `force_logout` may not. Unnamed
/// messages may, and can be of any kind.
fn is_foldable(name: &str) -> bool {
    match name.parse::<EventKind>() {
        Ok(kind) => !kind.is_control() && kind != EventKind::ForceLogout,
        Err(_) => name == "message",
    }
}

impl Folded {
    /// Returns the message that the other tabs receive instead: a `resync`, because they have missed events.
    pub(super) fn as_resync(&self) -> RawMessage {
        RawMessage {
            name: EventKind::Resync.name().to_owned(),
            data: r#"{"type":"resync","data":{}}"#.to_owned(),
            id: self.id.clone(),
        }
    }

    fn unfold(&self) -> Vec<Signal<Delivery>> {
        log::warn!("too much arrived at once ({} kinds)", self.kinds.len());
        let kinds = self.kinds.iter();
        let mut frames: Vec<Frame<Delivery>> = kinds.map(|kind| Frame::Event(Delivery::Unreadable(*kind))).collect();
        if self.is_anything {
            frames.push(Frame::Resync);
        }
        let last = frames.len().saturating_sub(1);
        // Only the last frame carries the position. A frame at a position that was delivered before would be dropped.
        let signals = frames.into_iter().enumerate().map(|(at, frame)| {
            let cursor = (at == last).then(|| self.id.parse().ok()).flatten();
            Signal::Message(Message { cursor, frame })
        });
        signals.collect()
    }
}
