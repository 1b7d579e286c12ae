//! A browser with several tabs, in virtual time.

use wire::{CoachingSessionId, Event};

use super::super::decode::Delivery;
use super::super::intake::{Raw, RawMessage};
use super::super::link::{Link, Report, Task};
use super::super::tabs::LockNews;
use super::*;
use crate::time::{EpochMillis, Now};

/// The reading of the wall clock at the start, in milliseconds.
const WALL: u64 = 1_700_000_000_000;

/// A browser: tabs, a lock, a channel between them, and a server with an event log.
pub(super) struct Browser {
    pub(super) pages: Vec<Page>,
    /// The tab that holds the lock.
    pub(super) holder: Option<usize>,
    /// The tabs that wait for the lock.
    pub(super) queue: Vec<usize>,
    pub(super) now: Instant,
    /// The part of the passed time that the monotonic clocks have not counted, in milliseconds.
    pub(super) uncounted: u64,
    /// The time by which the wall clock was set forward, in milliseconds.
    pub(super) set_by: i64,
    /// The number of events in the log. The log's epoch is `e`.
    pub(super) log: u64,
    /// Whether the server can be reached.
    pub(super) is_up: bool,
}

pub(super) struct Page {
    /// The time at which the tab's monotonic clock read zero.
    begun: u64,
    pub(super) link: Link,
    pub(super) stream: Option<Generation>,
    has_channel: bool,
    is_frozen: bool,
    /// The texts that have arrived while the tab is frozen.
    missed: Vec<String>,
    pub(super) heard: Vec<u64>,
    pub(super) gaps: usize,
    /// The reported sleeps.
    pub(super) slept: Vec<Duration>,
}

impl Browser {
    pub(super) fn new(pages: usize) -> Self {
        let mut browser = Self {
            pages: Vec::new(),
            holder: None,
            queue: Vec::new(),
            now: Instant::from_millis(1_000_000),
            uncounted: 0,
            set_by: 0,
            log: 0,
            is_up: true,
        };
        for _ in 0..pages {
            browser.open_page(None);
        }
        browser
    }

    /// Opens a tab that has fetched the data up to this event.
    pub(super) fn open_page(&mut self, read: Option<u64>) -> usize {
        let at = self.pages.len();
        self.pages.push(Page {
            // Monotonic times of different tabs are not comparable.
            begun: at as u64 * 7_000,
            link: Link::new(SETTINGS, 7, Some(format!("page{at}"))),
            stream: None,
            has_channel: false,
            is_frozen: false,
            missed: Vec::new(),
            heard: Vec::new(),
            gaps: 0,
            slept: Vec::new(),
        });
        self.act(at, |link, now| {
            link.start(now);
            link.handle_read(now, read.and_then(|seq| format!("e-{seq}").parse().ok()));
        });
        at
    }

    /// Returns the readings of a tab's clocks.
    pub(super) fn clocks(&self, at: usize) -> Now {
        let now = self.now.as_millis();
        Now {
            monotonic: Instant::from_millis(now - self.uncounted - self.pages[at].begun),
            wall: EpochMillis::from_millis((WALL + now).saturating_add_signed(self.set_by)),
        }
    }

    /// Returns the deadline of a tab's next timer.
    fn due(&self, page: &Page) -> Option<Instant> {
        let lag = Duration::from_millis(self.uncounted + page.begun);
        Some(page.link.poll_timeout()? + lag)
    }

    pub(super) fn act(&mut self, at: usize, act: impl FnOnce(&mut Link, Instant)) {
        let now = self.clocks(at);
        self.pages[at].link.read_clocks(now);
        act(&mut self.pages[at].link, now.monotonic);
        self.carry_out(at);
    }

    pub(super) fn carry_out(&mut self, at: usize) {
        loop {
            let now = self.clocks(at).monotonic;
            self.pages[at].link.handle_timeout(now);
            let Some(task) = self.pages[at].link.poll() else {
                if !self.pages[at].link.has_work() {
                    return;
                }
                self.pages[at].link.work(now);
                continue;
            };
            match task {
                Task::Open { generation, cursor, .. } => {
                    assert_eq!(self.pages[at].stream.replace(generation), None);
                    self.serve(at, generation, cursor);
                }
                Task::Close => self.pages[at].stream = None,
                Task::Seek => {
                    self.pages[at].has_channel = true;
                    self.release(at);
                    if self.holder.is_none() {
                        self.holder = Some(at);
                        self.pages[at].link.handle_lock(now, LockNews::Granted);
                    } else {
                        self.queue.push(at);
                        self.pages[at].link.handle_lock(now, LockNews::Taken);
                    }
                }
                Task::Steal => {
                    let before = self.holder.replace(at);
                    self.queue.retain(|waits| *waits != at);
                    if let Some(before) = before.filter(|before| !self.pages[*before].is_frozen) {
                        self.act(before, |link, now| link.handle_lock(now, LockNews::Lost));
                    }
                    self.pages[at].link.handle_lock(now, LockNews::Granted);
                }
                Task::Leave => {
                    self.pages[at].has_channel = false;
                    self.release(at);
                }
                Task::Say(text) => {
                    for other in (0..self.pages.len()).filter(|other| *other != at) {
                        let page = &mut self.pages[other];
                        if page.is_frozen {
                            page.missed.push(text.clone());
                        } else if page.has_channel {
                            self.act(other, |link, now| link.handle_text(now, &text));
                        }
                    }
                }
                Task::Report(Report::Delivery(delivery)) => {
                    if let Delivery::Event(Event::TopicsChanged { coaching_session_id }) = &*delivery {
                        let seq = coaching_session_id.as_u128().try_into().unwrap();
                        self.pages[at].heard.push(seq);
                    }
                }
                Task::Report(Report::Gap) => self.pages[at].gaps += 1,
                Task::Report(Report::Slept(slept)) => self.pages[at].slept.push(slept),
                Task::Report(_) | Task::FetchTicket(_) | Task::Probe(_) => {}
            }
        }
    }

