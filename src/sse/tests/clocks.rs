//! Clocks that are set, and machines that sleep.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::intake::Raw;
use super::super::link::{Link, Report, Task};
use super::super::tabs::LockNews;
use super::browser::{Browser, raw};
use super::*;
use crate::time::{EpochMillis, Now};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The steps by which the clock is set, in milliseconds.
const STEPS: [i64; 6] = [-60_000, -3_600_000, -31_536_000_000, 4_000, 3_600_000, 31_536_000_000];

/// A tab on a machine with two clocks.
struct Machine {
    link: Link,
    monotonic: u64,
    wall: u64,
    seen: Vec<(u64, Task)>,
}

impl Machine {
    fn new() -> Self {
        let mut machine = Self {
            link: Link::new(SETTINGS, 7, None),
            monotonic: 500,
            wall: 1_700_000_000_000,
            seen: Vec::new(),
        };
        machine.act(Link::start);
        machine
    }

    fn now(&self) -> Instant {
        Instant::from_millis(self.monotonic)
    }

    fn act(&mut self, act: impl FnOnce(&mut Link, Instant)) {
        let now = self.now();
        self.link.read_clocks(Now {
            monotonic: now,
            wall: EpochMillis::from_millis(self.wall),
        });
        act(&mut self.link, now);
        while self.link.has_work() {
            self.link.work(now);
        }
        while let Some(task) = self.link.poll() {
            self.seen.push((self.monotonic, task));
        }
    }

    /// Lets this much time pass on both clocks.
    fn pass(&mut self, ms: u64) {
        let until = self.monotonic + ms;
        while let Some(due) = self.link.poll_timeout().map(Instant::as_millis)
            && due <= until
        {
            let wait = due.saturating_sub(self.monotonic);
            (self.monotonic, self.wall) = (self.monotonic + wait, self.wall + wait);
            self.act(Link::handle_timeout);
        }
        let rest = until - self.monotonic;
        (self.monotonic, self.wall) = (until, self.wall + rest);
    }

    /// Puts the machine to sleep. Timers that are due meanwhile fire when it wakes.
    fn sleep_for(&mut self, ms: u64, is_counted: bool) {
        self.wall += ms;
        if is_counted {
            self.monotonic += ms;
        }
    }

    fn set_clock(&mut self, by: i64) {
        self.wall = self.wall.saturating_add_signed(by);
    }

    fn opened(&self) -> Vec<(u64, Generation)> {
        let opened = |(at, task): &(u64, Task)| match task {
            Task::Open { generation, .. } => Some((*at, *generation)),
            _ => None,
        };
        self.seen.iter().filter_map(opened).collect()
    }

    fn receive(&mut self, raw: Raw) {
        let Some((_, newest)) = self.opened().last().copied() else {
            return;
        };
        self.act(move |link, _| link.receive(newest, raw));
    }

    fn lose(&mut self) {
        self.receive(Raw::Signal(Signal::Lost));
    }

    fn greet(&mut self) {
        let hello = r#"{"type":"hello","data":{"resumed":true,"cursor":"e-1","heartbeat_ms":15000}}"#;
        self.receive(raw("hello", hello.to_owned(), String::new()));
    }

    fn beat(&mut self) {
        self.receive(raw(
            "heartbeat",
            r#"{"type":"heartbeat","data":{}}"#.to_owned(),
            String::new(),
        ));
    }

    fn slept(&self) -> Vec<u64> {
        let slept = |(_, task): &(u64, Task)| match task {
            Task::Report(Report::Slept(slept)) => u64::try_from(slept.as_millis()).ok(),
            _ => None,
        };
        self.seen.iter().filter_map(slept).collect()
    }
}

/// Returns a tab whose stream is well, and has just received a message.
fn connected() -> Machine {
    let mut machine = Machine::new();
    machine.greet();
    machine.pass(20 * SECOND);
    machine.beat();
    machine
}

