//! The connection in virtual time: tables of what happens when, and what is to be done about it.

use std::time::Duration;

use Output::{CheckSession, Close, Deliver, Gap, Open};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wire::Cursor;

use super::connection::{Connection, Output, Settings};
use super::status::{Cause, State, Status};
use super::transport::{Frame, Generation, Hello, Message, Signal};
use crate::backoff::Backoff;
use crate::time::Instant;

const SETTINGS: Settings = Settings {
    backoff: Backoff {
        base: Duration::from_secs(1),
        cap: Duration::from_secs(30),
        jitter: 0.0,
    },
    max_retries: 10,
    connect_timeout: Duration::from_secs(10),
    stable_after: Duration::from_secs(10),
    min_open_gap: Duration::from_secs(1),
    expects_hello: true,
};

/// A connection whose clock is a number.
struct World {
    connection: Connection<u32>,
    now: Instant,
    seen: Vec<(u64, Output<u32>)>,
}

impl World {
    fn new(settings: Settings) -> Self {
        Self {
            connection: Connection::new(settings, 7),
            now: Instant::default(),
            seen: Vec::new(),
        }
    }

    /// Lets time pass until `ms`, as the driver would: by waking the connection at each of its deadlines.
    fn at(&mut self, ms: u64) -> &mut Self {
        let until = Instant::from_millis(ms);
        while let Some(deadline) = self.connection.poll_timeout().filter(|deadline| *deadline <= until) {
            self.now = self.now.max(deadline);
            self.connection.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
        self
    }

    fn act(&mut self, act: impl FnOnce(&mut Connection<u32>, Instant)) -> &mut Self {
        act(&mut self.connection, self.now);
        self.drain();
        self
    }

    fn drain(&mut self) {
        while let Some(output) = self.connection.poll() {
            self.seen.push((self.now.as_millis(), output));
        }
    }

    fn start(&mut self) -> &mut Self {
        self.act(Connection::start)
    }

    fn stop(&mut self) -> &mut Self {
        self.act(|connection, _| connection.stop())
    }

    fn signal(&mut self, generation: u64, signal: Signal<u32>) -> &mut Self {
        self.act(|connection, now| connection.handle_signal(now, Generation(generation), signal))
    }

    fn hello(&mut self, generation: u64, hello: Hello) -> &mut Self {
        self.signal(generation, message(None, Frame::Hello(hello)))
    }

    fn event(&mut self, generation: u64, id: Option<&str>, event: u32) -> &mut Self {
        self.signal(generation, message(id, Frame::Event(event)))
    }

    fn read(&mut self, position: &str) -> &mut Self {
        self.act(|connection, _| connection.handle_read(position.parse().ok()))
    }

    /// The number of the newest stream.
    fn newest(&self) -> u64 {
        let newest = |(_, output): &(u64, Output<u32>)| match output {
            Open { generation, .. } => Some(generation.0),
            _ => None,
        };
        self.seen.iter().rev().find_map(newest).unwrap_or_default()
    }

    #[track_caller]
    fn expect(&mut self, expected: &[(u64, Output<u32>)]) -> &mut Self {
        assert_eq!(std::mem::take(&mut self.seen), expected);
        self
    }

    #[track_caller]
    fn state(&mut self, state: State) -> &mut Self {
        assert_eq!(self.connection.status().state, state);
        self
    }
}

fn message(id: Option<&str>, frame: Frame<u32>) -> Signal<u32> {
    Signal::Message(Message {
        cursor: id.and_then(|id| id.parse().ok()),
        frame,
    })
}

fn open(generation: u64) -> Output<u32> {
    Open {
        generation: Generation(generation),
        cursor: None,
    }
}

fn open_at(generation: u64, cursor: &str) -> Output<u32> {
    Open {
        generation: Generation(generation),
        cursor: Some(cursor.parse::<Cursor>().unwrap()),
    }
}

fn close(generation: u64) -> Output<u32> {
    Close {
        generation: Generation(generation),
    }
}

fn fresh(cursor: &str) -> Hello {
    Hello {
        resumed: false,
        cursor: cursor.parse().ok(),
        heartbeat_ms: Some(15_000),
    }
}

fn resumed() -> Hello {
    Hello {
        resumed: true,
        cursor: None,
        heartbeat_ms: Some(15_000),
    }
}

#[test]
fn signing_in_opens_one_stream_and_hello_makes_it_connected() {
    let mut world = World::new(SETTINGS);
    world
        .state(State::Disconnected)
        .start()
        .expect(&[(0, open(1))])
        .state(State::Connecting);
    world.start().expect(&[]);
    world.at(50).signal(1, Signal::Opened).state(State::Connecting);
    world.hello(1, fresh("e-0")).expect(&[]).state(State::Connected);
    assert_eq!(
        world.connection.status().last_connected_at,
        Some(Instant::from_millis(50))
    );
}

#[test]
fn a_lost_stream_is_closed_and_opened_again_from_the_last_position() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .hello(1, fresh("e-4"))
        .event(1, Some("e-5"), 50)
        .event(1, Some("e-7"), 70);
    world.expect(&[(0, open(1)), (0, Deliver(50)), (0, Deliver(70))]);
    world.at(20_000).event(1, None, 0).expect(&[(20_000, Deliver(0))]);
    world
        .signal(1, Signal::Lost)
        .expect(&[(20_000, close(1))])
        .state(State::Reconnecting);
    world
        .at(20_999)
        .expect(&[])
        .at(21_000)
        .expect(&[(21_000, open_at(2, "e-7"))])
        .state(State::Reconnecting);
    world.hello(2, resumed()).expect(&[]).state(State::Connected);
}

