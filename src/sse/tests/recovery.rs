//! Failures, and the attempts after them.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn lost_stream_resumes_from_last_position() {
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
        // The stream was well for long, so the next attempt comes soon.
        .expect(&[(20_000, close(1)), (20_000, open_at(2, "e-7"))])
        .state(State::Reconnecting);
    world.hello(2, resumed()).expect(&[]).state(State::Connected);
}

#[test]
fn retries_back_off_then_cool_down() {
    let mut world = World::new(SETTINGS);
    world.start();
    let mut waits = Vec::new();
    for failure in 1..=16 {
        let failed_at = world.now;
        world.signal(failure, Signal::Lost);
        let Status {
            last_error,
            retry_at,
            state,
            ..
        } = world.connection.status();
        assert_eq!(
            last_error.map(|error| error.attempt),
            Some(u32::try_from(failure).unwrap())
        );
        assert_eq!(state == State::Error, failure > 10, "after failure {failure}");
        let due = retry_at.unwrap();
        waits.push(failed_at.until(due).as_secs());
        world.at(due.as_millis());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 60, 120, 240, 300, 300, 300]);
}

#[test]
fn stable_stream_after_cooldown_resets_failures() {
    let mut world = resting();
    world.at(60_000).expect(&[(60_000, open(2))]).state(State::Connecting);
    // No second stream is opened meanwhile.
    world
        .act(Connection::handle_opportunity)
        .act(Connection::retry)
        .expect(&[]);
    world
        .hello(2, fresh("e-0"))
        .at(69_999)
        .signal(2, Signal::Lost)
        .state(State::Error);
    world
        .at(189_999)
        .expect(&[(69_999, close(2)), (189_999, open_at(3, "e-0"))]);
    world.hello(3, resumed()).at(199_999).signal(3, Signal::Lost);
    world
        .state(State::Reconnecting)
        .expect(&[(199_999, close(3)), (199_999, open_at(4, "e-0"))]);
}

/// Returns a connection in its cooldown.
fn resting() -> World {
    let mut world = World::new(Settings {
        max_retries: 0,
        ..SETTINGS
    });
    world.start().signal(1, Signal::Lost).state(State::Error);
    world.expect(&[(0, open(1)), (0, close(1))]);
    world
}

#[test]
fn manual_retry_is_immediate() {
    type Act = fn(&mut Connection<u32>, Instant);
    let back: Act = |connection, now| {
        connection.set_visible(now, false);
        connection.set_visible(now, true);
    };
    let online: Act = |connection, now| {
        connection.set_online(now, false);
        connection.set_online(now, true);
    };
    let cases: [(Act, u64); 4] = [
        (Connection::retry, 30_000),
        (online, 30_000),
        (Connection::handle_opportunity, 30_250),
        (back, 30_250),
    ];
    for (opportunity, opens_at) in cases {
        let mut world = resting();
        world.at(30_000).act(opportunity).at(30_100);
        world.at(30_300).expect(&[(opens_at, open(2))]).state(State::Connecting);
        // Further opportunities open no further stream.
        world.act(opportunity).act(opportunity).at(32_000);
        world.hello(2, fresh("e-0"));
        let opens = world
            .seen
            .iter()
            .filter(|(_, output)| matches!(output, Open { .. }))
            .count();
        assert!(opens <= 1, "{:?}", world.seen);
    }
}

#[test]
fn user_return_never_delays_due_attempt() {
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
fn opens_are_one_second_apart() {
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
fn only_stable_stream_resets_failures() {
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
fn stream_without_hello_times_out() {
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
fn silent_stream_is_declared_dead() {
    let mut world = World::new(SETTINGS);
    world.start().hello(1, fresh("e-0"));
    // Every message proves liveness: a heartbeat, an event, even a message that can not be read.
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
fn unannounced_heartbeat_starts_the_watchdog() {
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
    for (promised, patience) in [(1, 20_000), (60_000, 130_000), (u64::MAX, 610_000)] {
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
fn shutdown_delay_is_honoured() {
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
fn no_watchdog_without_promised_heartbeat() {
    let mut world = World::new(SETTINGS);
    let hello = Hello {
        heartbeat_ms: Some(0),
        ..fresh("e-0")
    };
    world.start().hello(1, hello).signal(1, message(None, Frame::Heartbeat));
    world.at(290_000).expect(&[(0, open(1))]).state(State::Connected);
}

#[test]
fn reconnects_are_spread_over_time() {
    let mut returns: Vec<u64> = (0..1_000)
        .map(|seed| {
            let mut connection = Connection::<u32>::new(Settings::DEFAULT, seed);
            connection.start(Instant::default());
            connection.handle_signal(
                Instant::default(),
                Generation(1),
                message(None, Frame::Hello(fresh("e-0"))),
            );
            let lost_at = Instant::from_millis(30_000);
            connection.handle_timeout(Instant::from_millis(10_000));
            connection.handle_signal(lost_at, Generation(1), message(None, Frame::Heartbeat));
            connection.handle_signal(lost_at, Generation(1), Signal::Lost);
            lost_at
                .until(connection.status().retry_at.unwrap())
                .as_millis()
                .try_into()
                .unwrap()
        })
        .collect();
    returns.sort_unstable();
    assert!(*returns.last().unwrap() <= 1_000, "a stream that was well is soon back");
    for bucket in 0..10 {
        let within = returns
            .iter()
            .filter(|ms| (bucket * 100..(bucket + 1) * 100).contains(*ms))
            .count();
        assert!(
            (50..=150).contains(&within),
            "{within} of 1000 in one tenth of a second"
        );
    }
}

#[test]
fn retry_after_is_capped_at_five_minutes() {
    let mut world = World::new(SETTINGS);
    let goodbye = message(None, Frame::Shutdown { retry_ms: u64::MAX });
    world.start().hello(1, fresh("e-3")).at(20_000).signal(1, goodbye);
    // Not even the return of the person shortens the wait that the server has asked for.
    world
        .act(Connection::handle_opportunity)
        .at(319_999)
        .expect(&[(0, open(1)), (20_000, close(1))]);
    world.at(320_000).expect(&[(320_000, open_at(2, "e-3"))]);
}
