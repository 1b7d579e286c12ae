//! Pins the wire: one golden file for each event. A change here is a change of protocol.

#![expect(clippy::panic, reason = "a test that can not go on must say so")]

use std::path::Path;

use serde_json::Value;
use wire::{EventKind, decode};

fn golden(kind: EventKind) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(kind.name())
        .with_extension("json");
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn events_equal_their_golden_files() {
    for kind in EventKind::ALL {
        let text = golden(*kind);
        let event = decode("message", &text).unwrap();
        assert_eq!(event.kind(), *kind);
        let written: Value = serde_json::to_value(&event).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(written, expected, "{}", kind.name());
        assert_eq!(
            written["type"],
            kind.name(),
            "the name in the envelope and the name of the event are one"
        );
    }
}

#[test]
fn every_golden_file_belongs_to_an_event() {
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")).unwrap();
    assert_eq!(files.count(), EventKind::ALL.len());
}

#[test]
fn every_event_decodes_from_its_own_dialect() {
    for kind in EventKind::ALL {
        assert_eq!(decode(kind.name(), &golden(*kind)).unwrap().kind(), *kind);
    }
}

#[test]
fn reserved_names_are_never_events() {
    for reserved in ["open", "error", "message"] {
        assert!(
            !EventKind::NAMES.contains(&reserved),
            "a browser gives {reserved} a meaning of its own"
        );
    }
}
