//! Text that somebody wants kept.

use yew::prelude::*;

/// Text that somebody wants kept. Whoever takes it says so if it was not: the text goes back to where it was written,
/// so that nothing has to be typed twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The text, without white space around it; never empty.
    pub text: String,
    /// Gives it back.
    pub refused: Refused,
}

/// Gives a submission back to where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused(pub(super) Callback<()>);

impl Refused {
    /// What to call with the outcome of keeping it.
    pub fn if_failed<T, E>(self) -> impl FnOnce(Result<&T, &E>) + 'static {
        move |outcome| {
            if outcome.is_err() {
                self.0.emit(());
            }
        }
    }
}

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