#[test]
fn what_was_delivered_is_not_delivered_again() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .hello(1, fresh("e-4"))
        .event(1, Some("e-5"), 5)
        .event(1, Some("e-5"), 5)
        .event(1, Some("e-4"), 4);
    world
        .event(1, Some("e-6"), 6)
        .expect(&[(0, open(1)), (0, Deliver(5)), (0, Deliver(6))]);
}

#[test]
fn a_stream_that_does_not_resume_means_a_gap_and_only_then() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .hello(1, fresh("e-4"))
        .signal(1, Signal::Lost)
        .at(1_000)
        .expect(&[(0, open(1)), (0, close(1)), (1_000, open_at(2, "e-4"))]);
    world.hello(2, fresh("f-0")).expect(&[(1_000, Gap)]);
    world.event(2, Some("f-1"), 1).expect(&[(1_000, Deliver(1))]);
    world.at(2_000).signal(2, Signal::Lost).at(4_000).hello(3, resumed());
    world.expect(&[(2_000, close(2)), (4_000, open_at(3, "f-1"))]);
}

#[test]
fn resync_means_a_gap_and_moves_the_position() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .hello(1, fresh("e-4"))
        .signal(1, message(Some("e-900"), Frame::Resync))
        .expect(&[(0, open(1)), (0, Gap)]);
    world
        .event(1, Some("e-899"), 1)
        .expect(&[])
        .event(1, Some("e-901"), 2)
        .expect(&[(0, Deliver(2))]);
}

#[test]
fn between_the_first_read_and_the_first_event_nothing_is_missed() {
    // Read before the stream was asked for: the stream takes up where the read ended.
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Lost).read("e-9").read("e-8").at(1_000);
    world.expect(&[(0, open(1)), (0, close(1)), (1_000, open_at(2, "e-8"))]);
    world.hello(2, resumed()).expect(&[]);

    // Read while the stream was opening, and something happened in between.
    let mut world = World::new(SETTINGS);
    world
        .start()
        .read("e-8")
        .read("e-9")
        .hello(1, fresh("e-9"))
        .expect(&[(0, open(1)), (0, Gap)]);

    // The same, and nothing happened in between: nothing is read twice.
    let mut world = World::new(SETTINGS);
    world.start().read("e-9").hello(1, fresh("e-9")).expect(&[(0, open(1))]);

    // A read that left before the stream opened and returned after it.
    let mut world = World::new(SETTINGS);
    world
        .start()
        .hello(1, fresh("e-9"))
        .read("e-9")
        .read("e-10")
        .expect(&[(0, open(1))]);
    world.read("e-8").expect(&[(0, Gap)]);
    // Of another log: the stream will notice that by itself.
    world.read("f-1").expect(&[]);
}

