//! Whatever a stream or an answer says, reading it ends with a value or an error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use fuzz::{edited, edits, search, text, value};
use proptest::prelude::{Strategy, any, prop_oneof};
use serde_json::Value;
use wire::{Cursor, EventKind, decode};

/// The golden file of an event.
fn golden(kind: EventKind) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let text = std::fs::read_to_string(format!("{folder}/{}.json", kind.name())).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn decoder_ends_with_an_event_or_an_error() -> anyhow::Result<()> {
    let kind = || (0..EventKind::ALL.len()).prop_map(|at| EventKind::ALL[at]);
    let name = prop_oneof![3 => kind().prop_map(|kind| kind.name().to_owned()), 1 => text()];
    let nearly = || (kind(), edits(4)).prop_map(|(kind, edits)| edited(golden(kind), &edits).to_string());
    let torn = (nearly(), any::<usize>(), any::<char>()).prop_map(|(mut text, at, letter)| {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        text.insert(places[at % places.len()], letter);
        text
    });
    let data = prop_oneof![4 => nearly(), 1 => torn, 1 => value().prop_map(|value| value.to_string()), 1 => text()];
    search(&(name, data), |(name, data)| {
        let Ok(event) = decode(&name, &data) else { return Ok(()) };
        let written = serde_json::to_string(&event).map_err(|error| error.to_string())?;
        match decode("message", &written) {
            Ok(again) if again == event => Ok(()),
            again => Err(format!("{event:?} is written as {written}, which is {again:?}")),
        }
    })
}

#[test]
fn position_is_read_as_it_is_written() -> anyhow::Result<()> {
    let near = ("[a-z0-9-]{0,20}", any::<u64>()).prop_map(|(epoch, seq)| format!("{epoch}-{seq}"));
    search(&prop_oneof![near, text()], |text| {
        let Ok(position) = text.parse::<Cursor>() else {
            return Ok(());
        };
        match position.to_string().parse::<Cursor>() {
            Ok(again) if again == position => Ok(()),
            again => Err(format!("{position:?} is written as {position}, which is {again:?}")),
        }
    })
}
