//! Tells a person who edits a text that it has changed meanwhile.

use std::time::Duration;

use yew::prelude::*;

use crate::countdown::use_was_in_sight;
use crate::kept::KeptText;

/// How long a text has to be in sight before it counts as seen.
const SEEN_AFTER: Duration = Duration::from_secs(1);

/// Notes that the person has seen the text as it is saved by now, once the note about it has been in sight for a while:
/// what they save after that is meant to replace it.
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

/// Says that the text is another than the one with which the person began.
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
