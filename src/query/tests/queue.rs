//! Changes that can not be sent at once: kept, in order, and sent before anything is read.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// A cache that shows 0 and has neither network nor stream.
fn offline() -> (World, EntryId) {
    let (mut world, entry) = World::showing(0);
    world.at(1_000).tell(|cache, now| {
        cache.set_pushed(now, false);
        cache.set_online(now, false);
    });
    world.effects.clear();
    (world, entry)
}

fn lane(lane: u128) -> Manner {
    Manner {
        lane: Some(lane),
        ..MANNER
    }
}

#[test]
fn offline_mutation_shows_and_waits() {
    let (mut world, entry) = offline();
    let mutation = world.begin(or(1));
    world.at(600_000);
    assert_eq!((world.shown(entry), world.cache.pending()), (Some(1), 1));
    assert_eq!(world.sent(), []);
    world.tell(|cache, now| cache.set_online(now, true));
    assert_eq!(world.sent(), [mutation]);
}

#[test]
fn waiting_mutations_send_in_order_before_fetches() {
    let (mut world, entry) = offline();
    let mutations = [1, 2, 4].map(|bit| world.begin(or(bit)));
    world.at(30_000).tell(|cache, now| cache.set_online(now, true));
    // Made after the others, it goes after them, although there is a network.
    let late = world.begin(or(8));
    for mutation in mutations.into_iter().chain([late]) {
        assert!(!world.snapshot(entry).fetching, "nothing is read yet");
        assert_eq!(world.sent(), [mutation]);
        world.commit(mutation, or(0));
    }
    assert_eq!(world.departures().len(), 1, "and then once");
}

#[test]
fn network_alone_releases_waiting_mutations() {
    let (mut world, _) = offline();
    let mutation = world.begin(or(1));
    world.tell(|cache, now| cache.set_pushed(now, true));
    assert_eq!(
        world.sent(),
        [mutation],
        "what is pushed proves that there is a network"
    );
}

#[test]
fn transient_failure_retries_with_backoff() {
    let (mut world, entry) = World::showing(0);
    let mutation = world.begin(or(1));
    let mut sent = Vec::new();
    for ms in 0..120_000 {
        if world.at(ms).sent() == [mutation] {
            sent.push(ms);
            world.fail(mutation, Fail::Passing);
        }
    }
    assert_eq!(sent.len(), 6, "{sent:?}");
    assert!(sent.windows(3).all(|at| at[2] - at[1] > at[1] - at[0]), "{sent:?}");
    assert_eq!(
        (world.shown(entry), world.cache.pending()),
        (Some(0), 0),
        "then it is taken back"
    );
}

#[test]
fn mutation_honours_retry_after() {
    let (mut world, _) = World::showing(0);
    let mutation = world.begin(or(1));
    assert_eq!(world.sent(), [mutation]);
    assert_eq!(world.fail(mutation, Fail::Later(7_000)), Fate::Waits);
    assert_eq!(world.at(6_999).sent(), []);
    assert_eq!(world.at(7_000).sent(), [mutation]);
}

#[test]
fn non_idempotent_mutation_rolls_back_at_once() {
    let (mut world, entry) = World::showing(0);
    let once = Manner {
        repeatable: false,
        ..MANNER
    };
    let mutation = world.begin_in(once, or(1));
    assert_eq!(world.fail(mutation, Fail::Passing), Fate::RolledBack);
    assert_eq!(world.shown(entry), Some(0));
}

#[test]
fn failed_mutation_releases_its_scope() {
    let (mut world, entry) = offline();
    let mutations = [1, 2].map(|bit| world.begin(or(bit)));
    world.tell(|cache, now| cache.set_online(now, true));
    assert_eq!(world.sent(), [mutations[0]]);
    world.fail(mutations[0], Fail::Final);
    assert_eq!(world.shown(entry), Some(2));
    assert_eq!(world.sent(), [mutations[1]]);
}

#[test]
fn scopes_are_ordered_and_independent() {
    let (mut world, _) = World::showing(0);
    let first = world.begin_in(lane(1), or(1));
    let second = world.begin_in(lane(1), or(2));
    let other = world.begin_in(lane(2), or(4));
    let none = world.begin(or(8));
    assert_eq!(world.sent(), [first, other, none]);
    world.fail(first, Fail::Passing);
    assert_eq!(world.sent(), [], "who is tried again is not overtaken");
    assert_eq!(world.at(1_000).sent(), [first]);
    world.commit(first, or(1));
    assert_eq!(world.sent(), [second]);
}

#[test]
fn mutation_interrupted_by_network_waits() {
    let (mut world, entry) = World::showing(0);
    let mutation = world.begin(or(1));
    assert_eq!(world.sent(), [mutation]);
    world.tell(|cache, now| {
        cache.set_pushed(now, false);
        cache.set_online(now, false);
    });
    assert_eq!(world.fail(mutation, Fail::Passing), Fate::Waits);
    world.at(3_600_000);
    assert_eq!(
        (world.sent(), world.shown(entry)),
        (vec![], Some(1)),
        "however long that takes"
    );
    world.tell(|cache, now| cache.set_online(now, true));
    assert_eq!(world.sent(), [mutation]);
}

