//! The description of a goal, edited in place.

use wire::MAX_TEXT;
use yew::prelude::*;

use crate::components::{changed_note, is_too_long, limit_note, use_seen_text};
use crate::kept::{KeptText, use_kept_text};

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct DescriptionProperties {
    /// The id of the goal.
    pub(super) id: AttrValue,
    /// The key under which the draft is stored.
    pub(super) place: AttrValue,
    /// The version of the goal.
    pub(super) version: Option<u64>,
    /// The callback for the whole goal, which is stored with the draft.
    pub(super) row: Callback<(), intent::Row>,
    /// The saved description.
    pub(super) text: AttrValue,
    /// The callback that saves a description. Its argument names the text that was seen and the version that had it.
    pub(super) on_save: Callback<KeptText>,
    /// The callback for a typed description that is discarded.
    pub(super) on_discard: Callback<KeptText>,
}

/// The description of a goal. The draft is stored while the person types, and saved with the button.
#[component]
pub(super) fn Description(props: &DescriptionProperties) -> Html {
    let typed = use_kept_text(&props.place);
    use_seen_text(&props.text, props.version, typed.current.as_ref(), &typed.set);
    let text = typed
        .current
        .as_ref()
        .map_or_else(|| props.text.to_string(), |typed| typed.text.clone());
    let is_changed = *text.trim() != *props.text;
    let can_save = is_changed && !is_too_long(text.trim(), MAX_TEXT);
    let on_input = {
        let (set, props, current) = (typed.set.clone(), props.clone(), typed.current.clone());
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<web_sys::HtmlTextAreaElement>().value();
            let begun = current.clone();
            let begun =
                begun.unwrap_or_else(|| KeptText::of_row(props.text.to_string(), props.version, props.row.emit(())));
            set.emit((text != *props.text).then_some(KeptText { text, ..begun }));
        })
    };
    let on_submit = {
        let (set, on_save, text) = (typed.set.clone(), props.on_save.clone(), text.trim().to_owned());
        let current = typed.current.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(typed) = current.clone().filter(|_| can_save) {
                let text = text.clone();
                on_save.emit(KeptText { text, ..typed });
                set.emit(None);
            }
        })
    };
    let on_discard = {
        let (set, on_discard, current) = (typed.set.clone(), props.on_discard.clone(), typed.current.clone());
        Callback::from(move |_: MouseEvent| {
            set.emit(None);
            if let Some(typed) = current.clone() {
                on_discard.emit(typed);
            }
        })
    };
    let id = format!("description-{}", props.id);
    html! {
        <form class="field" onsubmit={on_submit}>
            <label for={id.clone()} ~textContent="Description" />
            <textarea {id} rows="3" dir="auto" value={text.clone()} oninput={on_input} />
            { limit_note(&text, MAX_TEXT) }
            if let Some(typed) = &typed.current {
                { changed_note(&props.text, typed) }
            }
            if is_changed {
                <span class="buttons">
                    <button type="submit" class="primary" disabled={!can_save} ~textContent="Save description" />
                    <button type="button" onclick={on_discard} ~textContent="Discard" />
                </span>
            }
        </form>
    }
}