    pub(super) fn release(&mut self, at: usize) {
        self.queue.retain(|waits| *waits != at);
        if self.holder == Some(at) {
            self.holder = None;
            if !self.queue.is_empty() {
                let next = self.queue.remove(0);
                self.holder = Some(next);
                self.act(next, |link, now| link.handle_lock(now, LockNews::Granted));
            }
        }
    }

    /// Answers a request for a stream.
    pub(super) fn serve(&mut self, at: usize, generation: Generation, cursor: Option<Cursor>) {
        let link = &mut self.pages[at].link;
        if !self.is_up {
            return link.receive(generation, Raw::Signal(Signal::Lost));
        }
        let (resumed, log) = (cursor.is_some(), self.log);
        let hello =
            format!(r#"{{"type":"hello","data":{{"resumed":{resumed},"cursor":"e-{log}","heartbeat_ms":15000}}}}"#);
        link.receive(generation, raw("hello", hello, String::new()));
        for seq in cursor.map_or(log, |cursor| cursor.seq) + 1..=log {
            link.receive(generation, event(seq));
        }
    }

    /// Appends an event to the log, and sends it on all streams.
    pub(super) fn happen(&mut self) {
        self.log += 1;
        self.tell(event);
    }

    pub(super) fn beat(&mut self) {
        self.tell(|_| {
            raw(
                "heartbeat",
                r#"{"type":"heartbeat","data":{}}"#.to_owned(),
                String::new(),
            )
        });
    }

    pub(super) fn tell(&mut self, what: impl Fn(u64) -> Raw) {
        for at in 0..self.pages.len() {
            if let Some(generation) = self.pages[at].stream {
                let raw = what(self.log);
                self.pages[at].link.receive(generation, raw);
                if !self.pages[at].is_frozen {
                    self.carry_out(at);
                }
            }
        }
    }

    /// Lets time pass, with a heartbeat every fifteen seconds.
    pub(super) fn wait(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        loop {
            let pages = self.pages.iter().filter(|page| !page.is_frozen);
            let due = pages.filter_map(|page| self.due(page)).min();
            let next_beat = Instant::from_millis((self.now.as_millis() / 15_000 + 1) * 15_000);
            let next = due.map_or(next_beat, |due| due.min(next_beat));
            if next > until {
                break;
            }
            self.now = self.now.max(next);
            if next == next_beat {
                self.beat();
            }
            for at in 0..self.pages.len() {
                if !self.pages[at].is_frozen {
                    self.act(at, Link::handle_timeout);
                }
            }
        }
        self.now = until;
    }

    /// Stops the tab's code. Its connections stay open.
    pub(super) fn freeze_without_a_word(&mut self, at: usize) {
        self.pages[at].is_frozen = true;
    }

    pub(super) fn thaw(&mut self, at: usize) {
        self.pages[at].is_frozen = false;
        // The messages of the stream are handled before the tab learns that its lock is lost.
        self.carry_out(at);
        for text in std::mem::take(&mut self.pages[at].missed) {
            self.act(at, |link, now| link.handle_text(now, &text));
        }
        if self.holder != Some(at) {
            self.act(at, |link, now| link.handle_lock(now, LockNews::Lost));
        }
    }

    /// Ends a tab without notice to it.
    pub(super) fn kill(&mut self, at: usize) {
        let page = &mut self.pages[at];
        (page.stream, page.has_channel, page.is_frozen) = (None, false, true);
        self.release(at);
    }

    pub(super) fn streams(&self) -> usize {
        self.pages.iter().filter(|page| page.stream.is_some()).count()
    }

    #[track_caller]
    pub(super) fn all_heard(&self, expected: &[u64]) {
        for (at, page) in self.pages.iter().enumerate().filter(|(_, page)| !page.is_frozen) {
            assert_eq!(page.heard, expected, "page {at}");
        }
    }

    #[track_caller]
    pub(super) fn all_connected(&self) {
        for (at, page) in self.pages.iter().enumerate().filter(|(_, page)| !page.is_frozen) {
            assert_eq!(page.link.status().state, State::Connected, "page {at}: {:?}", page.link);
        }
    }
}

pub(super) fn raw(name: &str, data: String, id: String) -> Raw {
    Raw::Message(RawMessage {
        name: name.to_owned(),
        data,
        id,
    })
}

pub(super) fn event(seq: u64) -> Raw {
    let event = Event::TopicsChanged {
        coaching_session_id: CoachingSessionId::from_u128(seq.into()),
    };
    raw(
        "topics_changed",
        serde_json::to_string(&event).unwrap(),
        format!("e-{seq}"),
    )
}