#[test]
fn a_server_without_hello_is_connected_when_it_opens_and_never_resumes() {
    let mut world = World::new(Settings {
        expects_hello: false,
        ..SETTINGS
    });
    world
        .start()
        .signal(1, Signal::Opened)
        .expect(&[(0, open(1)), (0, Gap)])
        .state(State::Connected);
    // It promises no heartbeat, so its silence means nothing.
    world.at(3_600_000).expect(&[]).state(State::Connected);
    world
        .event(1, None, 5)
        .event(1, None, 5)
        .expect(&[(3_600_000, Deliver(5)), (3_600_000, Deliver(5))]);
    world.signal(1, Signal::Lost).at(3_601_000).signal(2, Signal::Opened);
    world.expect(&[(3_600_000, close(1)), (3_601_000, open(2)), (3_601_000, Gap)]);
}

#[test]
fn the_first_message_counts_as_hello() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .event(1, None, 5)
        .expect(&[(0, open(1)), (0, Gap), (0, Deliver(5))])
        .state(State::Connected);
}

#[test]
fn retries_wait_ever_longer_and_end_after_the_tenth() {
    let mut world = World::new(SETTINGS);
    world.start();
    let mut waits = Vec::new();
    for failure in 1..=11 {
        let failed_at = world.now;
        world.signal(failure, Signal::Lost);
        let Status {
            last_error, retry_at, ..
        } = world.connection.status();
        assert_eq!(
            last_error.map(|error| error.attempt),
            Some(u32::try_from(failure).unwrap())
        );
        if let Some(due) = retry_at {
            waits.push(failed_at.until(due).as_secs());
            world.state(State::Connecting).at(due.as_millis());
        }
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
    world.state(State::Error);
    assert_eq!(world.connection.poll_timeout(), None);
}

#[test]
fn a_person_or_the_network_starts_it_again() {
    for opportunity in [Connection::retry, Connection::handle_opportunity] {
        let mut world = World::new(Settings {
            max_retries: 0,
            ..SETTINGS
        });
        world
            .start()
            .signal(1, Signal::Lost)
            .state(State::Error)
            .expect(&[(0, open(1)), (0, close(1))]);
        world
            .at(60_000)
            .act(opportunity)
            .expect(&[(60_000, open(2))])
            .state(State::Connecting);
        // Impatience opens nothing more.
        world.act(opportunity).act(opportunity).expect(&[]);
        world
            .hello(2, fresh("e-0"))
            .act(opportunity)
            .expect(&[])
            .state(State::Connected);
    }
}

#[test]
fn opens_are_a_second_apart_whatever_asks_for_them() {
    let mut world = World::new(SETTINGS);
    world.start();
    for ms in 0..5_000 {
        world.at(ms);
        let newest = world.newest();
        world.signal(newest, Signal::Lost).act(Connection::retry);
    }
    let opens: Vec<u64> = world
        .seen
        .iter()
        .filter(|(_, output)| matches!(output, Open { .. }))
        .map(|seen| seen.0)
        .collect();
    assert_eq!(opens, [0, 1_000, 2_000, 3_000, 4_000]);
}

#[test]
fn only_a_stream_that_lives_ten_seconds_forgives_failures() {
    let mut world = World::new(SETTINGS);
    world.start().hello(1, fresh("e-0")).signal(1, Signal::Lost);
    world.at(1_000).hello(2, resumed()).at(10_999).signal(2, Signal::Lost);
    assert_eq!(
        world.connection.status().last_error.map(|error| error.attempt),
        Some(2),
        "it lived for 9,999 ms"
    );
    world.at(12_999).hello(3, resumed()).at(22_999).signal(3, Signal::Lost);
    assert_eq!(
        world.connection.status().last_error.map(|error| error.attempt),
        Some(1),
        "it lived for 10 s"
    );
}

#[test]
fn a_stream_that_never_says_hello_is_given_up() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .at(50)
        .signal(1, Signal::Opened)
        .at(10_000)
        .expect(&[(0, open(1)), (10_000, close(1))]);
    assert_eq!(
        world.connection.status().last_error.map(|error| error.cause),
        Some(Cause::Timeout)
    );
}

