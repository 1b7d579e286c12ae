//! How observers want to be treated, and what becomes of what nobody observes.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Answers whatever departs; returns how often something did.
fn answer(world: &mut World, entry: EntryId, value: u64) -> usize {
    let departures = world.departures();
    for flight in &departures {
        world.land(entry, *flight, Ok(value));
    }
    departures.len()
}

#[test]
fn each_observer_is_judged_by_its_own_patience() {
    let patient = Options {
        stale_after: secs(1_000),
        ..OPTIONS
    };
    let hasty = Options {
        stale_after: secs(10),
        ..OPTIONS
    };
    let mut world = World::new();
    let entry = world.observe_with(1, patient);
    assert_eq!(answer(&mut world, entry, 1), 1);
    world.at(20_000).observe_with(1, patient);
    assert_eq!(answer(&mut world, entry, 1), 0);
    world.observe_with(1, hasty);
    assert_eq!(answer(&mut world, entry, 1), 1);
}

#[test]
fn mounting_fetches_as_the_observer_says() {
    for (on_mount, reads) in [(OnMount::Stale, 0), (OnMount::Always, 1), (OnMount::Never, 0)] {
        let (mut world, entry) = World::showing(1);
        world.observe_with(1, Options { on_mount, ..OPTIONS });
        assert_eq!(answer(&mut world, entry, 1), reads, "{on_mount:?} and fresh");
        world.release(entry);
        world.release(entry);
        world.at(299_999).observe_with(1, Options { on_mount, ..OPTIONS });
        answer(&mut world, entry, 1);
        world.release(entry);
        world.invalidate(1).observe_with(1, Options { on_mount, ..OPTIONS });
        assert_eq!(answer(&mut world, entry, 1), 1, "{on_mount:?} and known to be old");
    }
    let mut world = World::new();
    let never = Options {
        on_mount: OnMount::Never,
        ..OPTIONS
    };
    let entry = world.observe_with(1, never);
    assert_eq!(answer(&mut world, entry, 1), 1, "of which nothing is known");
}

#[test]
fn the_most_demanding_observer_sets_the_pace() {
    let polls = |every| Options {
        poll_every: Some(secs(every)),
        keep_for: secs(every),
        ..OPTIONS
    };
    let mut world = World::new();
    let entry = world.observe_with(1, polls(60));
    assert_eq!(answer(&mut world, entry, 1), 1);
    world.observe_with(1, polls(10));
    assert_eq!(answer(world.at(10_000), entry, 1), 1);
    // Both have gone after this; who wanted it kept longest decides how long it is.
    world.release(entry);
    assert_eq!(answer(world.at(19_999), entry, 1), 0);
    assert_eq!(answer(world.at(20_000), entry, 1), 1);
    world.release(entry);
    world.at(79_999);
    assert_eq!(world.cache.len(), 1);
    world.at(80_000);
    assert!(world.cache.is_empty());
}

#[test]
fn polling_counts_from_last_fetch_end() {
    let polling = Options {
        poll_every: Some(secs(10)),
        ..OPTIONS
    };
    let mut world = World::new();
    let entry = world.observe_with(1, polling);
    world.observe_with(1, polling);
    let flight = world.departed(entry);
    world.at(3_000).land(entry, flight, Ok(1));
    world.at(12_999).nothing_departed();
    world.at(13_000);
    let flight = world.departed(entry);
    world.at(14_000).land(entry, flight, Err(Fail::Final));
    world.at(24_000);
    let flight = world.departed(entry);
    world.land(entry, flight, Ok(1));
    world.release(entry);
    assert_eq!(answer(world.at(34_000), entry, 1), 1, "for whoever is left");
    world.release(entry);
    world.at(200_000).nothing_departed();
}

