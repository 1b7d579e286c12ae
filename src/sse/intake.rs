//! What has arrived and has not been looked at yet.
//!
//! A burst of events is worked off in slices, between which the page can breathe. What piles up in spite of that is
//! folded: of a kind of event that arrived a thousand times it is enough to know that it did.

use std::collections::{BTreeSet, VecDeque};

use wire::EventKind;

use super::decode::{Delivery, decode};
use super::transport::{Frame, Message, Signal};

/// What a stream reports, as the browser, or the page that leads, hands it over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// A signal without content.
    Signal(Signal<Delivery>),
    /// A message that has not been read yet.
    Message(RawMessage),
}

/// A message that has not been read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawMessage {
    /// The event's name; `message` if it has none.
    pub(crate) name: String,
    /// Its data.
    pub(crate) data: String,
    /// The last id that the stream sent.
    pub(crate) id: String,
}

/// How many may wait before they are folded.
const BOUND: usize = 500;

/// What waits to be looked at, in the order in which it arrived. `G` says where from.
#[derive(Debug)]
pub(super) struct Intake<G>(VecDeque<(G, Waiting)>);

/// Something that waits to be looked at.
#[derive(Debug)]
pub(super) enum Waiting {
    /// As it arrived.
    One(Raw),
    /// Many.
    Folded(Folded),
}

impl Waiting {
    /// Reads it.
    pub(super) fn read(&self) -> Vec<Signal<Delivery>> {
        match self {
            Self::One(Raw::Signal(signal)) => vec![signal.clone()],
            Self::One(Raw::Message(RawMessage { name, data, id })) => vec![Signal::Message(decode(name, data, id))],
            Self::Folded(folded) => folded.unfold(),
        }
    }
}

/// What is left of messages that were too many.
#[derive(Debug, Default)]
pub(super) struct Folded {
    kinds: BTreeSet<EventKind>,
    /// Whether there were some whose name does not say what they are.
    is_anything: bool,
    /// The last id among them.
    pub(super) id: String,
}

impl<G> Default for Intake<G> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<G: Copy + PartialEq> Intake<G> {
    /// Something has arrived.
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

    /// What arrived first.
    pub(super) fn pop(&mut self) -> Option<(G, Waiting)> {
        self.0.pop_front()
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Whether it is enough to know that something of this name has arrived: not of what speaks to the connection, and not
/// of what speaks to a person. Of what has no name of its own anything may have arrived.
fn is_foldable(name: &str) -> bool {
    match name.parse::<EventKind>() {
        Ok(kind) => !kind.is_control() && kind != EventKind::ForceLogout,
        Err(_) => name == "message",
    }
}

impl Folded {
    /// What another page is told instead: that it has missed something.
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
        // Only the last of them says how far the stream has come: what is at a position that was told is no news.
        let signals = frames.into_iter().enumerate().map(|(at, frame)| {
            let cursor = (at == last).then(|| self.id.parse().ok()).flatten();
            Signal::Message(Message { cursor, frame })
        });
        signals.collect()
    }
}
