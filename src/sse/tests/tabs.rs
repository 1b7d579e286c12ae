//! Several pages of one person: one stream, whatever becomes of the page that has it.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wire::{CoachingSessionId, Event};

use super::super::decode::Delivery;
use super::super::intake::{Raw, RawMessage};
use super::super::link::{Link, Report, Task};
use super::super::tabs::LockNews;
use super::*;

/// A browser: pages, a lock, a channel between them, and a server that keeps a log.
struct Browser {
    pages: Vec<Page>,
    /// Who has the lock, and who waits for it.
    holder: Option<usize>,
    queue: Vec<usize>,
    now: Instant,
    /// How many events there are; the log's epoch is `e`.
    log: u64,
    /// Whether the server can be reached.
    is_up: bool,
}

struct Page {
    link: Link,
    stream: Option<Generation>,
    has_channel: bool,
    is_frozen: bool,
    /// What arrives while it is frozen.
    missed: Vec<String>,
    heard: Vec<u64>,
    gaps: usize,
}

impl Browser {
    fn new(pages: usize) -> Self {
        let mut browser = Self {
            pages: Vec::new(),
            holder: None,
            queue: Vec::new(),
            now: Instant::from_millis(1_000_000),
            log: 0,
            is_up: true,
        };
        for _ in 0..pages {
            browser.open_page(None);
        }
        browser
    }

    /// Opens a page, which has read what is there up to this event.
    fn open_page(&mut self, read: Option<u64>) -> usize {
        let at = self.pages.len();
        self.pages.push(Page {
            link: Link::new(SETTINGS, 7, Some(format!("page{at}"))),
            stream: None,
            has_channel: false,
            is_frozen: false,
            missed: Vec::new(),
            heard: Vec::new(),
            gaps: 0,
        });
        self.act(at, |link, now| {
            link.start(now);
            link.handle_read(now, read.and_then(|seq| format!("e-{seq}").parse().ok()));
        });
        at
    }

    fn act(&mut self, at: usize, act: impl FnOnce(&mut Link, Instant)) {
        act(&mut self.pages[at].link, self.now);
        self.carry_out(at);
    }

    fn carry_out(&mut self, at: usize) {
        loop {
            self.pages[at].link.handle_timeout(self.now);
            let Some(task) = self.pages[at].link.poll() else {
                if !self.pages[at].link.has_work() {
                    return;
                }
                self.pages[at].link.work(self.now);
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
                    if self.holder.is_none() {
                        self.holder = Some(at);
                        self.pages[at].link.handle_lock(self.now, LockNews::Granted);
                    } else {
                        self.queue.push(at);
                        self.pages[at].link.handle_lock(self.now, LockNews::Taken);
                    }
                }
                Task::Steal => {
                    let before = self.holder.replace(at);
                    self.queue.retain(|waits| *waits != at);
                    if let Some(before) = before.filter(|before| !self.pages[*before].is_frozen) {
                        self.act(before, |link, now| link.handle_lock(now, LockNews::Lost));
                    }
                    self.pages[at].link.handle_lock(self.now, LockNews::Granted);
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
                Task::Report(_) | Task::FetchTicket(_) | Task::Probe(_) => {}
            }
        }
    }

