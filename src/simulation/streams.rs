//! Streams: the server's messages, in order, and their delivery by the browser.

use std::rc::Rc;

use serde_json::json;
use wire::Cursor;

use super::network::Act;
use super::server::Logged;
use super::tab::{Input, TabId};
use super::world::World;
use crate::sse::{Generation, Raw, RawMessage, Signal};

pub(super) type StreamId = usize;

/// The time without a message after which the server sends a heartbeat, in milliseconds.
const HEARTBEAT: u64 = 15_000;

/// Both ends of a stream.
pub(super) struct Stream {
    pub(super) tab: TabId,
    generation: Generation,
    pub(super) cookie: Option<u64>,
    asked: Option<Cursor>,
    /// The person that the server sends the events of.
    pub(super) person: Option<usize>,
    /// Whether the server sends on the stream.
    pub(super) is_told: bool,
    /// Whether the browser listens to the stream.
    pub(super) is_heard: bool,
    /// Whether nothing that is sent arrives, without a notification of either end.
    pub(super) is_broken: bool,
    /// The number of frames that were sent and have not arrived.
    pub(super) under_way: usize,
    /// The last event id, as the browser remembers it.
    last_id: Rc<str>,
    due: u64,
    silent_since: u64,
    /// The position that the receiver knows of.
    known: u64,
}

/// A frame of a stream.
#[derive(Clone, Debug)]
pub(super) enum Sent {
    Opened,
    Message {
        name: &'static str,
        data: Rc<str>,
        id: Option<Rc<str>>,
    },
    /// The stream ends, or could not be opened.
    Lost,
    /// The answer is not a stream.
    Refused,
}

impl World {
    /// Opens a stream for a tab.
    pub(super) fn open_stream(
        &mut self,
        t: TabId,
        generation: Generation,
        asked: Option<Cursor>,
        ticket: Option<&str>,
    ) {
        self.close_stream(t);
        let profile = self.tabs[t].profile;
        let cookie = match ticket {
            Some(ticket) => ticket.parse().ok(),
            None => self.profiles[profile].cookie,
        };
        self.streams.push(Stream {
            tab: t,
            generation,
            cookie,
            asked,
            person: None,
            is_told: false,
            is_heard: true,
            is_broken: false,
            under_way: 0,
            last_id: Rc::from(""),
            due: 0,
            silent_since: self.now,
            known: 0,
        });
        let id = self.streams.len() - 1;
        self.tabs[t].stream = Some(id);
        let (is_lost, delay) = (self.loses(profile), self.latency());
        if is_lost {
            // Either the request fails, or no answer ever arrives.
            if self.rng.bool() {
                self.send(id, Sent::Lost);
            }
        } else {
            self.at(delay, Act::Open(id));
        }
    }

    /// Closes a tab's stream, if it has one.
    pub(super) fn close_stream(&mut self, t: TabId) {
        if let Some(id) = self.tabs[t].stream.take() {
            self.streams[id].is_heard = false;
            let delay = self.latency();
            self.at(delay, Act::Unheard(id));
        }
    }

    /// Handles the request for a stream on its arrival at the server.
    pub(super) fn open_at_server(&mut self, id: StreamId) {
        if !self.streams[id].is_heard {
            return;
        }
        if !self.server.is_up || self.is_away() {
            return self.send(id, Sent::Lost);
        }
        if self.swallows_until > self.now {
            // Nothing of this stream ever arrives.
            return;
        }
        let person = self.server.person(self.now, self.streams[id].cookie);
        let Some(person) = person.filter(|_| self.server.busy_until <= self.now) else {
            return self.send(id, Sent::Refused);
        };
        let beginning = self.server.begin(person, self.streams[id].asked.as_ref());
        let stream = &mut self.streams[id];
        (stream.person, stream.is_told) = (Some(person), true);
        stream.known = if beginning.resumed { beginning.after.seq } else { 0 };
        self.send(id, Sent::Opened);
        let hello = json!({"type": "hello", "data": {
            "epoch": beginning.after.epoch,
            "resumed": beginning.resumed,
            "cursor": beginning.after.to_string(),
            "heartbeat_ms": HEARTBEAT,
        }});
        self.send_control(id, "hello", &hello);
        for missed in &beginning.missed {
            self.send_logged(id, missed);
        }
        self.at(HEARTBEAT, Act::Beat(id));
    }

