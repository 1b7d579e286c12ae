//! Everything that is under way between the server and the tabs, and between the tabs.

use std::rc::Rc;

use super::requests::{Asked, Outcome};
use super::streams::{Sent, StreamId};
use super::tab::TabId;
use super::world::World;
use crate::sse::LockNews;

/// An act that is under way, and happens when it is due.
#[derive(Debug)]
pub(super) enum Act {
    /// A request arrives at the server.
    Arrive(Asked),
    /// The browser stores a cookie from an answer, or deletes its cookie if it is `drop`.
    Cookie {
        profile: usize,
        put: Option<u64>,
        drop: Option<u64>,
    },
    /// An answer arrives at a tab.
    Answer(Asked, Outcome),
    /// A request for a stream arrives at the server.
    Open(StreamId),
    /// A frame of a stream arrives at its tab.
    Frame(StreamId, Sent),
    /// The server sends a heartbeat if a stream was silent for too long.
    Beat(StreamId),
    /// The server learns that the browser has closed a stream.
    Unheard(StreamId),
    /// The browser handles a tab's request for the lock.
    AskLock { tab: TabId, hold: u64, steals: bool },
    /// A tab is notified about its lock.
    Lock { tab: TabId, hold: u64, news: LockNews },
    /// A tab receives a message of another tab.
    Text { tab: TabId, opened: u64, text: Rc<str> },
    /// A tab learns that another one has changed the signed-in person.
    Storage(TabId),
    /// A tab continues to process its queued messages.
    Work(TabId),
    /// A tab hydrates the mutations of earlier visits from the disk.
    TakeUp { tab: TabId, visit: u64 },
    /// A tab without time gets time again.
    Wake(TabId),
    /// A sign-in ends, unless it was renewed.
    Expire(u64),
    /// The server starts again.
    Start,
}

/// The quality of the network and of the timers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// The number of packets in a thousand that are lost, in either direction.
    pub(super) lost: u32,
    /// The longest latency of a packet, in milliseconds. Most packets are faster.
    pub(super) slowest: u64,
    /// The longest latency of a message between tabs, in milliseconds.
    pub(super) slowest_text: u64,
    /// The maximum delay of the timers in hidden tabs, in milliseconds.
    pub(super) throttle: u64,
}

/// The shortest latency of a packet, in milliseconds. Any message between tabs about the signed-in person is faster.
pub(super) const FASTEST: u64 = 4;

impl World {
    /// Returns the latency of a packet.
    pub(super) fn latency(&mut self) -> u64 {
        let usual = FASTEST + self.rng.u64(0..40);
        if self.rng.u8(..8) == 0 {
            FASTEST + self.rng.u64(0..=self.weather.slowest)
        } else {
            usual.min(FASTEST + self.weather.slowest)
        }
    }

    /// Whether a packet of this browser profile is lost.
    pub(super) fn loses(&mut self, profile: usize) -> bool {
        !self.profiles[profile].is_linked || self.rng.u32(..1_000) < self.weather.lost
    }

    /// Schedules an act after a delay.
    pub(super) fn at(&mut self, delay: u64, act: Act) {
        self.at_moment(self.now + delay, act);
    }

    /// Schedules an act at a moment, after all other acts of that moment.
    pub(super) fn at_moment(&mut self, due: u64, act: Act) {
        let number = self.number();
        self.acts.insert((due, number), act);
    }

    /// Schedules an act at a moment, before all other acts of that moment.
    pub(super) fn at_moment_first(&mut self, due: u64, act: Act) {
        self.firsts += 1;
        self.acts.insert((due, self.firsts), act);
    }

    /// Carries out an act. If its tab gets no time now, the act is parked.
    pub(super) fn act(&mut self, act: Act) {
        let Some(t) = self.target(&act) else {
            return self.act_outside(act);
        };
        if self.tabs[t].is_dead {
            return;
        }
        if !self.tabs[t].runs() {
            return self.tabs[t].parked.push(act);
        }
        match act {
            Act::Answer(asked, outcome) => self.answer(asked, outcome),
            Act::Frame(id, sent) => self.hear_stream(id, sent),
            Act::Lock { tab, hold, news } => self.hear_lock(tab, hold, news),
            Act::Text { tab, opened, text } => self.hear_text(tab, opened, &text),
            Act::Storage(tab) => self.check_session(tab, false),
            Act::Work(tab) => self.go_on(tab),
            Act::TakeUp { tab, visit } => self.take_up(tab, visit),
            Act::Arrive(_)
            | Act::Cookie { .. }
            | Act::Open(_)
            | Act::Beat(_)
            | Act::Unheard(_)
            | Act::AskLock { .. }
            | Act::Wake(_)
            | Act::Expire(_)
            | Act::Start => {}
        }
        self.settle(t);
    }

    /// Schedules the acts that were parked while a tab got no time, in the same order. Timers may fire before or after
    /// them.
    pub(super) fn unpark(&mut self, t: TabId) {
        let delay = self.rng.u64(..2);
        // The parked acts were sent before any act that is due soon in this tab.
        let mut soon = self.acts.range(..(self.now + 2, 0));
        let is_pressed = soon.any(|(_, act)| self.target(act) == Some(t));
        let due = if is_pressed { self.now } else { self.now + delay };
        for act in std::mem::take(&mut self.tabs[t].parked) {
            self.at_moment_first(due, act);
        }
        // Messages that other tabs send from now on arrive after the parked acts.
        for last in self.tabs[t].heard_from.values_mut() {
            *last = due.max(*last);
        }
    }

    fn act_outside(&mut self, act: Act) {
        match act {
            Act::Arrive(asked) => self.serve(asked),
            Act::Cookie { profile, put, drop } => self.take_cookie(profile, put, drop),
            Act::Open(id) => self.open_at_server(id),
            Act::Beat(id) => self.beat(id),
            Act::Unheard(id) => self.streams[id].is_told = false,
            Act::AskLock { tab, hold, steals } => self.look_at_lock(tab, hold, steals),
            Act::Wake(tab) => self.wake(tab),
            Act::Expire(cookie) => self.expire(cookie),
            Act::Start => self.server.is_up = true,
            Act::Answer(..)
            | Act::Frame(..)
            | Act::Lock { .. }
            | Act::Text { .. }
            | Act::Storage(_)
            | Act::TakeUp { .. }
            | Act::Work(_) => {}
        }
    }

    /// Returns the tab of an act, if it has one.
    pub(super) fn target(&self, act: &Act) -> Option<TabId> {
        match act {
            Act::Answer(asked, _) => Some(asked.tab),
            Act::Frame(id, _) => Some(self.streams[*id].tab),
            Act::Lock { tab, .. } | Act::Text { tab, .. } | Act::TakeUp { tab, .. } => Some(*tab),
            Act::Storage(tab) | Act::Work(tab) => Some(*tab),
            Act::Arrive(_)
            | Act::Cookie { .. }
            | Act::Open(_)
            | Act::Beat(_)
            | Act::Unheard(_)
            | Act::AskLock { .. }
            | Act::Wake(_)
            | Act::Expire(_)
            | Act::Start => None,
        }
    }
}
