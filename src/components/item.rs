//! One row of a list: its text, and what can be done to it.

use std::cell::RefCell;
use std::rc::Rc;

use yew::prelude::*;

use super::focus::focus;
use super::icon::{Glyph, icon};
use super::submission::{Refused, Submission, is_enter, is_escape};

/// Properties of [`ItemRow`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ItemRowProperties {
    /// What it is, in a word: "action".
    pub what: &'static str,
    /// Its id.
    pub id: AttrValue,
    /// Its text.
    pub text: AttrValue,
    /// The most characters it may have.
    pub max_length: u32,
    /// Whether the server has yet to confirm that it exists. Nothing can be done to it until then.
    #[prop_or_default]
    pub is_draft: bool,
    /// Whether it is over and done with.
    #[prop_or_default]
    pub is_closed: bool,
    /// What stands before the text.
    #[prop_or_default]
    pub leading: Html,
    /// What stands below the text.
    #[prop_or_default]
    pub details: Html,
    /// The text is to be replaced.
    pub on_save: Callback<Submission>,
    /// The row is to go.
    pub on_delete: Callback<()>,
}

/// What a row is doing.
#[derive(Clone, Debug, PartialEq)]
enum Mode {
    Resting,
    /// The text is being rewritten; it read like this when that began.
    Editing {
        draft: String,
        began_with: AttrValue,
    },
    /// It was asked to go and must be asked once more.
    Deleting,
}

/// One row of a list: its text, and what can be done to it.
#[component]
pub fn ItemRow(props: &ItemRowProperties) -> Html {
    let mode = use_state(|| Mode::Resting);
    let focused = use_node_ref();
    let takes_focus = use_mut_ref(|| false);
    {
        // Whatever takes the place of the button that was pressed takes its focus as well; what changes by itself does
        // not, since the person may be writing elsewhere by then.
        let (focused, takes_focus) = (focused.clone(), Rc::clone(&takes_focus));
        use_effect_with(std::mem::discriminant(&*mode), move |_| {
            if takes_focus.replace(false) {
                focus(&focused);
            }
        });
    }
    let text_id = format!("text-{}", props.id);
    let set = |next: Mode| {
        let (mode, takes_focus) = (mode.clone(), Rc::clone(&takes_focus));
        Callback::from(move |_: MouseEvent| {
            takes_focus.replace(true);
            mode.set(next.clone());
        })
    };
    let body = match &*mode {
        Mode::Editing { draft, began_with } => {
            return html! {
                <li class="item editing" data-id={props.id.clone()}>
                    { editor(props, &mode, draft, began_with, &focused, &takes_focus) }
                </li>
            };
        }
        Mode::Deleting => {
            let on_delete = props.on_delete.reform(|_: MouseEvent| ());
            html! {
                <span class="buttons">
                    <button type="button" class="danger" ref={focused} onclick={on_delete}
                        aria-describedby={text_id.clone()}>{ "Confirm delete" }</button>
                    <button type="button" onclick={set(Mode::Resting)}>{ "Keep" }</button>
                </span>
            }
        }
        Mode::Resting => {
            let editing = Mode::Editing {
                draft: props.text.to_string(),
                began_with: props.text.clone(),
            };
            html! {
                <span class="buttons quiet">
                    <button type="button" class="plain" ref={focused} disabled={props.is_draft} title="Edit"
                        aria-label="Edit" aria-describedby={text_id.clone()} onclick={set(editing)}>
                        { icon(Glyph::Pencil) }
                    </button>
                    <button type="button" class="plain" disabled={props.is_draft} title="Delete" aria-label="Delete"
                        aria-describedby={text_id.clone()} onclick={set(Mode::Deleting)}>
                        { icon(Glyph::Bin) }
                    </button>
                </span>
            }
        }
    };
    html! {
        <li class={classes!("item", props.is_draft.then_some("draft"), props.is_closed.then_some("closed"))}
            data-id={props.id.clone()} aria-busy={props.is_draft.then_some("true")}>
            { props.leading.clone() }
            <div class="content">
                <p class="text" id={text_id}>{ &props.text }</p>
                { props.details.clone() }
            </div>
            { body }
        </li>
    }
}

fn editor(
    props: &ItemRowProperties,
    mode: &UseStateHandle<Mode>,
    draft: &str,
    began_with: &AttrValue,
    field: &NodeRef,
    takes_focus: &Rc<RefCell<bool>>,
) -> Html {
    let on_input = {
        let (mode, began_with) = (mode.clone(), began_with.clone());
        Callback::from(move |event: InputEvent| {
            let draft = event.target_unchecked_into::<web_sys::HtmlTextAreaElement>().value();
            mode.set(Mode::Editing {
                draft,
                began_with: began_with.clone(),
            });
        })
    };
    let rest = {
        let (mode, takes_focus) = (mode.clone(), Rc::clone(takes_focus));
        Callback::from(move |()| {
            takes_focus.replace(true);
            mode.set(Mode::Resting);
        })
    };
    let save = {
        let (mode, rest, on_save, text) = (mode.clone(), rest.clone(), props.on_save.clone(), props.text.clone());
        let (draft, began_with) = (draft.trim().to_owned(), began_with.clone());
        Callback::from(move |()| {
            if draft.is_empty() {
                return;
            }
            if draft != *text {
                let editing = Mode::Editing {
                    draft: draft.clone(),
                    began_with: began_with.clone(),
                };
                let refused = {
                    let mode = mode.clone();
                    Callback::from(move |()| {
                        // Something else may be being done to the row by now.
                        if *mode == Mode::Resting {
                            mode.set(editing.clone());
                        }
                    })
                };
                on_save.emit(Submission {
                    text: draft.clone(),
                    refused: Refused(refused),
                });
            }
            rest.emit(());
        })
    };
    let on_key = {
        let (save, rest) = (save.clone(), rest.clone());
        Callback::from(move |event: KeyboardEvent| {
            if is_enter(&event) {
                event.prevent_default();
                save.emit(());
            } else if is_escape(&event) {
                rest.emit(());
            }
        })
    };
    let changed_meanwhile = *began_with != props.text;
    html! {
        <form class="edit" onsubmit={save.reform(|event: SubmitEvent| event.prevent_default())}>
            <textarea ref={field} rows="1" aria-label={format!("Edit {}", props.what)} value={draft.to_owned()}
                maxlength={props.max_length.to_string()} oninput={on_input} onkeydown={on_key} />
            if changed_meanwhile {
                <p class="note" role="status">{ format!("Changed meanwhile to: “{}”", props.text) }</p>
            }
            <span class="buttons">
                <button type="submit" class="primary">{ "Save" }</button>
                <button type="button" onclick={rest.reform(|_: MouseEvent| ())}>{ "Cancel" }</button>
            </span>
        </form>
    }
}
