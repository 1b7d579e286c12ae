//! Failures: when it is tried again, and when it is not.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

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
fn a_person_starts_it_again_at_once_and_a_good_moment_a_little_later() {
    type Act = fn(&mut Connection<u32>, Instant);
    let cases: [(Act, u64); 2] = [(Connection::retry, 60_000), (Connection::handle_opportunity, 60_250)];
    for (opportunity, opens_at) in cases {
        let mut world = World::new(Settings {
            max_retries: 0,
            ..SETTINGS
        });
        world
            .start()
            .signal(1, Signal::Lost)
            .state(State::Error)
            .expect(&[(0, open(1)), (0, close(1))]);
        world.at(60_000).act(opportunity).at(60_100);
        world.at(60_300).expect(&[(opens_at, open(2))]).state(State::Connecting);
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
fn a_good_moment_never_delays_an_attempt_that_is_due() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .signal(1, Signal::Lost)
        .at(900)
        .act(Connection::handle_opportunity)
        .at(2_000);
    world.expect(&[(0, open(1)), (0, close(1)), (1_000, open(2))]);
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
