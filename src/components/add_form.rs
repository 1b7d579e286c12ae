//! A field and a button that add something.

use yew::prelude::*;

use super::focus::focus;
use super::icon::{Glyph, icon};
use super::keys::is_enter;
use super::text_limit::{is_too_long, limit_note};
use crate::kept::{KeptText, use_kept_text};

/// Properties of [`AddForm`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct AddFormProperties {
    /// The kind of thing that is added, as a word in the singular: "action".
    pub noun: &'static str,
    /// The placeholder of the field: an example text.
    pub placeholder: &'static str,
    /// The maximum number of characters of the text.
    pub max_length: usize,
    /// The key under which the unsubmitted text is stored.
    pub place: AttrValue,
    /// The callback that adds the text. The text is not empty and has no white space around it.
    pub on_add: Callback<String>,
}

/// A field and a button that add something. The typed text is stored until it is added.
#[component]
pub fn AddForm(props: &AddFormProperties) -> Html {
    let field = use_node_ref();
    let kept = use_kept_text(&props.place);
    let typed = kept.current.map(|kept| kept.text).unwrap_or_default();
    let is_too_long = is_too_long(typed.trim(), props.max_length);

    let submit = {
        let (on_add, set) = (props.on_add.clone(), kept.set.clone());
        let (field, text) = (field.clone(), typed.trim().to_owned());
        Callback::from(move |()| {
            focus(&field);
            if !text.is_empty() && !is_too_long {
                set.emit(None);
                on_add.emit(text.clone());
            }
        })
    };
    let on_submit = submit.reform(|event: SubmitEvent| event.prevent_default());
    let on_key = Callback::from(move |event: KeyboardEvent| {
        if is_enter(&event) {
            event.prevent_default();
            submit.emit(());
        }
    });
    let on_input = {
        let set = kept.set;
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<web_sys::HtmlTextAreaElement>().value();
            let typed = KeptText {
                text,
                ..KeptText::default()
            };
            set.emit(Some(typed).filter(|typed| !typed.text.is_empty()));
        })
    };
    let id = format!("new-{}", props.noun);
    html! {
        <form class="add" onsubmit={on_submit}>
            <label class="visually-hidden" for={id.clone()} ~textContent={format!("New {}", props.noun)} />
            <textarea {id} ref={field} rows="1" dir="auto" placeholder={props.placeholder} value={typed.clone()}
                oninput={on_input} onkeydown={on_key} />
            <button type="submit" class="primary" disabled={is_too_long} aria-label={format!("Add {}", props.noun)}>
                { icon(Glyph::Plus) }
                <span class="wide-only" ~textContent="Add" />
            </button>
            { limit_note(&typed, props.max_length) }
        </form>
    }
}
