//! More messages than can be handled one by one.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wire::EventKind;

use super::super::decode::Delivery;
use super::super::intake::{Intake, Raw, RawMessage};
use super::*;

fn raw(name: &str, seq: u64) -> Raw {
    Raw::Message(RawMessage {
        name: name.to_owned(),
        data: format!(r#"{{"type":"{name}","data":{{}}}}"#),
        id: format!("e-{seq}"),
    })
}

/// Takes all signals from the queue, with their sources.
fn drain(intake: &mut Intake<u8>) -> Vec<(u8, Signal<Delivery>)> {
    let mut signals = Vec::new();
    while let Some((from, waiting)) = intake.pop() {
        signals.extend(waiting.read().into_iter().map(|signal| (from, signal)));
    }
    signals
}

#[test]
fn short_queue_delivers_each_message() {
    let mut intake = Intake::default();
    for seq in 1..=500 {
        intake.push(1, raw("topics_changed", seq));
    }
    intake.push(1, Raw::Signal(Signal::Lost));
    let signals = drain(&mut intake);
    assert_eq!(signals.len(), 501);
    assert_eq!(signals.last(), Some(&(1, Signal::Lost)));
}

#[test]
fn long_queue_coalesces_events_by_kind() {
    let mut intake = Intake::default();
    for seq in 1..=100_000 {
        let name = if seq % 3 == 0 {
            "action_updated"
        } else {
            "topics_changed"
        };
        intake.push(1, raw(name, seq));
    }
    let signals = drain(&mut intake);
    assert_eq!(signals.len(), 502);
    let unreadable = |kind, cursor: Option<&str>| {
        let frame = Frame::Event(Delivery::Unreadable(kind));
        (
            1,
            Signal::Message(Message {
                cursor: cursor.and_then(|cursor| cursor.parse().ok()),
                frame,
            }),
        )
    };
    assert_eq!(
        signals[500..],
        [
            unreadable(EventKind::ActionUpdated, None),
            unreadable(EventKind::TopicsChanged, Some("e-100000"))
        ]
    );
}

#[test]
fn control_events_are_never_coalesced() {
    let mut intake = Intake::default();
    for seq in 1..=600 {
        intake.push(1, raw("topics_changed", seq));
    }
    intake.push(1, raw("force_logout", 601));
    intake.push(1, raw("topics_changed", 602));
    intake.push(1, raw("resync", 603));
    intake.push(1, Raw::Signal(Signal::Lost));
    // A message of another stream is not coalesced with earlier ones.
    intake.push(2, raw("topics_changed", 604));
    let signals = drain(&mut intake);
    let names = signals[500..].iter().map(|(from, signal)| match signal {
        Signal::Message(Message {
            frame: Frame::Event(Delivery::Unreadable(kind)),
            ..
        }) => (*from, kind.name()),
        Signal::Message(Message {
            frame: Frame::Resync, ..
        }) => (*from, "resync"),
        Signal::Message(Message {
            frame: Frame::Event(Delivery::Event(event)),
            ..
        }) => (*from, event.kind().name()),
        Signal::Lost => (*from, "lost"),
        other => panic!("{other:?}"),
    });
    let expected = [
        (1, "topics_changed"),
        (1, "force_logout"),
        (1, "topics_changed"),
        (1, "resync"),
        (1, "lost"),
        (2, "topics_changed"),
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

#[test]
fn coalesced_unnamed_messages_count_as_gap() {
    let mut intake = Intake::default();
    for seq in 1..=600 {
        intake.push(1, raw("message", seq));
    }
    let signals = drain(&mut intake);
    assert_eq!(signals.len(), 501);
    let resync = message(Some("e-600"), Frame::Resync);
    assert_eq!(signals.last(), Some(&(1, resync)));
}
