//! Text that somebody wants kept.

use yew::prelude::*;

/// Text that somebody wants kept. Whoever takes it says so if it was not: the text goes back to where it was written,
/// so that nothing has to be typed twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The text, without white space around it; never empty.
    pub text: String,
    /// Gives it back.
    pub refused: Callback<()>,
}

/// Whether this key press means "done": Enter alone, and not as part of writing a character.
pub(super) fn is_enter(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !event.is_composing()
}