#[test]
fn polling_pauses_offline_and_hidden() {
    let polling = Options {
        poll_every: Some(secs(10)),
        ..OPTIONS
    };
    type Change = fn(&mut Cache<Fail>, Instant, bool);
    let hide: Change = |cache, now, is_good| cache.set_visible(now, is_good);
    let cut: Change = |cache, now, is_good| {
        cache.set_pushed(now, is_good);
        cache.set_online(now, is_good);
    };
    for change in [hide, cut] {
        let mut world = World::new();
        let entry = world.observe_with(1, polling);
        assert_eq!(answer(&mut world, entry, 1), 1);
        world.at(1_000).tell(|cache, now| change(cache, now, false));
        world.at(100_000).nothing_departed();
        world.tell(|cache, now| change(cache, now, true));
        assert_eq!(world.departures().len(), 1);
    }
}

#[test]
fn hidden_tab_catches_up_once() {
    let (mut world, entry) = World::showing(0);
    world.at(1_000).tell(|cache, now| cache.set_visible(now, false));
    for ms in 2_000..2_100 {
        world.at(ms).invalidate(1);
    }
    world.nothing_departed();
    assert!(world.snapshot(entry).paused && world.is_stale(entry));
    world.at(5_000).tell(|cache, now| cache.set_visible(now, true));
    world.departed(entry);
    assert!(!world.snapshot(entry).paused);
}

#[test]
fn background_option_fetches_while_hidden() {
    let mut world = World::new();
    let entry = world.observe_with(
        1,
        Options {
            in_background: true,
            ..OPTIONS
        },
    );
    answer(&mut world, entry, 1);
    world.tell(|cache, now| cache.set_visible(now, false));
    world.invalidate(1).departed(entry);
}

#[test]
fn prefetched_data_is_there_when_it_is_mounted() {
    let mut world = World::new();
    for _ in 0..2 {
        world.tell(|cache, now| _ = cache.prefetch(now, key(1), OPTIONS));
    }
    let departures = world.departures();
    assert_eq!(departures.len(), 1, "asked for twice, fetched once");
    // Nobody observes it for longer than an abandoned fetch would live.
    let entry = world.at(5_000).observe(1);
    world.nothing_departed();
    world.land(entry, departures[0], Ok(7));
    assert_eq!(world.shown(entry), Some(7));
    world.release(entry);
    world.tell(|cache, now| _ = cache.prefetch(now, key(1), OPTIONS));
    world.nothing_departed();
}

#[test]
fn prefetch_remembers_invalidation() {
    let mut world = World::new();
    world.tell(|cache, now| _ = cache.prefetch(now, key(1), OPTIONS));
    let flight = world.departures()[0];
    world.invalidate(1);
    let entry = world.observe(1);
    world.nothing_departed().land(entry, flight, Ok(7));
    assert_eq!(world.shown(entry), Some(7));
    world.departed(entry);
}

#[test]
fn a_prefetch_that_fails_is_not_tried_again() {
    let mut world = World::new();
    let mut entry = None;
    world.tell(|cache, now| entry = Some(cache.prefetch(now, key(1), OPTIONS)));
    let flight = world.departures()[0];
    world.land(entry.unwrap(), flight, Err(Fail::Passing));
    world.at(100_000).nothing_departed();
    let entry = world.observe(1);
    world.departed(entry);
}

#[test]
fn blocked_prefetch_is_dropped() {
    let mut world = World::new();
    world.tell(|cache, now| cache.set_visible(now, false));
    world.tell(|cache, now| _ = cache.prefetch(now, key(1), OPTIONS));
    world.tell(|cache, now| cache.set_visible(now, true));
    world.nothing_departed().at(400_000);
    assert!(world.cache.is_empty(), "and it is no reason to keep an empty entry");
}

#[test]
fn hydrated_data_is_stale_until_fetched() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.tell(|cache, now| cache.restore(now, entry, Value::new(5_u64), 8));
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(5), true));
    world.land(entry, flight, Ok(6)).nothing_departed();
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(6), false));
}

#[test]
fn what_is_remembered_never_replaces_what_was_read() {
    let (mut world, entry) = World::showing(6);
    world.tell(|cache, now| cache.restore(now, entry, Value::new(5_u64), 8));
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(6), false));
}