#[test]
fn silence_beyond_two_heartbeats_and_ten_seconds_is_death() {
    let mut world = World::new(SETTINGS);
    world.start().hello(1, fresh("e-0"));
    // Anything that arrives proves life: a heartbeat, an event, even what can not be read.
    world.at(39_000).signal(1, message(None, Frame::Heartbeat));
    world
        .at(78_000)
        .event(1, Some("e-1"), 1)
        .at(117_000)
        .signal(1, message(None, Frame::Ignored));
    world
        .at(156_999)
        .state(State::Connected)
        .at(157_000)
        .state(State::Reconnecting);
    world.expect(&[(0, open(1)), (78_000, Deliver(1)), (157_000, close(1))]);
    assert_eq!(
        world.connection.status().last_error.map(|error| error.cause),
        Some(Cause::Silence)
    );
}

#[test]
fn heartbeats_with_jitter_never_kill() {
    let mut world = World::new(SETTINGS);
    let mut rng = fastrand::Rng::with_seed(3);
    world.start().hello(1, fresh("e-0"));
    let mut ms = 0;
    while ms < 3_600_000 {
        ms += rng.u64(5_000..=25_000);
        world.at(ms).signal(1, message(None, Frame::Heartbeat));
    }
    world.expect(&[(0, open(1))]);
}

#[test]
fn a_heartbeat_that_was_never_promised_starts_the_watch() {
    let mut world = World::new(Settings {
        expects_hello: false,
        ..SETTINGS
    });
    world
        .start()
        .signal(1, Signal::Opened)
        .at(100_000)
        .signal(1, message(None, Frame::Heartbeat))
        .at(139_999);
    world.state(State::Connected).at(140_000).state(State::Reconnecting);
}

#[test]
fn absurd_promises_are_bounded() {
    for (promised, patience) in [(0, 20_000), (1, 20_000), (60_000, 130_000), (u64::MAX, 610_000)] {
        let mut world = World::new(SETTINGS);
        world.start().hello(
            1,
            Hello {
                heartbeat_ms: Some(promised),
                ..fresh("e-0")
            },
        );
        world
            .at(patience - 1)
            .state(State::Connected)
            .at(patience)
            .state(State::Reconnecting);
    }
}

#[test]
fn a_refused_stream_asks_once_whether_the_session_lives() {
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Refused).signal(1, Signal::Refused);
    world
        .expect(&[(0, open(1)), (0, CheckSession), (0, close(1))])
        .state(State::Connecting);
}

#[test]
fn a_server_that_says_when_to_come_back_is_obeyed_and_not_blamed() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .hello(1, fresh("e-3"))
        .at(5_000)
        .signal(1, message(None, Frame::Shutdown { retry_ms: 3_400 }));
    world.signal(1, Signal::Lost).at(8_400);
    world.expect(&[(0, open(1)), (5_000, close(1)), (8_400, open_at(2, "e-3"))]);
    assert_eq!(world.connection.status().last_error, None);
}

#[test]
fn signing_out_closes_forgets_and_is_deaf_to_what_is_late() {
    let mut world = World::new(SETTINGS);
    world.start().hello(1, fresh("e-3")).event(1, Some("e-4"), 4).stop();
    world.expect(&[(0, open(1)), (0, Deliver(4)), (0, close(1))]);
    assert_eq!(world.connection.status(), Status::default());
    assert_eq!(world.connection.poll_timeout(), None);
    world
        .event(1, Some("e-5"), 5)
        .signal(1, Signal::Lost)
        .signal(1, Signal::Opened)
        .read("e-9")
        .act(Connection::retry);
    world
        .act(Connection::handle_opportunity)
        .stop()
        .at(1_000_000)
        .expect(&[]);
    // The next person starts from nothing.
    world.start().expect(&[(1_000_000, open(3))]);
}

#[test]
fn signing_out_while_waiting_or_connecting_opens_nothing_later() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .signal(1, Signal::Lost)
        .stop()
        .at(100_000)
        .expect(&[(0, open(1)), (0, close(1))]);
    world.start().stop().hello(3, fresh("e-0")).at(200_000);
    world
        .expect(&[(100_000, open(3)), (100_000, close(3))])
        .state(State::Disconnected);
}

