//! One row of a list: its text, and the actions on it.

use std::rc::Rc;

use intent::Row;
use yew::prelude::*;

use super::changed_note::{changed_note, use_seen_text};
use super::focus::focus;
use super::icon::{Glyph, icon};
use super::keys::{is_enter, is_escape};
use super::not_saved::{not_saved, use_says_unsaved};
use super::text_limit::{is_too_long, limit_note};
use crate::kept::{KeptText, use_kept_text};
use crate::time::Instant;

/// Returns the id of the element that shows the text of a row. The element can receive the focus.
#[must_use]
pub fn text_id(row: impl std::fmt::Display) -> String {
    format!("text-{row}")
}

/// Returns the id of the field in which the text of a row is edited.
#[must_use]
pub fn editor_id(row: impl std::fmt::Display) -> String {
    format!("edit-{row}")
}

/// Properties of [`ItemRow`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ItemRowProperties {
    /// The kind of row, as a word in the singular: "action".
    pub noun: &'static str,
    /// The id of the row.
    pub id: AttrValue,
    /// The text of the row.
    pub text: AttrValue,
    /// The version of the row.
    pub version: Option<u64>,
    /// The callback for the whole row, which is stored with an open editor.
    pub row: Callback<(), Row>,
    /// The maximum number of characters of the text.
    pub max_length: usize,
    /// The moment since which a change of the row waits to be saved.
    #[prop_or_default]
    pub unsaved_since: Option<Instant>,
    /// Whether the row is done, so that nothing is left to do.
    #[prop_or_default]
    pub is_closed: bool,
    /// The key under which the text of the row's editor is stored. The editor is open while there is such a text.
    pub editor: AttrValue,
    /// The content before the text.
    #[prop_or_default]
    pub leading: Html,
    /// The content below the text.
    #[prop_or_default]
    pub details: Html,
    /// The content below the row, such as a conflict or a form.
    #[prop_or_default]
    pub below: Html,
    /// Additional buttons.
    #[prop_or_default]
    pub buttons: Html,
    /// The callback that saves a text. Its argument names the text that was seen and the version that had it.
    pub on_save: Callback<KeptText>,
    /// The callback for a typed text that is discarded.
    pub on_discard: Callback<KeptText>,
    /// The callback that deletes the row.
    pub on_delete: Callback<()>,
}

/// One row of a list: its text, and the actions on it.
#[component]
pub fn ItemRow(props: &ItemRowProperties) -> Html {
    let focused = use_node_ref();
    let takes_focus = use_mut_ref(|| false);
    let editor = use_kept_text(&props.editor);
    let is_editing = editor.current.is_some();
    {
        // Moves the focus to the element that replaces the pressed button. A change without a press does not move it.
        let (focused, takes_focus) = (focused.clone(), Rc::clone(&takes_focus));
        use_effect_with(is_editing, move |_| {
            if takes_focus.replace(false) {
                focus(&focused);
            }
        });
    }
    let shows_unsaved = use_says_unsaved(props.unsaved_since);
    let text_id = text_id(&props.id);
    let open_editor = {
        let (props, set, takes_focus) = (props.clone(), editor.set.clone(), Rc::clone(&takes_focus));
        Callback::from(move |_: MouseEvent| {
            takes_focus.replace(true);
            let text = KeptText::of_row(props.text.to_string(), props.version, props.row.emit(()));
            set.emit(Some(text));
        })
    };
    let close_editor = {
        let (set, takes_focus) = (editor.set.clone(), Rc::clone(&takes_focus));
        Callback::from(move |()| {
            takes_focus.replace(true);
            set.emit(None);
        })
    };
    let content = match &editor.current {
        Some(typed) => html! {
            <Editor id={editor_id(&props.id)} noun={props.noun} text={props.text.clone()} version={props.version} max_length={props.max_length}
                typed={typed.clone()} field={focused} set={editor.set.clone()} on_close={close_editor}
                on_save={props.on_save.clone()} on_discard={props.on_discard.clone()} />
        },
        None => html! {
            <>
                { props.leading.clone() }
                <div class="content">
                    <p class="text" id={text_id.clone()} tabindex="-1" dir="auto" ~textContent={&*props.text} />
                    { props.details.clone() }
                    if shows_unsaved {
                        <p class="details unsaved">{ not_saved() }</p>
                    }
                </div>
                <span class="buttons quiet">
                    <button type="button" class="plain" ref={focused} title="Edit" aria-label="Edit"
                        aria-describedby={text_id.clone()} onclick={open_editor}>{ icon(Glyph::Pencil) }</button>
                    { props.buttons.clone() }
                    <button type="button" class="plain" title="Delete" aria-label="Delete" aria-describedby={text_id}
                        onclick={props.on_delete.reform(|_: MouseEvent| ())}>{ icon(Glyph::Bin) }</button>
                </span>
            </>
        },
    };
    html! {
        <li class={classes!("item", is_editing.then_some("editing"), shows_unsaved.then_some("draft"),
            props.is_closed.then_some("closed"))} data-id={props.id.clone()}
            data-unsaved={props.unsaved_since.map(|_| "true")}>
            { content }
            { props.below.clone() }
        </li>
    }
}