    fn release(&mut self, at: usize) {
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
    fn serve(&mut self, at: usize, generation: Generation, cursor: Option<Cursor>) {
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

    /// Something happens at the server.
    fn happen(&mut self) {
        self.log += 1;
        self.tell(|log| event(log));
    }

    fn beat(&mut self) {
        self.tell(|_| {
            raw(
                "heartbeat",
                r#"{"type":"heartbeat","data":{}}"#.to_owned(),
                String::new(),
            )
        });
    }

    fn tell(&mut self, what: impl Fn(u64) -> Raw) {
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
    fn wait(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        loop {
            let pages = self.pages.iter().filter(|page| !page.is_frozen);
            let due = pages.filter_map(|page| page.link.poll_timeout()).min();
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
                    self.act(at, |link, now| link.handle_timeout(now));
                }
            }
        }
        self.now = until;
    }

    /// The page's machine code stops; its connections do not.
    fn freeze_without_a_word(&mut self, at: usize) {
        self.pages[at].is_frozen = true;
    }

    fn thaw(&mut self, at: usize) {
        self.pages[at].is_frozen = false;
        // What the stream has brought is heard before the page learns that its lock is gone.
        self.carry_out(at);
        for text in std::mem::take(&mut self.pages[at].missed) {
            self.act(at, |link, now| link.handle_text(now, &text));
        }
        if self.holder != Some(at) {
            self.act(at, |link, now| link.handle_lock(now, LockNews::Lost));
        }
    }

    /// The page is gone, without having been told.
    fn kill(&mut self, at: usize) {
        let page = &mut self.pages[at];
        (page.stream, page.has_channel, page.is_frozen) = (None, false, true);
        self.release(at);
    }

    fn streams(&self) -> usize {
        self.pages.iter().filter(|page| page.stream.is_some()).count()
    }

    #[track_caller]
    fn all_heard(&self, expected: &[u64]) {
        for (at, page) in self.pages.iter().enumerate().filter(|(_, page)| !page.is_frozen) {
            assert_eq!(page.heard, expected, "page {at}");
        }
    }

    #[track_caller]
    fn all_connected(&self) {
        for (at, page) in self.pages.iter().enumerate().filter(|(_, page)| !page.is_frozen) {
            assert_eq!(page.link.status().state, State::Connected, "page {at}: {:?}", page.link);
        }
    }
}

fn raw(name: &str, data: String, id: String) -> Raw {
    Raw::Message(RawMessage {
        name: name.to_owned(),
        data,
        id,
    })
}

fn event(seq: u64) -> Raw {
    let event = Event::TopicsChanged {
        coaching_session_id: CoachingSessionId::from_u128(seq.into()),
    };
    raw(
        "topics_changed",
        serde_json::to_string(&event).unwrap(),
        format!("e-{seq}"),
    )
}

#[test]
fn eight_pages_have_one_stream_and_hear_everything_once_and_in_order() {
    let mut browser = Browser::new(8);
    browser.all_connected();
    assert_eq!(browser.streams(), 1);
    for _ in 0..5 {
        browser.happen();
    }
    browser.wait(600_000);
    assert_eq!(browser.streams(), 1);
    browser.all_connected();
    browser.all_heard(&[1, 2, 3, 4, 5]);
    assert!(browser.pages.iter().all(|page| page.gaps == 0));
}

#[test]
fn another_page_takes_over_where_the_one_that_led_has_stopped() {
    let mut browser = Browser::new(4);
    for leader in 0..3 {
        browser.happen();
        browser.happen();
        browser.kill(leader);
        browser.happen();
        browser.wait(1_000);
        assert_eq!(browser.streams(), 1);
        browser.all_connected();
        let expected: Vec<u64> = (1..=browser.log).collect();
        browser.all_heard(&expected);
        assert!(
            browser.pages.iter().all(|page| page.gaps == 0),
            "nothing is read again without need"
        );
    }
}

#[test]
fn what_happens_while_nobody_leads_reaches_everybody() {
    let mut browser = Browser::new(3);
    browser.happen();
    browser.is_up = false;
    browser.kill(0);
    browser.happen();
    browser.wait(10_000);
    assert!(
        browser.pages[1..]
            .iter()
            .all(|page| page.link.status().state == State::Reconnecting)
    );
    browser.happen();
    browser.is_up = true;
    browser.wait(20_000);
    browser.all_connected();
    browser.all_heard(&[1, 2, 3]);
}

#[test]
fn a_leader_that_is_frozen_is_taken_the_lead_from_and_what_it_says_later_is_not_heard() {
    let mut browser = Browser::new(3);
    browser.happen();
    browser.freeze_without_a_word(0);
    browser.happen();
    browser.wait(6_000);
    browser.all_heard(&[1]);
    browser.wait(4_000);
    browser.all_heard(&[1, 2]);
    browser.all_connected();
    assert_eq!(browser.streams(), 2, "the frozen page can not close its own");
    browser.happen();
    browser.thaw(0);
    browser.wait(1_000);
    assert_eq!(browser.streams(), 1);
    browser.happen();
    browser.all_heard(&[1, 2, 3, 4]);
    browser.all_connected();
    assert!(browser.pages.iter().all(|page| page.gaps == 0));
}

#[test]
fn pages_that_have_slept_do_not_blame_the_one_that_leads() {
    let mut browser = Browser::new(3);
    browser.now = browser.now + Duration::from_secs(7_200);
    for at in 0..3 {
        browser.act(at, |link, now| link.handle_timeout(now));
    }
    browser.wait(8_000);
    assert_eq!(browser.holder, Some(0));
    browser.all_connected();
}

#[test]
fn a_page_that_comes_later_is_told_what_happened_since_it_read() {
    let mut browser = Browser::new(1);
    for _ in 0..6 {
        browser.happen();
    }
    let late = browser.open_page(Some(4));
    assert_eq!(browser.pages[late].heard, [5, 6]);
    assert_eq!(browser.pages[late].gaps, 0);
    // What was before the page that leads began, it can not tell.
    let mut browser = Browser::new(0);
    browser.log = 9;
    browser.open_page(None);
    browser.happen();
    let late = browser.open_page(Some(4));
    browser.wait(1_000);
    assert_eq!(
        (browser.pages[late].heard.clone(), browser.pages[late].gaps),
        (vec![], 1)
    );
    // A page that has read everything misses nothing.
    let latest = browser.open_page(Some(10));
    browser.happen();
    browser.wait(1_000);
    assert_eq!(
        (browser.pages[latest].heard.clone(), browser.pages[latest].gaps),
        (vec![11], 0)
    );
}

#[test]
fn more_than_is_kept_is_told_as_a_gap() {
    let mut browser = Browser::new(1);
    for _ in 0..600 {
        browser.happen();
    }
    let late = browser.open_page(Some(80));
    browser.wait(1_000);
    assert_eq!((browser.pages[late].heard.len(), browser.pages[late].gaps), (0, 1));
    let later = browser.open_page(Some(100));
    browser.wait(1_000);
    assert_eq!((browser.pages[later].heard.len(), browser.pages[later].gaps), (500, 0));
}

#[test]
fn who_follows_shows_the_connection_of_who_leads_and_never_a_better_one() {
    let mut browser = Browser::new(2);
    browser.is_up = false;
    let generation = browser.pages[0].stream.unwrap();
    browser.pages[0].link.receive(generation, Raw::Signal(Signal::Lost));
    browser.carry_out(0);
    browser.wait(2_000);
    let (leads, follows) = (browser.pages[0].link.status(), browser.pages[1].link.status());
    assert_eq!(
        (leads.state, leads.retry_at, leads.last_error),
        (follows.state, follows.retry_at, follows.last_error)
    );
    assert_eq!(follows.state, State::Reconnecting);
    // Whoever asks for it there, it is tried here.
    browser.is_up = true;
    let before = browser.pages[0].link.status().retry_at.unwrap();
    browser.act(1, |link, now| link.retry(now));
    assert!(before > browser.now, "it would have taken longer");
    browser.wait(1_000);
    browser.all_connected();
}

#[test]
fn a_page_that_is_put_away_leads_no_longer_and_comes_back_without_loss() {
    let mut browser = Browser::new(2);
    browser.happen();
    browser.act(0, |link, now| link.suspend(now));
    assert_eq!((browser.holder, browser.streams()), (Some(1), 1));
    browser.happen();
    browser.act(0, |link, now| link.resume(now));
    browser.wait(1_000);
    assert_eq!((browser.holder, browser.streams()), (Some(1), 1));
    browser.all_heard(&[1, 2]);
    browser.all_connected();
}

#[test]
fn signing_out_gives_everything_back() {
    let mut browser = Browser::new(3);
    browser.happen();
    for at in 0..3 {
        browser.act(at, |link, now| link.stop(now));
    }
    assert_eq!((browser.streams(), browser.holder, browser.queue.len()), (0, None, 0));
    for page in &browser.pages {
        assert_eq!(
            (page.link.status(), page.link.poll_timeout()),
            (Status::default(), None)
        );
    }
    browser.wait(100_000);
    assert_eq!(browser.streams(), 0);
    browser.act(2, |link, now| link.start(now));
    assert_eq!((browser.streams(), browser.holder), (1, Some(2)));
}

#[test]
fn a_browser_without_locks_gives_every_page_its_own_stream() {
    let mut link = Link::new(SETTINGS, 7, Some("me".to_owned()));
    link.start(Instant::default());
    assert_eq!(std::iter::from_fn(|| link.poll()).collect::<Vec<_>>(), [Task::Seek]);
    link.handle_lock(Instant::default(), LockNews::Missing);
    let tasks: Vec<_> = std::iter::from_fn(|| link.poll()).collect();
    assert!(matches!(tasks.as_slice(), [Task::Open { .. }]), "{tasks:?}");
}

#[test]
fn what_another_version_says_or_nobody_should_is_not_heard() {
    let mut browser = Browser::new(2);
    browser.happen();
    for text in [
        "",
        "freshet-1",
        "freshet-1\n1\npage9\n\nlead",
        "freshet-1\nnan\npage9\n\nping",
        "freshet-1\n99999999999999\npage9\n\nlead\n7",
        "freshet-1\n99999999999999\npage9\n\nmessage\nname",
        "freshet-1\n99999999999999\npage9\n\njoin\nnonsense",
        "freshet-1\n99999999999999\npage9\n\nsing\n",
        "freshet-2\n99999999999999\npage9\n\nping",
        "{\"type\":\"lead\"}",
        // Of a term before this one.
        "freshet-1\n5\npage9\n\nmessage\ntopics_changed\ne-7\n{}",
        // To somebody else.
        "freshet-1\n99999999999999\npage9\npage7\nwelcome\n0\n",
    ] {
        for at in 0..2 {
            browser.act(at, |link, now| link.handle_text(now, text));
        }
    }
    browser.happen();
    browser.all_heard(&[1, 2]);
    browser.all_connected();
    assert_eq!(browser.holder, Some(0));
}
