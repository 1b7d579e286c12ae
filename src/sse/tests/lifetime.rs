//! There is a stream if and only if a person is signed in.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn sign_in_connects_one_stream() {
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
fn sign_out_closes_and_ignores_late_signals() {
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
fn sign_out_cancels_pending_attempts() {
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

#[test]
fn session_is_checked_without_heartbeats() {
    let mut world = World::new(Settings {
        expects_hello: false,
        ..SETTINGS
    });
    world
        .start()
        .signal(1, Signal::Opened)
        .expect(&[(0, open(1)), (0, Gap)]);
    world.at(299_999).event(1, None, 5).expect(&[(299_999, Deliver(5))]);
    world.at(600_000).expect(&[(300_000, Refresh), (600_000, Refresh)]);
    world.state(State::Connected);
    // A heartbeat replaces the session checks.
    world.signal(1, message(None, Frame::Heartbeat)).at(639_999).expect(&[]);
}

#[test]
fn frozen_tab_closes_and_resumes_its_stream() {
    let mut world = World::new(SETTINGS);
    world.start().hello(1, fresh("e-3")).at(5_000).act(Connection::suspend);
    world.expect(&[(0, open(1)), (5_000, close(1))]);
    // No input has an effect while the tab is frozen.
    world.act(Connection::retry).act(Connection::handle_opportunity);
    world.at(900_000).signal(1, Signal::Lost).expect(&[]);
    world
        .act(Connection::resume)
        .at(900_250)
        .expect(&[(900_250, open_at(2, "e-3"))]);
    // To resume a tab that was not suspended has no effect.
    world.act(Connection::resume).expect(&[]);
}

#[test]
fn sign_out_while_frozen_opens_no_stream() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .act(Connection::suspend)
        .act(Connection::resume)
        .at(100)
        .stop();
    world
        .at(100_000)
        .expect(&[(0, open(1)), (0, close(1))])
        .state(State::Disconnected);
    world
        .act(Connection::suspend)
        .act(Connection::resume)
        .at(200_000)
        .expect(&[]);
}