#[test]
fn unreachable_mutation_retries_first_on_success() {
    type News = fn(&mut Cache<Fail>, Instant);
    let news: [News; 2] = [
        |cache, now| cache.set_online(now, true),
        |cache, now| cache.set_pushed(now, true),
    ];
    for news in news {
        let (mut world, entry) = World::showing(0);
        // The browser believes that there is a network.
        let mutations = [1, 2].map(|bit| world.begin(or(bit)));
        assert_eq!(world.sent(), mutations);
        for mutation in mutations {
            world.fail(mutation, Fail::Passing);
        }
        world.at(500).tell(|cache, now| {
            news(cache, now);
            cache.invalidate(now, &Selector::all(), "gap");
        });
        assert_eq!(
            world.sent(),
            [mutations[0]],
            "without waiting for the backoff, and in order"
        );
        world.commit(mutations[0], or(1));
        assert!(!world.snapshot(entry).fetching);
        assert_eq!(world.sent(), [mutations[1]]);
        world.commit(mutations[1], or(2));
        world.departed(entry);
    }
}

#[test]
fn success_does_not_shorten_retry_after() {
    let (mut world, _) = World::showing(0);
    let mutation = world.begin(or(1));
    assert_eq!(world.sent(), [mutation]);
    world.fail(mutation, Fail::Later(7_000));
    world.at(1_000).tell(|cache, now| cache.set_online(now, true));
    assert_eq!(world.at(6_999).sent(), []);
    assert_eq!(world.at(7_000).sent(), [mutation]);
}

#[test]
fn hanging_queue_holds_fetches_ten_seconds() {
    let (mut world, entry) = offline();
    let other = world.observe(2);
    world.begin(or(1));
    world.at(2_000).tell(|cache, now| cache.set_online(now, true));
    world.at(11_999);
    assert!(!world.snapshot(entry).fetching && !world.snapshot(other).fetching);
    world.at(12_000);
    assert!(world.snapshot(entry).fetching && world.snapshot(other).fetching);
}

#[test]
fn failed_attempt_stops_holding_reads() {
    let (mut world, entry) = World::showing(0);
    let mutation = world.begin(or(1));
    assert_eq!(world.sent(), [mutation]);
    world.invalidate(1).at(500).nothing_departed();
    world.fail(mutation, Fail::Later(60_000));
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(2));
    assert_eq!(
        world.shown(entry),
        Some(3),
        "others are seen, and the own change over it"
    );

    // The next attempt holds them anew.
    world.at(60_500);
    assert_eq!(world.sent(), [mutation]);
    world.invalidate(1).nothing_departed();
    world.commit(mutation, or(1));
    world.departed(entry);
}

#[test]
fn unanswered_attempt_holds_fetches() {
    let (mut world, entry) = World::showing(0);
    let mutation = world.begin(or(1));
    assert_eq!(world.sent(), [mutation]);
    // It may have arrived: what others see of it comes before the answer to the next attempt.
    world.fail(mutation, Fail::Away);
    world.invalidate(1).at(499).nothing_departed();
    world.at(1_000);
    assert_eq!(world.sent(), [mutation]);
    world.nothing_departed();
    world.fail(mutation, Fail::Away);
    world.departed(entry);
}

#[test]
fn failed_restored_attempt_releases_fetches() {
    let mut world = World::new();
    let restored = Manner {
        restored: true,
        ..MANNER
    };
    let mutation = world.begin_in(restored, or(1));
    let (entry, other) = (world.observe(1), world.observe(2));
    assert_eq!(world.sent(), [mutation]);
    assert!(!world.snapshot(entry).fetching && !world.snapshot(other).fetching);
    world.fail(mutation, Fail::Passing);
    assert!(world.snapshot(entry).fetching && world.snapshot(other).fetching);
}

#[test]
fn changes_of_an_earlier_visit_go_first() {
    let mut world = World::new();
    let restored = Manner {
        restored: true,
        delay: Duration::ZERO,
        ..MANNER
    };
    let mutations = [1, 2].map(|bit| world.begin_in(restored, or(bit)));
    let entry = world.observe(1);
    assert!(!world.snapshot(entry).fetching);
    assert_eq!(world.sent(), [mutations[0]]);
    world.commit(mutations[0], or(1));
    assert_eq!(world.sent(), [mutations[1]]);
    world.commit(mutations[1], or(2));
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(3));
    assert_eq!(world.shown(entry), Some(3));
}

#[test]
fn hydration_holds_fetches_briefly() {
    for found in [true, false] {
        let mut world = World::new();
        world.tell(|cache, now| cache.set_recalling(now, true));
        let entry = world.observe(1);
        world.at(499).nothing_departed();
        if found {
            world.tell(|cache, now| cache.set_recalling(now, false));
        } else {
            world.at(500);
        }
        world.departed(entry);
    }
}

#[test]
fn restored_mutation_overlays_hydrated_data() {
    let mut world = World::new();
    let restored = Manner {
        restored: true,
        delay: Duration::ZERO,
        ..MANNER
    };
    world.begin_in(restored, or(64));
    let entry = world.observe(1);
    world.tell(|cache, now| cache.restore(now, entry, Value::new(1_u64), 8));
    assert_eq!(world.shown(entry), Some(65));
}
