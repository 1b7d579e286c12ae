//! Sleep, silence, networks that come and go, and hidden tabs.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn heartbeat() -> Signal<u32> {
    message(None, Frame::Heartbeat)
}

/// Returns a connection that has been well since the beginning, at this time.
fn well_at(ms: u64) -> World {
    let mut world = World::new(SETTINGS);
    world.start().hello(1, fresh("e-0"));
    for beat in (10_000..ms).step_by(10_000) {
        world.at(beat).signal(1, heartbeat());
    }
    world
        .at(ms)
        .signal(1, heartbeat())
        .expect(&[(0, open(1))])
        .state(State::Connected);
    world
}

fn online(world: &mut World, online: bool) -> &mut World {
    world.act(|connection, now| connection.set_online(now, online))
}

fn visible(world: &mut World, visible: bool) -> &mut World {
    world.act(|connection, now| connection.set_visible(now, visible))
}

#[test]
fn stream_proves_liveness_after_sleep() {
    // A message arrives within the time of the check.
    let mut world = well_at(20_000);
    world
        .sleep_until(7_200_000)
        .at(7_202_999)
        .signal(1, heartbeat())
        .at(7_210_000)
        .expect(&[])
        .state(State::Connected);
    // No message arrives.
    let mut world = well_at(20_000);
    world
        .sleep_until(7_200_000)
        .at(7_202_999)
        .expect(&[])
        .state(State::Connected);
    world
        .at(7_203_000)
        .expect(&[(7_203_000, close(1)), (7_203_000, open_at(2, "e-0"))]);
    assert_eq!(world.connection.status().last_error.map(|error| error.attempt), Some(1));
}

#[test]
fn clock_gap_reveals_sleep() {
    let mut world = well_at(20_000);
    // The sleep is shorter than the silence that the stream allows itself.
    world
        .sleep_until(48_000)
        .at(51_000)
        .expect(&[(51_000, close(1)), (51_000, open_at(2, "e-0"))]);
    // A timer that is a little late proves nothing.
    let mut world = well_at(20_000);
    world
        .sleep_until(34_000)
        .signal(1, heartbeat())
        .at(60_000)
        .expect(&[])
        .state(State::Connected);
}

#[test]
fn timely_watchdog_needs_no_liveness_check() {
    let mut world = well_at(20_000);
    world.at(59_999).expect(&[]).at(60_000).state(State::Reconnecting);
    assert_eq!(
        world.connection.status().last_error.map(|error| error.cause),
        Some(Cause::Silence)
    );
}

#[test]
fn return_checks_only_silent_streams() {
    let mut world = well_at(20_000);
    visible(&mut world, false).at(45_000);
    visible(&mut world, true).at(47_999).expect(&[]);
    world
        .at(48_000)
        .expect(&[(48_000, close(1)), (48_000, open_at(2, "e-0"))]);
    let mut world = well_at(20_000);
    visible(&mut world, false).at(39_000);
    visible(&mut world, true)
        .at(45_000)
        .signal(1, heartbeat())
        .at(80_000)
        .expect(&[])
        .state(State::Connected);
}

#[test]
fn leafing_through_tabs_changes_nothing() {
    let mut world = well_at(20_000);
    for ms in 0..40 {
        world.at(20_000 + ms * 100);
        visible(&mut world, ms % 2 == 1);
    }
    world
        .signal(1, heartbeat())
        .at(50_000)
        .expect(&[])
        .state(State::Connected);
}

#[test]
fn hidden_tab_releases_and_reopens_stream() {
    let mut world = well_at(10_000);
    visible(&mut world, false);
    for beat in (20_000..310_000).step_by(10_000) {
        world.at(beat).signal(1, heartbeat());
    }
    world.at(309_999).expect(&[]).state(State::Connected);
    world
        .at(310_000)
        .expect(&[(310_000, close(1))])
        .state(State::Disconnected);
    assert!(!world.connection.is_current());
    world.at(9_000_000).expect(&[]);
    visible(&mut world, true)
        .expect(&[(9_000_000, open_at(2, "e-0"))])
        .state(State::Reconnecting);
}

