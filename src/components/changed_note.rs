//! Notes about a text that another person changes while this person edits it.

use std::time::Duration;

use yew::prelude::*;

use crate::countdown::use_was_in_sight;
use crate::kept::KeptText;

/// The time that a text must be in sight before it counts as seen.
const SEEN_AFTER: Duration = Duration::from_secs(1);

/// Records the saved text as seen once the note about it has been in sight for `SEEN_AFTER`. A text that the person
/// saves after that is meant to replace the one that was seen.
#[hook]
pub fn use_seen_text(
    saved: &AttrValue,
    version: Option<u64>,
    typed: Option<&KeptText>,
    set: &Callback<Option<KeptText>>,
) {
    let unseen = typed.filter(|typed| **saved != *typed.seen).map(|_| saved.clone());
    let is_seen = use_was_in_sight(unseen, SEEN_AFTER);
    let (typed, set, saved) = (typed.cloned(), set.clone(), saved.clone());
    use_effect_with(is_seen, move |is_seen| {
        if let Some(typed) = typed.filter(|_| *is_seen) {
            set.emit(Some(KeptText {
                seen: saved.to_string(),
                version,
                ..typed
            }));
        }
    });
}

/// Shows the saved text if it differs from the one with which the person opened the editor.
pub fn changed_note(saved: &str, typed: &KeptText) -> Html {
    if saved == typed.opened {
        return Html::default();
    }
    html! {
        <p class="note" role="status">
            <span ~textContent="Changed meanwhile to: " /><q dir="auto" ~textContent={saved} />
        </p>
    }
}
