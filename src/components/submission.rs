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
pub(super) fn is_enter(event: &KeyboardEvent) -> bool {
    event.key() == "Enter" && !event.shift_key() && !event.is_composing()
}
