//! What must hold in every state, whatever happens.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

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
        let (mut newest, mut away) = (0, false);
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
            match rng.u8(..16) {
                0 => {
                    connection.start(now);
                    signed_in = true;
                }
                1 => {
                    connection.stop();
                    (signed_in, last_open, away) = (false, None, false);
                }
                2 => connection.retry(now),
                3 => connection.handle_opportunity(now),
                4 => connection.handle_read(format!("e-{}", rng.u8(..)).parse().ok()),
                5..=8 => connection.handle_timeout(now),
                9 => {
                    connection.suspend();
                    away = signed_in;
                }
                10 => {
                    connection.resume(now);
                    away = false;
                }
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
                    assert!(away || connection.poll_timeout().is_some(), "waits for nothing");
                    assert!(!away || live.is_none(), "a stream for a page that is away");
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
