//! Streams that are refused, and the reasons.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[track_caller]
fn cause(world: &World) -> Cause {
    world.connection.status().last_error.unwrap().cause
}

#[test]
fn who_is_refused_asks_once_why() {
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Refused).signal(1, Signal::Refused);
    world
        .expect(&[(0, open(1)), (0, close(1)), (0, probe(1))])
        .state(State::Connecting);
    // An answer to an earlier question and a second answer have no effect.
    world
        .answer(0, Answer::Forbidden)
        .answer(1, Answer::Unclear)
        .answer(1, Answer::Forbidden);
    assert_eq!(cause(&world), Cause::Refused);
    world.at(1_000).expect(&[(1_000, open(2))]);
    // The wait for the answer is limited.
    world
        .signal(2, Signal::Refused)
        .at(5_999)
        .expect(&[(1_000, close(2)), (1_000, probe(2))]);
    world
        .at(6_000)
        .answer(2, Answer::Forbidden)
        .at(8_000)
        .expect(&[(8_000, open(3))]);
}

#[test]
fn no_probe_without_network_or_session() {
    let mut world = World::new(SETTINGS);
    world
        .act(|connection, now| connection.set_online(now, false))
        .start()
        .at(60_000);
    world
        .signal(1, Signal::Refused)
        .expect(&[(60_000, open(1)), (60_000, close(1))]);
    let mut world = World::new(SETTINGS);
    world
        .start()
        .signal(1, Signal::Refused)
        .stop()
        .answer(1, Answer::Unauthorized)
        .at(100_000);
    world
        .expect(&[(0, open(1)), (0, close(1)), (0, probe(1))])
        .state(State::Disconnected);
}

#[test]
fn expired_session_is_renewed_once() {
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Refused).answer(1, Answer::Unauthorized);
    world.expect(&[(0, open(1)), (0, close(1)), (0, probe(1)), (0, Refresh)]);
    // Only the renewal, or the end of the wait for it, leads to the next attempt.
    world.act(Connection::handle_opportunity).at(2_000).expect(&[]);
    world.act(Connection::handle_refreshed).expect(&[(2_000, open(2))]);
    world.signal(2, Signal::Refused).answer(2, Answer::Unauthorized);
    world
        .expect(&[(2_000, close(2)), (2_000, probe(2)), (2_000, SessionEnded)])
        .state(State::Error);
    assert_eq!(cause(&world), Cause::Final(Failure::Unauthorized));
    world.act(Connection::handle_opportunity).at(1_000_000).expect(&[]);
    // A late renewal of the session allows another attempt.
    world.act(Connection::handle_refreshed).expect(&[(1_000_000, open(3))]);
    world.hello(3, fresh("e-0")).state(State::Connected);
    // A success allows another renewal.
    world
        .at(1_000_500)
        .signal(3, Signal::Lost)
        .at(1_001_500)
        .signal(4, Signal::Refused)
        .answer(4, Answer::Unauthorized);
    let last = world.seen.last().cloned();
    assert_eq!(last, Some((1_001_500, Refresh)));
}

#[test]
fn successful_renewal_allows_another() {
    let mut world = World::new(SETTINGS);
    for generation in [1, 3] {
        world
            .start()
            .signal(generation, Signal::Refused)
            .answer(generation, Answer::Unauthorized);
        assert_eq!(world.seen.last(), Some(&(world.now.as_millis(), Refresh)));
        let now = world.now.as_millis();
        world.at(now + 2_000).act(Connection::handle_refreshed);
        world.hello(generation + 1, fresh("e-0")).state(State::Connected);
        world.at(now + 20_000).signal(generation + 1, Signal::Lost);
    }
}

#[test]
fn missing_renewal_times_out() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .signal(1, Signal::Refused)
        .answer(1, Answer::Unauthorized)
        .at(4_999);
    world.expect(&[(0, open(1)), (0, close(1)), (0, probe(1)), (0, Refresh)]);
    world.at(5_000).expect(&[(5_000, open(2))]);
}

#[test]
fn fatal_refusal_waits_for_manual_retry() {
    for (answer, failure) in [
        (Answer::Forbidden, Failure::Forbidden),
        (Answer::Missing, Failure::Missing),
    ] {
        let mut world = World::new(SETTINGS);
        world
            .start()
            .signal(1, Signal::Refused)
            .answer(1, answer)
            .state(State::Error);
        assert_eq!(cause(&world), Cause::Final(failure));
        assert_eq!(
            (world.connection.poll_timeout(), world.connection.need()),
            (None, Need::None)
        );
        world.act(Connection::handle_opportunity).at(1_000_000);
        world.expect(&[(0, open(1)), (0, close(1)), (0, probe(1))]);
        world
            .act(Connection::retry)
            .expect(&[(1_000_000, open(2))])
            .state(State::Connecting);
    }
}