#[test]
fn hidden_tab_makes_no_attempts() {
    let mut world = World::new(SETTINGS);
    world.start();
    visible(&mut world, false);
    let mut last = 0;
    for ms in (0..3_600_000).step_by(500) {
        world.at(ms);
        if world.newest() > last {
            last = world.newest();
            world.signal(last, Signal::Lost);
        }
    }
    let latest = world.seen.iter().map(|(ms, _)| *ms).max().unwrap();
    assert!(latest <= 300_000, "{latest}");
    world.state(State::Disconnected);
}

#[test]
fn hidden_leader_keeps_its_stream() {
    let mut world = World::new(SETTINGS);
    world
        .act(|connection, now| connection.set_role(now, Role::Leads))
        .start();
    visible(&mut world, false).hello(1, fresh("e-0"));
    for beat in (10_000..900_000).step_by(10_000) {
        world.at(beat).signal(1, heartbeat());
    }
    world.expect(&[(0, open(1))]).state(State::Connected);
}

#[test]
fn offline_tries_once_a_minute() {
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Lost);
    online(&mut world, false)
        .at(59_999)
        .expect(&[(0, open(1)), (0, close(1))]);
    let status = world.connection.status();
    assert!(status.is_offline && status.state == State::Connecting, "{status:?}");
    // Browsers are sometimes wrong about the network.
    world
        .at(60_000)
        .expect(&[(60_000, open(2))])
        .signal(2, Signal::Lost)
        .at(119_999)
        .expect(&[(60_000, close(2))]);
    world
        .at(120_000)
        .expect(&[(120_000, open(3))])
        .hello(3, fresh("e-0"))
        .state(State::Connected);
    // The browser was wrong, so the stream is kept.
    world.at(130_000).signal(3, heartbeat()).expect(&[]);
    assert!(!world.connection.status().is_offline);
}

#[test]
fn without_a_network_failures_are_not_counted() {
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Lost);
    online(&mut world, false);
    for minute in 1..20 {
        world.at(minute * 60_000).signal(minute + 1, Signal::Lost);
    }
    world.at(19 * 60_000 + 2_000);
    online(&mut world, true).state(State::Connecting);
    let newest = world.newest();
    world.signal(newest, Signal::Lost);
    assert_eq!(world.connection.status().last_error.map(|error| error.attempt), Some(2));
}

#[test]
fn reconnects_at_once_when_online() {
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Lost);
    online(&mut world, false).at(20_000);
    online(&mut world, true).expect(&[(0, open(1)), (0, close(1)), (20_000, open(2))]);
    // The network also ends a long wait.
    let mut world = World::new(SETTINGS);
    world.start();
    for generation in 1..=6 {
        let due = world
            .signal(generation, Signal::Lost)
            .connection
            .status()
            .retry_at
            .unwrap();
        if generation < 6 {
            world.at(due.as_millis());
        }
    }
    let now = world.now.as_millis() + 2_000;
    world.at(now);
    online(&mut world, false);
    online(&mut world, true);
    assert_eq!(world.seen.last(), Some(&(now, open(7))));
}

#[test]
fn a_network_that_flaps_opens_little() {
    let mut world = well_at(20_000);
    for ms in 0..10 {
        world.at(20_000 + ms * 100);
        online(&mut world, ms % 2 == 1);
    }
    world.at(21_500);
    assert!(world.seen.len() <= 2, "{:?}", world.seen);
}

#[test]
fn offline_keeps_only_speaking_streams() {
    let mut world = well_at(20_000);
    online(&mut world, false)
        .at(24_000)
        .signal(1, heartbeat())
        .at(40_000)
        .signal(1, heartbeat())
        .at(60_000);
    world.expect(&[]).state(State::Connected);
    let mut world = well_at(20_000);
    online(&mut world, false)
        .at(24_999)
        .expect(&[])
        .at(25_000)
        .expect(&[(25_000, close(1))]);
    world.state(State::Reconnecting);
}

