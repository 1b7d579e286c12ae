//! Keys that end the typing of a text.

use yew::prelude::*;

/// Whether this key press means "done": Enter alone, and not as part of writing a character.
#[must_use]
pub fn is_enter(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !is_composing(event)
}

/// Whether this key press means "never mind", and not something to whatever helps to write characters.
#[must_use]
pub fn is_escape(event: &KeyboardEvent) -> bool {
    event.key() == "Escape" && !is_composing(event)
}

fn is_composing(event: &KeyboardEvent) -> bool {
    // Safari sends the last key after composing has ended, with the code that stands for composing.
    event.is_composing() || event.key_code() == 229
}
