//! Keys that end the editing of a text.

use yew::prelude::*;

/// Returns whether this key press submits: Enter without Shift, and not a part of input method composition.
#[must_use]
pub fn is_enter(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !is_composing(event)
}

/// Returns whether this key press cancels: Escape, and not a key for an input method.
#[must_use]
pub fn is_escape(event: &KeyboardEvent) -> bool {
    event.key() == "Escape" && !is_composing(event)
}

fn is_composing(event: &KeyboardEvent) -> bool {
    // Safari sends the last key after the composition has ended, with the key code that stands for composition.
    event.is_composing() || event.key_code() == 229
}