    /// Sends an event without a position.
    pub(super) fn send_control(&mut self, id: StreamId, name: &'static str, data: &serde_json::Value) {
        let data = data.to_string().into();
        self.send(id, Sent::Message { name, data, id: None });
    }

    fn send_logged(&mut self, id: StreamId, logged: &Logged) {
        let mut data = Rc::clone(&logged.data);
        if self.faults.garbles && self.rng.u8(..12) == 0 {
            data = Rc::from(&data[..data.len() / 2]);
        }
        self.streams[id].known = logged.at.seq;
        let at = Some(Rc::from(logged.at.to_string()));
        self.send(
            id,
            Sent::Message {
                name: logged.name,
                data,
                id: at,
            },
        );
    }

    /// Sends new events of the log on the streams of their audience.
    pub(super) fn publish(&mut self, told: &[Logged]) {
        for logged in told {
            for id in 0..self.streams.len() {
                let stream = &self.streams[id];
                if stream.is_told && stream.person.is_some_and(|person| logged.audience.includes(person)) {
                    self.send_logged(id, logged);
                }
            }
        }
    }

    /// Sends a frame. It arrives after all earlier frames of the stream.
    pub(super) fn send(&mut self, id: StreamId, sent: Sent) {
        let due = (self.now + self.latency()).max(self.streams[id].due);
        let stream = &mut self.streams[id];
        stream.due = due;
        stream.silent_since = self.now;
        stream.under_way += 1;
        if matches!(sent, Sent::Lost | Sent::Refused) {
            stream.is_told = false;
        }
        self.at_moment(due, Act::Frame(id, sent));
    }

    /// Sends a heartbeat on a silent stream, with the current position if that is news.
    pub(super) fn beat(&mut self, id: StreamId) {
        if !self.streams[id].is_told {
            return;
        }
        let silent_until = self.streams[id].silent_since + HEARTBEAT;
        if silent_until > self.now {
            return self.at_moment(silent_until, Act::Beat(id));
        }
        let at = (self.server.head > self.streams[id].known).then(|| Rc::from(self.server.cursor().to_string()));
        self.streams[id].known = self.server.head;
        let data = r#"{"type":"heartbeat","data":{}}"#.into();
        self.send(
            id,
            Sent::Message {
                name: "heartbeat",
                data,
                id: at,
            },
        );
        self.at(HEARTBEAT, Act::Beat(id));
    }

    /// Handles a frame on its arrival at the browser.
    pub(super) fn hear_stream(&mut self, id: StreamId, sent: Sent) {
        let stream = &mut self.streams[id];
        stream.under_way -= 1;
        if !stream.is_heard || stream.is_broken {
            return;
        }
        let raw = match sent {
            Sent::Opened => Raw::Signal(Signal::Opened),
            Sent::Lost => Raw::Signal(Signal::Lost),
            Sent::Refused => Raw::Signal(Signal::Refused),
            Sent::Message { name, data, id } => {
                if let Some(id) = id {
                    stream.last_id = id;
                }
                Raw::Message(RawMessage {
                    name: name.to_owned(),
                    data: data.to_string(),
                    id: stream.last_id.to_string(),
                })
            }
        };
        let (t, generation) = (stream.tab, stream.generation);
        self.tell(t, Input::Receive(generation, raw));
    }

    /// Returns the streams that the server sends on and that meet a condition.
    pub(super) fn told_streams(&self, meets: impl Fn(&Stream) -> bool) -> Vec<StreamId> {
        let all = self.streams.iter().enumerate();
        all.filter(|(_, stream)| stream.is_told && meets(stream))
            .map(|(id, _)| id)
            .collect()
    }

    /// Returns the streams of a sign-in.
    pub(super) fn streams_of(&self, cookie: u64) -> Vec<StreamId> {
        self.told_streams(|stream| stream.cookie == Some(cookie))
    }
}