#[test]
fn invalid_url_fails_without_probe() {
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Nowhere).state(State::Error);
    assert_eq!(cause(&world), Cause::Final(Failure::Missing));
    world
        .act(Connection::handle_opportunity)
        .at(1_000_000)
        .expect(&[(0, open(1)), (0, close(1))]);
}

#[test]
fn retry_after_is_honoured_without_failure() {
    for (asked, due) in [(7, 7_000), (0, 1_000), (4_000, 300_000)] {
        let mut world = World::new(Settings {
            max_retries: 0,
            ..SETTINGS
        });
        world
            .start()
            .signal(1, Signal::Refused)
            .answer(1, Answer::Later(Duration::from_secs(asked)));
        world
            .act(Connection::handle_opportunity)
            .state(State::Connecting)
            .at(due - 1);
        assert_eq!(cause(&world), Cause::Busy);
        let seen: Vec<_> = std::mem::take(&mut world.seen);
        assert_eq!(
            seen,
            [(0, open(1)), (0, close(1)), (0, probe(1))],
            "asked for {asked} s"
        );
        // The answer counts as no failure; after a failure, the connection would be in its cooldown.
        world.at(due).expect(&[(due, open(2))]).state(State::Connecting);
    }
}

#[test]
fn unreadable_probe_answer_is_reported() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .signal(1, Signal::Refused)
        .answer(1, Answer::Unreachable)
        .at(1_000);
    assert_eq!(cause(&world), Cause::Unreadable);
    assert_eq!(world.newest(), 2);
}

#[test]
fn statuses_mean_what_they_say() {
    let wait = Some(Duration::from_secs(7));
    for (status, retry_after, answer) in [
        (200, None, Answer::Unclear),
        (204, None, Answer::Missing),
        (401, None, Answer::Unauthorized),
        (403, wait, Answer::Forbidden),
        (404, None, Answer::Missing),
        (410, None, Answer::Missing),
        (429, wait, Answer::Later(Duration::from_secs(7))),
        (503, wait, Answer::Later(Duration::from_secs(7))),
        (429, None, Answer::Unclear),
        (503, None, Answer::Unclear),
        (500, wait, Answer::Unclear),
        (302, None, Answer::Unclear),
    ] {
        assert_eq!(Answer::from_status(status, retry_after), answer, "{status}");
    }
}

#[test]
fn each_stream_fetches_its_own_ticket() {
    use Output::FetchTicket;
    let mut world = World::new(Settings {
        needs_ticket: true,
        ..SETTINGS
    });
    let fetch = |generation| FetchTicket {
        generation: Generation(generation),
    };
    let ticket = |world: &mut World, generation: u64, ticket: Result<&str, Answer>| {
        let ticket = ticket.map(str::to_owned);
        world.act(|connection, now| connection.handle_ticket(now, Generation(generation), ticket));
    };
    world.start().expect(&[(0, fetch(1))]).state(State::Connecting);
    ticket(&mut world, 1, Ok("a"));
    ticket(&mut world, 1, Ok("again"));
    world.expect(&[(
        0,
        Open {
            generation: Generation(1),
            cursor: None,
            ticket: Some("a".to_owned()),
        },
    )]);
    world.hello(1, fresh("e-0")).at(20_000).signal(1, Signal::Lost);
    world.expect(&[(20_000, close(1)), (20_000, fetch(2))]);
    // A late ticket is ignored.
    ticket(&mut world, 1, Ok("late"));
    // The wait for a ticket is limited.
    world.at(30_000).expect(&[]);
    assert_eq!(cause(&world), Cause::Timeout);
    // The refusal of a ticket contains the reason.
    world.at(32_000).expect(&[(32_000, fetch(3))]);
    ticket(&mut world, 3, Err(Answer::Forbidden));
    world.expect(&[]).state(State::Error);
    assert_eq!(cause(&world), Cause::Final(Failure::Forbidden));
}

#[test]
fn expiring_session_renews_the_stream() {
    let expiring = || message(None, Frame::AuthExpiring { in_ms: 30_000 });
    let mut world = World::new(SETTINGS);
    world
        .start()
        .hello(1, fresh("e-0"))
        .at(15_000)
        .signal(1, expiring())
        .expect(&[(0, open(1)), (15_000, Refresh)]);
    world.at(16_000).act(Connection::handle_refreshed);
    world.expect(&[(16_000, close(1)), (16_000, open_at(2, "e-0"))]);
    world
        .hello(2, resumed())
        .state(State::Connected)
        .act(Connection::handle_refreshed)
        .expect(&[]);
    // If the session can not be renewed, another stream is opened before it ends.
    world
        .at(30_000)
        .signal(2, expiring())
        .signal(2, message(None, Frame::Heartbeat))
        .at(44_999)
        .expect(&[(30_000, Refresh)]);
    world
        .at(45_000)
        .expect(&[(45_000, close(2)), (45_000, open_at(3, "e-0"))]);
}