/// Returns tabs that wait for something other than a stream that is well.
fn waiting() -> [(&'static str, Machine); 7] {
    let failed = |times| {
        let mut machine = Machine::new();
        for _ in 0..times {
            machine.lose();
            let due = machine.link.status().retry_at.unwrap();
            machine.pass(machine.now().until(due).as_millis().try_into().unwrap());
        }
        machine.lose();
        machine
    };
    let after = |mut machine: Machine, act: fn(&mut Link, Instant)| {
        machine.act(act);
        machine
    };
    let mut busy = Machine::new();
    busy.receive(Raw::Signal(Signal::Refused));
    busy.act(|link, now| link.handle_answer(now, Generation(1), Answer::Later(Duration::from_secs(90))));
    let mut lost = connected();
    lost.lose();
    [
        ("connecting", Machine::new()),
        ("a short wait", failed(0)),
        ("a long wait", failed(5)),
        ("a rest", failed(10)),
        ("what the server asked for", busy),
        (
            "no network",
            after(Machine::new(), |link, now| link.set_online(now, false)),
        ),
        ("reading again and again", lost),
    ]
}

#[test]
fn wall_clock_steps_change_no_deadline() {
    for (at, (case, _)) in waiting().iter().enumerate() {
        let play = |step: i64| {
            let [.., mut machine] = [waiting().into_iter().nth(at).unwrap().1];
            machine.pass(300);
            machine.set_clock(step);
            for _ in 0..20 * MINUTE / 100 {
                machine.pass(100);
                if machine.link.status().state != State::Error {
                    machine.lose();
                }
            }
            machine
                .seen
                .retain(|(_, task)| !matches!(task, Task::Report(Report::Slept(_))));
            machine.seen
        };
        let expected = play(0);
        assert!(!expected.is_empty());
        for step in STEPS {
            assert_eq!(play(step), expected, "{case}, {step} ms");
        }
    }
}

#[test]
fn a_clock_set_back_does_nothing_at_all() {
    let play = |step: i64| {
        let mut machine = connected();
        machine.set_clock(step);
        for _ in 0..20 {
            machine.pass(12 * SECOND);
            machine.beat();
        }
        machine.pass(HOUR);
        machine.seen
    };
    let expected = play(0);
    for step in STEPS.into_iter().filter(|step| *step <= 4_000) {
        assert_eq!(play(step), expected, "{step} ms");
    }
}

#[test]
fn forward_clock_step_checks_stream_once() {
    for step in STEPS.into_iter().filter(|step| *step > 4_000) {
        for speaks in [true, false] {
            let mut machine = connected();
            machine.set_clock(step);
            machine.act(|_, _| ());
            machine.pass(2_900);
            if speaks {
                machine.beat();
            }
            machine.pass(200);
            machine.greet();
            machine.pass(30 * SECOND);
            let case = format!("{step} ms, {speaks}");
            assert_eq!(machine.opened().len(), if speaks { 1 } else { 2 }, "{case}");
            assert_eq!(machine.link.status().state, State::Connected, "{case}");
            assert_eq!(machine.slept(), [step.unsigned_abs()], "{case}");
        }
    }
}

#[test]
fn sleep_is_noticed_with_either_clock() {
    for is_counted in [true, false] {
        for speaks in [true, false] {
            let mut machine = connected();
            machine.pass(SECOND);
            machine.sleep_for(2 * HOUR, is_counted);
            let woke = machine.monotonic;
            // The first input after the sleep may be a timer or another event.
            machine.act(|_, _| ());
            machine.pass(0);
            machine.pass(2_500);
            if speaks {
                machine.beat();
            }
            machine.pass(600);
            let case = format!("counted: {is_counted}, speaks: {speaks}");
            let opened = machine.opened();
            assert_eq!(opened.len(), if speaks { 1 } else { 2 }, "{case}");
            assert!(
                opened[1..].iter().all(|(at, _)| *at == woke + 3 * SECOND),
                "{case}: {opened:?}"
            );
            assert_eq!(machine.slept(), [if is_counted { 0 } else { 2 * HOUR }], "{case}");
        }
    }
}

#[test]
fn clock_check_notices_unseen_sleep() {
    let mut machine = connected();
    machine.sleep_for(2 * HOUR, false);
    machine.pass(10 * SECOND);
    assert_eq!(machine.slept(), [2 * HOUR]);
    machine.pass(3 * SECOND);
    assert_eq!(machine.opened().len(), 2);
}

#[test]
fn try_now_tries_now_whatever_the_clocks_say() {
    for (at, (case, _)) in waiting().iter().enumerate().skip(1) {
        for step in STEPS {
            let mut machine = waiting().into_iter().nth(at).unwrap().1;
            machine.set_clock(step);
            let before = machine.opened().len();
            let asked = machine.monotonic;
            machine.act(Link::retry);
            machine.pass(SECOND);
            let opened = machine.opened();
            assert_eq!(opened.len(), before + 1, "{case}, {step} ms");
            // A retry right after an attempt waits until a second has passed since that attempt.
            let earliest = opened[before - 1].0 + SECOND;
            assert_eq!(opened[before].0, asked.max(earliest), "{case}, {step} ms");
        }
    }
}

#[test]
fn nobody_who_has_left_is_told_of_sleep() {
    let mut machine = connected();
    machine.act(Link::stop);
    machine.sleep_for(HOUR, false);
    machine.act(Link::start);
    assert_eq!(machine.slept(), Vec::<u64>::new());
}

#[test]
fn uncounted_sleep_does_not_blame_the_leader() {
    let mut browser = Browser::new(3);
    browser.wait(2_900);
    browser.now = browser.now + Duration::from_secs(7_200);
    browser.uncounted = 7_200_000;
    // The leader wakes last, after a delay.
    browser.freeze_without_a_word(0);
    browser.wait(9_000);
    assert_eq!(browser.holder, Some(0));
    browser.thaw(0);
    browser.wait(8_000);
    assert_eq!((browser.holder, browser.streams()), (Some(0), 1));
    browser.all_connected();
    assert!(
        browser
            .pages
            .iter()
            .all(|page| page.slept == [Duration::from_secs(7_200)])
    );
}

#[test]
fn leader_with_earlier_clock_is_accepted() {
    let mut browser = Browser::new(2);
    browser.happen();
    // One tab is suspended. The clock is set back, and a tab that knows of no earlier leader becomes the leader.
    browser.act(1, Link::suspend);
    browser.kill(0);
    browser.set_by = -3_600_000;
    browser.wait(1_000);
    let late = browser.open_page(Some(1));
    browser.wait(2_000);
    assert_eq!(browser.holder, Some(late));
    browser.act(1, Link::resume);
    browser.wait(1_500);
    browser.all_connected();
    assert_eq!(browser.streams(), 1);
    browser.happen();
    assert_eq!(browser.pages[1].heard, [1, 2]);
    assert_eq!(browser.pages[late].heard, [2]);
}

#[test]
fn whoever_leads_later_has_a_later_term() {
    // Tabs do not share a monotonic clock.
    let term = |monotonic, wall| {
        let mut link = Link::new(SETTINGS, 7, Some("me".to_owned()));
        let now = Now {
            monotonic: Instant::from_millis(monotonic),
            wall: EpochMillis::from_millis(wall),
        };
        link.read_clocks(now);
        link.start(now.monotonic);
        link.handle_lock(now.monotonic, LockNews::Granted);
        let said = std::iter::from_fn(|| link.poll()).find_map(|task| match task {
            Task::Say(text) => text.split('\n').nth(1)?.parse::<u64>().ok(),
            _ => None,
        });
        said.unwrap()
    };
    assert!(term(9_000_000, 1_700_000_000_000) < term(20, 1_700_000_000_001));
}
