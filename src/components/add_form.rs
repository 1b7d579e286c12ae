//! A field and a button that add something.

use yew::prelude::*;

use super::focus::focus;
use super::icon::{Glyph, icon};
use super::submission::{Refused, Submission, is_enter};

/// Properties of [`AddForm`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct AddFormProperties {
    /// What is added, in a word: "action".
    pub what: &'static str,
    /// An example of one.
    pub placeholder: &'static str,
    /// The most characters it may have.
    pub max_length: u32,
    /// Something is to be added.
    pub on_add: Callback<Submission>,
}

/// A field and a button that add something. The field is empty again at once, and has its text back if the server
/// refuses it.
#[component]
pub fn AddForm(props: &AddFormProperties) -> Html {
    let text = use_state(String::new);
    let field = use_node_ref();

    let submit = {
        let (text, on_add, field) = (text.clone(), props.on_add.clone(), field.clone());
        Callback::from(move |()| {
            let written = text.trim().to_owned();
            focus(&field);
            if written.is_empty() {
                return;
            }
            let refused = {
                let (text, written) = (text.clone(), written.clone());
                Callback::from(move |()| {
                    // Whatever has been written since stays, below what comes back.
                    let since = text.trim();
                    text.set(if since.is_empty() {
                        written.clone()
                    } else {
                        format!("{written}\n{since}")
                    });
                })
            };
            text.set(String::new());
            on_add.emit(Submission {
                text: written,
                refused: Refused(refused),
            });
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
        let text = text.clone();
        Callback::from(move |event: InputEvent| {
            text.set(event.target_unchecked_into::<web_sys::HtmlTextAreaElement>().value());
        })
    };
    let id = format!("new-{}", props.what);
    html! {
        <form class="add" onsubmit={on_submit}>
            <label class="visually-hidden" for={id.clone()}>{ format!("New {}", props.what) }</label>
            <textarea {id} ref={field} rows="1" placeholder={props.placeholder}
                maxlength={props.max_length.to_string()} value={(*text).clone()} oninput={on_input} onkeydown={on_key} />
            <button type="submit" class="primary" aria-label={format!("Add {}", props.what)}>
                { icon(Glyph::Plus) }
                <span class="wide-only">{ "Add" }</span>
            </button>
        </form>
    }
}
