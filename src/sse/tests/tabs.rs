//! Several tabs of one person with one stream, for every end of the tab that has it.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::intake::Raw;
use super::super::link::{Link, Report, Task};
use super::super::tabs::LockNews;
use super::browser::{Browser, raw};
use super::*;

#[test]
fn eight_tabs_share_one_ordered_stream() {
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
fn follower_takes_over_from_stopped_leader() {
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
fn frozen_leader_is_replaced_and_ignored() {
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
fn followers_keep_leader_after_sleep() {
    let mut browser = Browser::new(3);
    browser.now = browser.now + Duration::from_secs(7_200);
    for at in 0..3 {
        browser.act(at, Link::handle_timeout);
    }
    browser.wait(8_000);
    assert_eq!(browser.holder, Some(0));
    browser.all_connected();
}

#[test]
fn late_follower_gets_backlog_since_its_read() {
    let mut browser = Browser::new(1);
    for _ in 0..6 {
        browser.happen();
    }
    let late = browser.open_page(Some(4));
    assert_eq!(browser.pages[late].heard, [5, 6]);
    assert_eq!(browser.pages[late].gaps, 0);
    // The leader can not relay events from before its start.
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
    // A tab that has fetched everything misses nothing.
    let latest = browser.open_page(Some(10));
    browser.happen();
    browser.wait(1_000);
    assert_eq!(
        (browser.pages[latest].heard.clone(), browser.pages[latest].gaps),
        (vec![11], 0)
    );
}

#[test]
fn exceeded_backlog_is_a_gap() {
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
    // The backlog also has a limit of one megabyte.
    browser.log += 1;
    browser.tell(|log| raw("topics_changed", " ".repeat(1_100_000), format!("e-{log}")));
    let latest = browser.open_page(Some(600));
    browser.wait(1_000);
    assert_eq!((browser.pages[latest].heard.len(), browser.pages[latest].gaps), (0, 1));
}

#[test]
fn follower_status_never_exceeds_the_leaders() {
    let mut browser = Browser::new(2);
    browser.is_up = false;
    let generation = browser.pages[0].stream.unwrap();
    browser.pages[0].link.receive(generation, Raw::Signal(Signal::Lost));
    browser.carry_out(0);
    browser.wait(2_000);
    let [leads, follows] = [0, 1].map(|at| {
        let (status, now) = (browser.pages[at].link.status(), browser.clocks(at).monotonic);
        let error = status.last_error.unwrap();
        (
            status.state,
            now.until(status.retry_at.unwrap()),
            (error.cause, error.attempt, now.since(error.at)),
        )
    });
    assert_eq!(leads, follows);
    assert_eq!(follows.0, State::Reconnecting);
    // A retry in the follower makes the leader retry.
    browser.is_up = true;
    let before = browser.pages[0].link.status().retry_at.unwrap();
    browser.act(1, Link::retry);
    assert!(before > browser.now, "it would have taken longer");
    browser.wait(1_000);
    browser.all_connected();
}

#[test]
fn frozen_leader_yields_and_returns_without_loss() {
    let mut browser = Browser::new(2);
    browser.happen();
    browser.act(0, Link::suspend);
    assert_eq!((browser.holder, browser.streams()), (Some(1), 1));
    browser.happen();
    browser.act(0, Link::resume);
    browser.wait(1_000);
    assert_eq!((browser.holder, browser.streams()), (Some(1), 1));
    browser.all_heard(&[1, 2]);
    browser.all_connected();
}

/// A tab that has learned that another tab holds the lock.
struct Follower(Link, Instant);

impl Follower {
    fn new() -> Self {
        let mut link = Link::new(SETTINGS, 7, Some("me".to_owned()));
        let now = Instant::from_millis(1_000);
        link.start(now);
        link.handle_lock(now, LockNews::Taken);
        Self(link, now)
    }

    /// Receives a word of a leader. Returns the outputs that follow.
    fn hear(&mut self, term: u64, word: &str) -> Vec<String> {
        self.0
            .handle_text(self.1, &format!("freshet-2\n{term}\nleader{term}\n\n{word}"));
        self.answers()
    }

    fn answers(&mut self) -> Vec<String> {
        while self.0.has_work() {
            self.0.work(self.1);
        }
        self.0.handle_timeout(self.1);
        let said = std::iter::from_fn(|| self.0.poll()).filter_map(|task| match task {
            Task::Say(text) => text.split('\n').nth(4).map(str::to_owned),
            Task::Report(Report::Gap) => Some("gap".to_owned()),
            Task::Report(Report::Delivery(_)) => Some("heard".to_owned()),
            _ => None,
        });
        said.collect()
    }
}

const CONNECTED: &str = "lead\n2\n0\n\n\n\n";
const MESSAGE: &str = "message\ntopics_changed\ne-5\n{}";

#[test]
fn nothing_is_heard_before_the_welcome() {
    let mut page = Follower::new();
    page.answers();
    assert_eq!(page.hear(1, CONNECTED), ["join"]);
    assert_eq!(page.hear(1, MESSAGE), Vec::<String>::new());
    assert_eq!(page.0.status().state, State::Connecting);
    page.hear(1, "welcome\n0\ne-5");
    assert_eq!(page.0.status().state, State::Connected);
    assert_eq!(page.hear(1, MESSAGE), Vec::<String>::new(), "that was before");
    assert_eq!(page.hear(1, "message\ntopics_changed\ne-6\n{}"), ["heard"]);
}

#[test]
fn follower_subscribes_again_to_new_leader() {
    let mut page = Follower::new();
    page.answers();
    page.hear(1, CONNECTED);
    page.hear(1, "welcome\n0\ne-5");
    assert_eq!(page.hear(2, CONNECTED), ["join"]);
    assert_ne!(page.0.status().state, State::Connected);
    // Messages of the earlier leader are ignored.
    assert_eq!(page.hear(1, "welcome\n1\ne-5"), Vec::<String>::new());
    assert_ne!(page.0.status().state, State::Connected);
    page.hear(2, "welcome\n1\ne-5");
    assert_eq!(page.0.status().state, State::Connected);
}

#[test]
fn new_leader_relays_its_backlog() {
    let mut browser = Browser::new(2);
    for _ in 0..5 {
        browser.happen();
    }
    browser.kill(0);
    browser.wait(1_000);
    let late = browser.open_page(Some(2));
    browser.wait(1_000);
    assert_eq!(
        (browser.pages[late].heard.clone(), browser.pages[late].gaps),
        (vec![3, 4, 5], 0)
    );
}

#[test]
fn signed_out_tab_ignores_locks_and_tabs() {
    let mut browser = Browser::new(1);
    let generation = browser.pages[0].stream.unwrap();
    let link = &mut browser.pages[0].link;
    link.receive(generation, raw("topics_changed", "{}".to_owned(), "e-9".to_owned()));
    link.stop(browser.now);
    assert!(!link.has_work());
    while link.poll().is_some() {}
    link.handle_lock(browser.now, LockNews::Granted);
    link.handle_text(browser.now, &format!("freshet-2\n9\nother\n\n{CONNECTED}"));
    link.handle_text(browser.now, "freshet-2\n9\nother\n\nping");
    assert_eq!(link.poll(), None);
    assert_eq!(link.status(), Status::default());
}

#[test]
fn signing_out_gives_everything_back() {
    let mut browser = Browser::new(3);
    browser.happen();
    for at in 0..3 {
        browser.act(at, Link::stop);
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
    browser.act(2, Link::start);
    assert_eq!((browser.streams(), browser.holder), (1, Some(2)));
}

#[test]
fn tabs_without_locks_have_own_streams() {
    let mut link = Link::new(SETTINGS, 7, Some("me".to_owned()));
    link.start(Instant::default());
    assert_eq!(std::iter::from_fn(|| link.poll()).collect::<Vec<_>>(), [Task::Seek]);
    link.handle_lock(Instant::default(), LockNews::Missing);
    let tasks: Vec<_> = std::iter::from_fn(|| link.poll()).collect();
    assert!(matches!(tasks.as_slice(), [Task::Open { .. }]), "{tasks:?}");
}

#[test]
fn unknown_tab_messages_are_ignored() {
    let mut browser = Browser::new(2);
    browser.happen();
    for text in [
        "",
        "freshet-2",
        "freshet-2\n1\npage9\n\nlead",
        "freshet-2\nnan\npage9\n\nping",
        "freshet-2\n99999999999999\npage9\n\nlead\n7",
        "freshet-2\n99999999999999\npage9\n\nmessage\nname",
        "freshet-2\n99999999999999\npage9\n\njoin\nnonsense",
        "freshet-2\n99999999999999\npage9\n\nsing\n",
        "freshet-1\n99999999999999\npage9\n\nping",
        "{\"type\":\"lead\"}",
        // The term is earlier than the current one.
        "freshet-2\n5\npage9\n\nmessage\ntopics_changed\ne-7\n{}",
        // The receiver is another tab.
        "freshet-2\n99999999999999\npage9\npage7\nwelcome\n0\n",
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

#[test]
fn follower_reports_lost_network_itself() {
    // The leader is frozen.
    let mut browser = Browser::new(2);
    browser.freeze_without_a_word(0);
    browser.act(1, |link, now| link.set_online(now, false));
    browser.wait(600);
    let status = browser.pages[1].link.status();
    assert_eq!((status.state, status.is_offline), (State::Reconnecting, true));
    browser.act(1, |link, now| link.set_online(now, true));
    browser.all_connected();
    // The browser's report is wrong, and the leader knows it.
    let mut browser = Browser::new(2);
    browser.act(1, |link, now| link.set_online(now, false));
    browser.wait(400);
    browser.all_connected();
    browser.wait(5_000);
    browser.all_connected();
    browser.happen();
    browser.all_heard(&[1]);
}

#[test]
fn an_unseen_leader_answers_with_what_is_now() {
    let mut link = Link::new(SETTINGS, 7, Some("me".to_owned()));
    let now = Instant::from_millis(1_000);
    link.start(now);
    link.handle_lock(now, LockNews::Granted);
    let hello = r#"{"type":"hello","data":{"resumed":true,"heartbeat_ms":15000}}"#;
    link.receive(Generation(1), raw("hello", hello.to_owned(), String::new()));
    link.work(now);
    link.set_online(now, false);
    while link.poll().is_some() {}
    // No timer has fired.
    let now = Instant::from_millis(2_000);
    link.handle_text(now, "freshet-2\n0\nother\n\nping");
    let said: Vec<String> = std::iter::from_fn(|| link.poll())
        .filter_map(|task| match task {
            Task::Say(text) => Some(text),
            _ => None,
        })
        .collect();
    assert!(said.iter().all(|text| text.contains("\nlead\n3\n1\n")), "{said:?}");
    assert!(!said.is_empty());
}
