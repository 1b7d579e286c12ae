//! The server can not be reached although the browser believes that there is a network: requests wait at one gate.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// A cache without a stream that shows 0 under key 1.
fn unpushed() -> (World, EntryId) {
    let (mut world, entry) = World::showing(0);
    world.tell(|cache, now| cache.set_pushed(now, false));
    world.effects.clear();
    (world, entry)
}

/// Every request that leaves until then, each of which finds the server away: when.
fn probes(world: &mut World, until: u64) -> Vec<u64> {
    let mut probes = Vec::new();
    while let Some(due) = world
        .cache
        .poll_timeout()
        .map(Instant::as_millis)
        .filter(|due| *due <= until)
    {
        world.at(due.max(world.now.as_millis()));
        let effects = std::mem::take(&mut world.effects);
        for effect in effects {
            match effect {
                Effect::Fetch { entry, flight, .. } => _ = world.land(entry, flight, Err(Fail::Away)),
                Effect::Send { mutation } => assert_eq!(world.fail(mutation, Fail::Away), Fate::Waits),
                _ => continue,
            }
            probes.push(world.now.as_millis());
        }
    }
    probes
}

/// The requests that have left since this was last asked.
fn requests(world: &mut World) -> usize {
    let is_request = |effect: &Effect| matches!(effect, Effect::Fetch { .. } | Effect::Send { .. });
    let effects = std::mem::take(&mut world.effects);
    effects.into_iter().filter(is_request).count()
}

#[test]
fn mutation_waits_for_the_server() {
    let (mut world, entry) = unpushed();
    let mutation = world.begin(or(1));
    assert_eq!(world.sent(), [mutation]);
    assert_eq!(world.fail(mutation, Fail::Away), Fate::Waits);
    let hour = 3_600_000;
    assert!(probes(&mut world, hour).len() > 100);
    assert_eq!((world.shown(entry), world.cache.pending()), (Some(1), 1));
    let until = hour + 20_000;
    world.at(until);
    assert_eq!(world.sent(), [mutation], "it tries on");
    world.commit(mutation, or(1));
    assert_eq!(world.cache.pending(), 0);
}

#[test]
fn outage_allows_one_probe_at_a_time() {
    let (mut world, _) = unpushed();
    for id in 2..12 {
        world.observe(id);
    }
    for bit in 0..5 {
        world.begin(or(1 << bit));
    }
    assert_eq!(probes(&mut world, 0).len(), 0, "nothing waits for a time");
    // All of them were under way when the server went.
    let under_way = std::mem::take(&mut world.effects);
    for effect in under_way {
        match effect {
            Effect::Fetch { entry, flight, .. } => _ = world.land(entry, flight, Err(Fail::Away)),
            Effect::Send { mutation } => _ = world.fail(mutation, Fail::Away),
            _ => {}
        }
    }
    assert_eq!(requests(&mut world), 0);
    let probes = probes(&mut world, 60_000);
    assert!((5..=9).contains(&probes.len()), "{probes:?}");
    assert!(probes.windows(2).all(|at| at[1] - at[0] >= 750), "{probes:?}");
}

#[test]
fn probe_under_way_lets_nothing_else_leave() {
    let (mut world, entry) = unpushed();
    let mutation = world.begin(or(1));
    world.fail(mutation, Fail::Away);
    world.observe(2);
    world.effects.clear();
    world.at(1_000);
    assert_eq!(requests(&mut world), 1);
    world.observe(3);
    world.invalidate(1).at(20_000);
    assert_eq!(requests(&mut world), 0, "the answer of one is the answer to all");
    assert!(!world.snapshot(entry).fetching);
}

#[test]
fn aborted_probe_delays_the_next() {
    let (mut world, _) = unpushed();
    let blank = world.observe(2);
    let flight = world.departed(blank);
    world.land(blank, flight, Err(Fail::Away)).at(1_000);
    assert_eq!(requests(&mut world), 1);
    // The person goes from page to page.
    world.release(blank);
    world.at(1_050).observe(3);
    assert_eq!(requests(&mut world), 0);
    world.at(2_050);
    assert_eq!(requests(&mut world), 1);
}