#[test]
fn five_hundred_rapid_sign_ins_leave_nothing_open() {
    let mut world = World::new(SETTINGS);
    for _ in 0..500 {
        world.start().stop();
    }
    let opens = world
        .seen
        .iter()
        .filter(|(_, output)| matches!(output, Open { .. }))
        .count();
    let closes = world
        .seen
        .iter()
        .filter(|(_, output)| matches!(output, Close { .. }))
        .count();
    assert_eq!((opens, closes), (500, 500));
}

/// Random inputs in random order: what must hold in every state holds after each of them.
#[test]
fn invariants_hold_for_whatever_happens() {
    for seed in 0..if cfg!(target_arch = "wasm32") { 200 } else { 2_000 } {
        let mut rng = fastrand::Rng::with_seed(seed);
        let settings = Settings {
            expects_hello: rng.bool(),
            max_retries: rng.u32(0..4),
            ..Settings::default()
        };
        let mut connection = Connection::<u32>::new(settings, seed);
        let (mut now, mut live, mut signed_in, mut last_open) = (Instant::default(), None, false, None::<Instant>);
        let mut newest = 0;
        for _ in 0..300 {
            now = now
                + Duration::from_millis(match rng.u8(..4) {
                    0 | 1 => rng.u64(0..50),
                    2 => rng.u64(0..3_000),
                    _ => rng.u64(0..60_000),
                });
            let generation = Generation(newest - u64::from(rng.u8(..5) == 0).min(newest));
            let stale = Some(generation) != live;
            let before = connection.status();
            let mut is_signal = false;
            match rng.u8(..14) {
                0 => {
                    connection.start(now);
                    signed_in = true;
                }
                1 => {
                    connection.stop();
                    (signed_in, last_open) = (false, None);
                }
                2 => connection.retry(now),
                3 => connection.handle_opportunity(now),
                4 => connection.handle_read(format!("e-{}", rng.u8(..)).parse().ok()),
                5..=8 => connection.handle_timeout(now),
                _ => {
                    is_signal = true;
                    let frame = match rng.u8(..6) {
                        0 => Frame::Hello(Hello {
                            resumed: rng.bool(),
                            cursor: None,
                            heartbeat_ms: Some(15_000),
                        }),
                        1 => Frame::Heartbeat,
                        2 => Frame::Resync,
                        3 => Frame::Shutdown {
                            retry_ms: rng.u64(0..9_000),
                        },
                        4 => Frame::Ignored,
                        _ => Frame::Event(1),
                    };
                    let signal = match rng.u8(..5) {
                        0 => Signal::Opened,
                        1 => Signal::Lost,
                        2 => Signal::Refused,
                        _ => message(Some(&format!("e-{}", rng.u8(..))), frame),
                    };
                    connection.handle_signal(now, generation, signal);
                }
            }
            let mut acted = false;
            while let Some(output) = connection.poll() {
                acted = true;
                match output {
                    Open { generation, .. } => {
                        assert_eq!(live, None, "two streams");
                        assert!(signed_in, "a stream for nobody");
                        assert!(
                            last_open.is_none_or(|last| now >= last + settings.min_open_gap),
                            "opens too close"
                        );
                        (live, last_open, newest) = (Some(generation), Some(now), generation.0);
                    }
                    Close { generation } => assert_eq!(live.take(), Some(generation), "closed what was not open"),
                    Deliver(_) | Gap => assert!(signed_in, "told to nobody"),
                    CheckSession => {}
                }
            }
            let status = connection.status();
            if is_signal && stale {
                assert!(!acted && status == before, "late news had an effect");
            }
            assert_eq!(signed_in, status.state != State::Disconnected);
            match status.state {
                State::Disconnected => assert_eq!((live, connection.poll_timeout()), (None, None)),
                State::Connected => assert!(live.is_some()),
                State::Connecting | State::Reconnecting => {
                    assert!(connection.poll_timeout().is_some(), "waits for nothing");
                }
                State::Error => assert_eq!(live, None),
            }
        }
    }
}

#[test]
fn the_same_seed_and_inputs_have_the_same_outputs() {
    let run = || {
        let mut world = World::new(Settings::default());
        world.start();
        for ms in (0..200_000).step_by(500) {
            world.at(ms);
            let newest = world.newest();
            world.signal(newest, Signal::Lost);
        }
        std::mem::take(&mut world.seen)
    };
    assert_eq!(run(), run());
}