#[test]
fn least_recently_left_entry_is_evicted_first() {
    let mut world = World::new();
    let entries = [1, 2, 3].map(|id| {
        let entry = world.observe(id);
        answer(&mut world, entry, 1);
        entry
    });
    world.observe(3);
    for (ms, entry) in [(10, 1), (20, 0), (30, 2)] {
        world.at(ms).release(entries[entry]);
    }
    // Each weighs eight bytes; the third is still observed by somebody.
    world.tell(|cache, now| cache.set_budget(now, 8));
    let gone = world.effects.iter().filter_map(|effect| match effect {
        Effect::Evict { entry } => Some(*entry),
        _ => None,
    });
    assert_eq!(gone.collect::<Vec<_>>(), [entries[1]]);
    world.tell(|cache, now| cache.set_budget(now, 0));
    assert_eq!(world.cache.len(), 1);
    assert_eq!(world.shown(entries[2]), Some(1), "what is shown is never forgotten");
}

#[test]
fn event_refetches_all_pages() {
    let (mut world, entry) = World::showing(1);
    let plans = |world: &mut World| -> Vec<(FlightId, Plan)> {
        std::mem::take(&mut world.effects)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Fetch { flight, plan, .. } => Some((flight, plan)),
                _ => None,
            })
            .collect()
    };
    world.at(1_000);
    for _ in 0..2 {
        world.tell(|cache, now| cache.fetch_more(now, entry));
    }
    let [(more, Plan::More)] = plans(&mut world)[..] else {
        panic!("asked for twice, fetched once")
    };
    world.invalidate(1);
    assert_eq!(plans(&mut world), [], "one fetch at a time");
    world.land(entry, more, Ok(3));
    assert_eq!((world.shown(entry), world.is_stale(entry)), (Some(3), true));
    let [(whole, Plan::Whole)] = plans(&mut world)[..] else {
        panic!("an event is about all pages")
    };
    world.tell(|cache, now| cache.fetch_more(now, entry));
    world.land(entry, whole, Ok(3));
    let [(more, Plan::More)] = plans(&mut world)[..] else {
        panic!("what was asked for meanwhile follows")
    };
    world.land(entry, more, Err(Fail::Passing)).at(100_000);
    assert_eq!(
        plans(&mut world),
        [],
        "a page that does not come is asked for by the person"
    );
    assert_eq!(world.snapshot(entry).error, Some(Fail::Passing));
}

#[test]
fn data_turns_stale_by_itself_and_says_so() {
    let (mut world, entry) = World::showing(1);
    world.at(299_999);
    assert!(!world.is_stale(entry));
    world.told();
    world.at(300_000);
    assert!(world.is_stale(entry));
    assert_eq!(world.told(), [Changed::STALE]);
    world.nothing_departed();
}

#[test]
fn waiting_prefetch_is_dropped_while_hidden() {
    let mut world = World::new();
    let entry = world.observe(1);
    let flight = world.departed(entry);
    world.land(entry, flight, Err(Fail::Later(7_000)));
    world.release(entry);
    world
        .at(1_000)
        .tell(|cache, now| _ = cache.prefetch(now, key(1), OPTIONS));
    world.at(2_000).tell(|cache, now| cache.set_visible(now, false));
    world.at(10_000).tell(|cache, now| cache.set_visible(now, true));
    world.nothing_departed().at(400_000);
    assert!(world.cache.is_empty());
}

#[test]
fn return_during_next_page_refetches_all() {
    let (mut world, entry) = World::showing(1);
    world.at(400_000).tell(|cache, now| cache.fetch_more(now, entry));
    let more = world.departed(entry);
    world.tell(Cache::revalidate);
    world.nothing_departed().land(entry, more, Ok(3));
    world.departed(entry);
}

#[test]
fn next_page_honours_retry_after() {
    let (mut world, entry) = World::showing(1);
    world.tell(|cache, now| cache.fetch_more(now, entry));
    let more = world.departed(entry);
    world.land(entry, more, Err(Fail::Later(7_000)));
    world.tell(|cache, now| cache.fetch_more(now, entry));
    world.at(6_999).nothing_departed();
    world.at(7_000).departed(entry);
}