#[test]
fn first_success_releases_all_that_waits() {
    let (mut world, entry) = unpushed();
    let first = world.begin(or(1));
    world.fail(first, Fail::Away);
    let second = world.begin(or(2));
    let other = world.observe(2);
    world.effects.clear();
    world.at(1_000);
    assert_eq!(world.sent(), [first]);
    world.commit(first, or(1));
    assert!(world.snapshot(other).fetching, "what was not changed here is read");
    assert_eq!(world.sent(), [second]);
    world.commit(second, or(2));
    assert!(world.snapshot(entry).fetching);
}

#[test]
fn connected_stream_means_no_outage() {
    let (mut world, _) = World::showing(0);
    let mutations = [1, 2].map(|bit| world.begin(or(bit)));
    assert_eq!(world.sent(), mutations);
    assert_eq!(world.fail(mutations[0], Fail::Away), Fate::Waits);
    let other = world.observe(2);
    assert!(
        world.snapshot(other).fetching,
        "one request had trouble, the server is there"
    );

    let (mut world, _) = unpushed();
    let mutation = world.begin(or(1));
    world.fail(mutation, Fail::Away);
    let other = world.observe(2);
    assert!(!world.snapshot(other).fetching);
    world.effects.clear();
    world.at(10).tell(|cache, now| cache.set_pushed(now, true));
    assert_eq!(world.sent(), [mutation], "without waiting for the next probe");
}

#[test]
fn blank_entry_shows_second_failure() {
    let (mut world, entry) = unpushed();
    let mutation = world.begin(or(1));
    world.fail(mutation, Fail::Away);
    let blank = world.observe(2);
    assert_eq!(world.snapshot(blank).error, None, "one failure may be a moment");
    world.effects.clear();
    world.at(1_000);
    world.fail(mutation, Fail::Away);
    let snapshot = world.snapshot(blank);
    assert!(snapshot.error == Some(Fail::Away) && !snapshot.fetching);
    assert_eq!(world.snapshot(entry).error, None, "what is shown stays shown");
    world.effects.clear();
    world.at(5_000);
    let flight = world.departed(blank);
    world.land(blank, flight, Ok(7));
    assert_eq!((world.shown(blank), world.snapshot(blank).error), (Some(7), None));
    assert_eq!(world.sent(), [mutation]);
}

#[test]
fn network_that_comes_back_is_tried_at_once() {
    let (mut world, _) = unpushed();
    let mutation = world.begin(or(1));
    world.fail(mutation, Fail::Away);
    assert!(!probes(&mut world, 60_000).is_empty());
    world.effects.clear();
    world.tell(|cache, now| cache.set_online(now, true));
    assert_eq!(world.sent(), [mutation]);
}

#[test]
fn change_not_to_be_repeated_is_no_probe() {
    let (mut world, entry) = unpushed();
    let other = world.observe(2);
    let flight = world.departed(other);
    world.land(other, flight, Err(Fail::Away));
    let once = Manner {
        repeatable: false,
        ..MANNER
    };
    let mutation = world.begin_in(once, or(1));
    let probes = probes(&mut world, 3_000);
    assert!(!probes.is_empty(), "the query tries");
    assert_eq!((world.shown(entry), world.cache.pending()), (Some(1), 1));
    // Sent to a server that is away, nobody would know whether it had arrived.
    world.at(20_000);
    let flight = world.departures()[0];
    world.land(other, flight, Ok(1));
    assert_eq!(world.sent(), [mutation]);
}

#[test]
fn expired_session_refuses_no_mutation() {
    let (mut world, entry) = World::showing(0);
    let once = Manner {
        repeatable: false,
        ..MANNER
    };
    let mutation = world.begin_in(once, or(1));
    assert_eq!(world.fail(mutation, Fail::SignedOut), Fate::Waits);
    assert_eq!((world.shown(entry), world.cache.pending()), (Some(1), 1));
    world.effects.clear();
    world.at(30_000);
    assert_eq!(world.sent(), [], "the page is about to be left");
}
