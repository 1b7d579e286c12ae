//! What happens by itself: everything that is under way between the server and the tabs, and between the tabs.

use std::rc::Rc;

use super::requests::{Asked, Outcome};
use super::streams::{Sent, StreamId};
use super::tab::TabId;
use super::world::World;
use crate::sse::LockNews;

/// Something that is under way, and happens when it is due.
#[derive(Debug)]
pub(super) enum Act {
    /// A request arrives at the server.
    Arrive(Asked),
    /// The browser takes a cookie from an answer, or takes it away if it is this one.
    Cookie {
        profile: usize,
        put: Option<u64>,
        drop: Option<u64>,
    },
    /// An answer arrives at a tab.
    Answer(Asked, Outcome),
    /// A request for a stream arrives at the server.
    Open(StreamId),
    /// What a stream carries arrives at its tab.
    Frame(StreamId, Sent),
    /// The server sees to it that a stream is not silent for too long.
    Beat(StreamId),
    /// The server learns that nobody listens to a stream.
    Unheard(StreamId),
    /// The browser looks at what a tab has asked for the lock.
    AskLock { tab: TabId, hold: u64, steals: bool },
    /// A tab hears about the lock.
    Lock { tab: TabId, hold: u64, news: LockNews },
    /// A tab hears another.
    Text { tab: TabId, opened: u64, text: Rc<str> },
    /// A tab learns that another has changed who is signed in.
    Storage(TabId),
    /// A tab goes on with what has arrived.
    Work(TabId),
    /// A tab hears from the disk what was left on earlier visits.
    TakeUp { tab: TabId, visit: u64 },
    /// A tab that was not given any time is given some.
    Wake(TabId),
    /// A sign-in ends unless it was renewed.
    Expire(u64),
    /// The server is started again.
    Start,
}

/// How bad things are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// Of a thousand requests, how many get lost on either way.
    pub(super) lost: u32,
    /// The slowest way of a packet, in milliseconds; most are faster.
    pub(super) slowest: u64,
    /// The slowest way of a text from tab to tab.
    pub(super) slowest_text: u64,
    /// How late timers of hidden tabs may be.
    pub(super) throttle: u64,
}

/// The fastest way: slower than anything between tabs that says who is signed in.
pub(super) const FASTEST: u64 = 4;

impl World {
    /// How long a packet takes.
    pub(super) fn latency(&mut self) -> u64 {
        let usual = FASTEST + self.rng.u64(0..40);
        if self.rng.u8(..8) == 0 {
            FASTEST + self.rng.u64(0..=self.weather.slowest)
        } else {
            usual.min(FASTEST + self.weather.slowest)
        }
    }

    /// Whether a packet of this profile gets lost.
    pub(super) fn loses(&mut self, profile: usize) -> bool {
        !self.profiles[profile].is_linked || self.rng.u32(..1_000) < self.weather.lost
    }

    /// Something happens after a delay.
    pub(super) fn at(&mut self, delay: u64, act: Act) {
        self.at_moment(self.now + delay, act);
    }

    /// Something happens at a moment, after whatever else was to happen then.
    pub(super) fn at_moment(&mut self, due: u64, act: Act) {
        let number = self.number();
        self.acts.insert((due, number), act);
    }

    /// Something happens at a moment, before whatever else is to happen then.
    pub(super) fn at_moment_first(&mut self, due: u64, act: Act) {
        self.firsts += 1;
        self.acts.insert((due, self.firsts), act);
    }

    /// What is due happens, unless the tab it happens to can do nothing now: then it waits.
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

    /// What has happened while a tab could do nothing happens now, in the same order; timers may come before it or after.
    pub(super) fn unpark(&mut self, t: TabId) {
        let delay = self.rng.u64(..2);
        // What is about to happen in this tab was sent after it.
        let mut soon = self.acts.range(..(self.now + 2, 0));
        let is_pressed = soon.any(|(_, act)| self.target(act) == Some(t));
        let due = if is_pressed { self.now } else { self.now + delay };
        for act in std::mem::take(&mut self.tabs[t].parked) {
            self.at_moment_first(due, act);
        }
        // What other tabs say from now on comes after it.
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

    /// The tab in which something happens, if it happens in one.
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
