//! The mark of a row with an unsaved change.

use std::time::Duration;

use yew::prelude::*;

use crate::countdown::use_has_passed;
use crate::query::{Backend, use_unsaved};
use crate::time::Instant;

/// The time that a change may wait before its row shows the mark.
pub const UNSAVED_AFTER: Duration = Duration::from_secs(2);

/// Returns whether the row shows the mark: its change has waited for [`UNSAVED_AFTER`]. A quick save shows no mark.
#[hook]
pub(super) fn use_says_unsaved(since: Option<Instant>) -> bool {
    use_has_passed(since, UNSAVED_AFTER)
}

/// Shows the mark.
pub(super) fn not_saved() -> Html {
    html! { <span class="chip waiting" ~textContent="Not saved yet" /> }
}

/// Properties of [`NotSaved`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Properties)]
pub struct NotSavedProperties {
    /// The id of the row.
    pub row: u128,
}

/// The mark of a row in a list without editors. It is shown if a change of the row waits to be saved.
#[component]
pub fn NotSaved<B: Backend>(props: &NotSavedProperties) -> Html {
    let since = use_unsaved::<B>(props.row);
    if use_says_unsaved(since) {
        not_saved()
    } else {
        Html::default()
    }
}