/// Returns a callback that closes an editor without saving. It discards a text that was typed.
pub fn cancel(typed: &KeptText, on_discard: &Callback<KeptText>, on_close: &Callback<()>) -> Callback<()> {
    let (typed, on_discard, on_close) = (typed.clone(), on_discard.clone(), on_close.clone());
    Callback::from(move |()| {
        if !typed.is_untouched() {
            on_discard.emit(typed.clone());
        }
        on_close.emit(());
    })
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct EditorProperties {
    id: AttrValue,
    noun: &'static str,
    text: AttrValue,
    version: Option<u64>,
    max_length: usize,
    typed: KeptText,
    field: NodeRef,
    set: Callback<Option<KeptText>>,
    on_close: Callback<()>,
    on_save: Callback<KeptText>,
    on_discard: Callback<KeptText>,
}

/// The editor of a row's text. It shows whether the text has changed since the editor was opened.
#[component]
fn Editor(props: &EditorProperties) -> Html {
    use_seen_text(&props.text, props.version, Some(&props.typed), &props.set);
    let on_input = {
        let (set, typed) = (props.set.clone(), props.typed.clone());
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<web_sys::HtmlTextAreaElement>().value();
            set.emit(Some(KeptText { text, ..typed.clone() }));
        })
    };
    let text = props.typed.text.trim().to_owned();
    let can_save = !text.is_empty() && !is_too_long(&text, props.max_length);
    let save = {
        let (props, is_untouched) = (props.clone(), props.typed.is_untouched());
        Callback::from(move |()| {
            if !can_save {
                return;
            }
            // An untouched text is not saved, because it would overwrite the text of another person.
            if !is_untouched {
                props.on_save.emit(KeptText {
                    text: text.clone(),
                    ..props.typed.clone()
                });
            }
            props.on_close.emit(());
        })
    };
    let cancel = cancel(&props.typed, &props.on_discard, &props.on_close);
    let on_key = {
        let (save, cancel) = (save.clone(), cancel.clone());
        Callback::from(move |event: KeyboardEvent| {
            if is_enter(&event) {
                event.prevent_default();
                save.emit(());
            } else if is_escape(&event) {
                cancel.emit(());
            }
        })
    };
    html! {
        <form class="edit" onsubmit={save.reform(|event: SubmitEvent| event.prevent_default())}>
            <textarea ref={props.field.clone()} id={props.id.clone()} rows="1" dir="auto" aria-label={format!("Edit {}", props.noun)}
                value={props.typed.text.clone()} oninput={on_input} onkeydown={on_key} />
            { limit_note(&props.typed.text, props.max_length) }
            if props.typed.text.trim().is_empty() {
                <p class="note" role="status"
                    ~textContent={format!("An empty {} can not be saved. It can be deleted.", props.noun)} />
            }
            { changed_note(&props.text, &props.typed) }
            <span class="buttons">
                <button type="submit" class="primary" disabled={!can_save} ~textContent="Save" />
                <button type="button" onclick={cancel.reform(|_: MouseEvent| ())} ~textContent="Cancel" />
            </span>
        </form>
    }
}