/// Returns the state of the connection, whether it is offline, and whether it is current.
fn told(world: &World) -> (State, bool, bool) {
    let status = world.connection.status();
    (status.state, status.is_offline, world.connection.is_current())
}

const WELL: (State, bool, bool) = (State::Connected, false, true);
const CUT_OFF: (State, bool, bool) = (State::Reconnecting, true, false);

#[test]
fn lost_network_shows_within_half_second() {
    let mut world = well_at(20_000);
    assert_eq!(told(online(&mut world, false).at(20_499)), WELL);
    assert_eq!(told(world.at(20_500)), CUT_OFF);
    // The stream is kept, in case that a message arrives.
    assert_eq!(told(world.at(24_999).expect(&[])), CUT_OFF);
    assert_eq!(world.connection.need(), Need::Paused);
    assert_eq!(told(world.at(25_000).expect(&[(25_000, close(1))])), CUT_OFF);
}

#[test]
fn whatever_arrives_proves_the_network() {
    let mut world = well_at(20_000);
    online(&mut world, false).at(22_000);
    assert_eq!(told(world.signal(1, heartbeat())), WELL);
    assert_eq!(told(world.at(40_000).expect(&[])), WELL);
    // A message from before the loss proves nothing.
    let mut world = well_at(20_000);
    world.at(20_100).signal(1, heartbeat()).at(20_101);
    online(&mut world, false);
    assert_eq!(told(world.at(20_601)), CUT_OFF);
}

#[test]
fn a_network_that_flaps_is_never_told_lost() {
    let mut world = well_at(20_000);
    for ms in (20_000..32_000).step_by(800) {
        online(world.at(ms), false);
        assert_eq!(told(world.at(ms + 400)), WELL);
        online(&mut world, true).signal(1, heartbeat());
        assert_eq!(told(&world), WELL);
    }
    world.expect(&[]);
}

#[test]
fn a_cut_off_stream_counts_once_it_speaks() {
    let cut_off = || {
        let mut world = well_at(20_000);
        online(&mut world, false).at(22_000);
        online(&mut world, true).expect(&[]);
        assert_eq!(told(&world), (State::Reconnecting, false, false));
        world
    };
    let mut world = cut_off();
    assert_eq!(told(world.at(24_900).signal(1, heartbeat())), WELL);
    world.at(30_000).expect(&[]);
    let mut world = cut_off();
    world
        .at(25_000)
        .expect(&[(25_000, close(1)), (25_000, open_at(2, "e-0"))]);
    assert_eq!(told(world.hello(2, resumed())), WELL);
}

#[test]
fn silent_stream_is_checked_when_online() {
    let mut world = well_at(20_000);
    world.at(20_001);
    online(&mut world, false).at(22_000);
    online(&mut world, true).at(24_999).expect(&[]);
    world
        .at(25_000)
        .expect(&[(25_000, close(1)), (25_000, open_at(2, "e-0"))]);
    // A stream that received a message is not checked.
    let mut world = well_at(20_000);
    world.at(20_001);
    online(&mut world, false).at(21_000).signal(1, heartbeat()).at(22_000);
    online(&mut world, true).at(30_000).expect(&[]);
}

#[test]
fn a_person_may_try_without_a_network() {
    let mut world = World::new(SETTINGS);
    online(&mut world, false).start().expect(&[]);
    world.at(5_000).act(Connection::retry).expect(&[(5_000, open(1))]);
    // Retries are at least one second apart.
    for ms in 0..50 {
        world.at(5_001 + ms).signal(1, Signal::Lost).act(Connection::retry);
    }
    world
        .at(5_999)
        .expect(&[(5_001, close(1))])
        .at(6_000)
        .expect(&[(6_000, open(2))]);
}
