//! No event is missed, and no event arrives twice.

use std::collections::BTreeSet;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

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
fn only_unresumed_stream_is_a_gap() {
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
fn no_gap_between_read_and_stream() {
    // The fetch ends before the stream is requested. The stream resumes from the position of the fetch.
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Lost).read("e-9").read("e-8").at(1_000);
    world.expect(&[(0, open(1)), (0, close(1)), (1_000, open_at(2, "e-8"))]);
    world.hello(2, resumed()).expect(&[]);

    // The case is the same, and a fetch from even earlier returns while the stream is opening.
    let mut world = World::new(SETTINGS);
    world.start().signal(1, Signal::Lost).read("e-8").at(1_000).read("e-7");
    world.hello(2, resumed());
    world.expect(&[(0, open(1)), (0, close(1)), (1_000, open_at(2, "e-8")), (1_000, Gap)]);

    // The fetch returns while the stream is opening, and an event happens in between.
    let mut world = World::new(SETTINGS);
    world
        .start()
        .read("e-8")
        .read("e-9")
        .hello(1, fresh("e-9"))
        .expect(&[(0, open(1)), (0, Gap)]);

    // The case is the same, and no event happens in between. Nothing is fetched twice.
    let mut world = World::new(SETTINGS);
    world.start().read("e-9").hello(1, fresh("e-9")).expect(&[(0, open(1))]);

    // The fetch starts before the stream opens, and returns after it.
    let mut world = World::new(SETTINGS);
    world
        .start()
        .hello(1, fresh("e-9"))
        .read("e-9")
        .read("e-10")
        .expect(&[(0, open(1))]);
    world.read("e-8").expect(&[(0, Gap)]);
    // The position is of another log. The stream will notice that by itself.
    world.read("f-1").expect(&[]);
}

#[test]
fn stream_without_hello_never_resumes() {
    let mut world = World::new(Settings {
        expects_hello: false,
        ..SETTINGS
    });
    world
        .start()
        .signal(1, Signal::Opened)
        .expect(&[(0, open(1)), (0, Gap)])
        .state(State::Connected);
    // The stream promises no heartbeat, so its silence means nothing.
    world.at(200_000).expect(&[]).state(State::Connected);
    world
        .event(1, None, 5)
        .event(1, None, 5)
        .expect(&[(200_000, Deliver(5)), (200_000, Deliver(5))]);
    world.signal(1, Signal::Lost).at(201_000).signal(2, Signal::Opened);
    world.expect(&[(200_000, close(1)), (200_000, open(2)), (201_000, Gap)]);
}

#[test]
fn the_first_message_counts_as_hello() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .event(1, None, 5)
        .expect(&[(0, open(1)), (0, Deliver(5)), (0, Gap)])
        .state(State::Connected);
}

#[test]
fn heartbeat_moves_the_cursor() {
    let mut world = World::new(SETTINGS);
    world
        .start()
        .hello(1, fresh("e-4"))
        .signal(1, message(Some("e-9"), Frame::Heartbeat));
    world
        .at(20_000)
        .signal(1, message(Some("e-8"), Frame::Heartbeat))
        .signal(1, Signal::Lost);
    world.expect(&[(0, open(1)), (20_000, close(1)), (20_000, open_at(2, "e-9"))]);
}

#[test]
fn repeated_losses_report_one_gap() {
    let mut world = World::new(Settings {
        gap_delay: Duration::from_millis(150),
        gap_spread: Duration::from_secs(2),
        ..SETTINGS
    });
    world.start().hello(1, fresh("e-4")).at(20_000).signal(1, Signal::Lost);
    for (ms, generation) in [(20_000, 2), (22_200, 3), (26_300, 4)] {
        world.at(ms).hello(generation, fresh("f-0"));
        assert!(
            !world.connection.is_current(),
            "data that is known to lack something is not current"
        );
        if generation < 4 {
            world.at(ms + 100).signal(generation, Signal::Lost);
        }
    }
    let gap_at = {
        world.at(30_000);
        let gaps: Vec<u64> = world
            .seen
            .iter()
            .filter(|(_, output)| *output == Gap)
            .map(|(ms, _)| *ms)
            .collect();
        assert_eq!(gaps.len(), 1, "{:?}", world.seen);
        gaps[0]
    };
    assert!((26_450..=28_450).contains(&gap_at), "{gap_at}");
    assert!(world.connection.is_current());
}

#[test]
fn gap_notices_are_spread_over_time() {
    let moments: BTreeSet<u64> = (0..200)
        .map(|seed| {
            let settings = Settings {
                gap_delay: Settings::DEFAULT.gap_delay,
                gap_spread: Settings::DEFAULT.gap_spread,
                ..SETTINGS
            };
            let mut world = World::by_chance(settings, seed);
            world.start().hello(1, fresh("e-4")).at(20_000).signal(1, Signal::Lost);
            world.hello(2, fresh("f-0")).at(21_250);
            let gap = world.seen.iter().find(|(_, output)| *output == Gap);
            gap.expect("it is said by then").0
        })
        .collect();
    let (first, last) = (moments.first().unwrap(), moments.last().unwrap());
    assert!(*first < 20_250 && *last > 21_000, "{first} to {last}");
}

#[test]
fn pending_gap_survives_a_resumed_stream() {
    let mut world = World::new(Settings {
        gap_delay: Duration::from_millis(150),
        ..SETTINGS
    });
    world.start().hello(1, fresh("e-4")).at(20_000);
    world
        .signal(1, message(Some("e-9"), Frame::Resync))
        .at(20_100)
        .signal(1, Signal::Lost);
    world
        .hello(2, resumed())
        .at(20_249)
        .expect(&[(0, open(1)), (20_100, close(1)), (20_100, open_at(2, "e-9"))]);
    world.at(20_250).expect(&[(20_250, Gap)]);
}

#[test]
fn first_gap_is_reported_at_once() {
    let mut world = World::new(Settings {
        gap_delay: Duration::from_millis(150),
        gap_spread: Duration::from_secs(2),
        ..SETTINGS
    });
    world
        .start()
        .read("e-8")
        .read("e-9")
        .hello(1, fresh("e-9"))
        .at(149)
        .expect(&[(0, open(1))]);
    world.at(150).expect(&[(150, Gap)]);
    // Gaps within the delay are reported together.
    world
        .signal(1, message(Some("e-20"), Frame::Resync))
        .at(200)
        .read("e-7")
        .at(1_000)
        .expect(&[(300, Gap)]);
}
