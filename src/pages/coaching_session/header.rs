//! The title of the coaching session, its time, and the other person.

use std::rc::Rc;

use wire::{CoachingSession, CoachingSessionId, MAX_TITLE};
use yew::prelude::*;

use super::people::People;
use super::row::{TextRow, use_row};
use crate::api::Api;
use crate::calendar;
use crate::components::{
    Glyph, NotSaved, cancel, changed_note, editor_id, focus, icon, is_escape, is_too_long, limit_note, text_id,
    use_seen_text,
};
use crate::draft::draft_id;
use crate::kept::{KeptText, use_kept_text};
use crate::resources::Record as _;
use crate::today::use_today;

impl TextRow for CoachingSession {
    const TEXT: &'static str = "title";
    const MAX_LENGTH: usize = MAX_TITLE;

    fn text(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Sets the title. An empty text removes it, because a coaching session may have none.
    fn with_text(&self, text: String) -> Self {
        Self {
            title: Some(text).filter(|text| !text.is_empty()),
            ..self.clone()
        }
    }

    fn scope(&self) -> String {
        self.coaching_relationship_id.to_string()
    }

    fn anew(&self) -> Self {
        Self {
            id: CoachingSessionId::from_u128(draft_id()),
            version: None,
            ..self.clone()
        }
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct SessionHeaderProperties {
    pub(super) session: Rc<CoachingSession>,
    pub(super) partner: Option<AttrValue>,
    pub(super) people: People,
}

/// The title of the coaching session, its time, and the other person. Both people can edit the title in place.
#[component]
pub(super) fn SessionHeader(props: &SessionHeaderProperties) -> Html {
    let session = &props.session;
    let row = use_row(session);
    let editor = use_kept_text(&session.editor());
    let (field, pencil) = (use_node_ref(), use_node_ref());
    let takes_focus = use_mut_ref(|| false);
    let is_editing = editor.current.is_some();
    {
        let (field, pencil, takes_focus) = (field.clone(), pencil.clone(), Rc::clone(&takes_focus));
        use_effect_with(is_editing, move |is_editing| {
            if takes_focus.replace(false) {
                focus(if *is_editing { &field } else { &pencil });
            }
        });
    }
    let begin = {
        let (session, set, takes_focus) = (Rc::clone(session), editor.set.clone(), Rc::clone(&takes_focus));
        Callback::from(move |_: MouseEvent| {
            takes_focus.replace(true);
            let text = session.title.clone().unwrap_or_default();
            set.emit(Some(KeptText::of_row(text, session.version, session.to_row())));
        })
    };
    let close = {
        let (set, takes_focus) = (editor.set.clone(), Rc::clone(&takes_focus));
        Callback::from(move |()| {
            takes_focus.replace(true);
            set.emit(None);
        })
    };
    let today = use_today();
    let starts = calendar::local(session.date);
    let day = calendar::day(starts.date(), today);
    let when = format!("{day}, {}", calendar::time_of_day(starts));
    let title = session.title.as_deref().unwrap_or("Untitled session").to_owned();
    html! {
        <header class="session-header">
            <p class="eyebrow">
                { icon(Glyph::Calendar) }
                <time datetime={format!("{}Z", session.date)} ~textContent={when} />
                <span ~textContent={format!(" · {} min", session.duration_minutes)} />
                if let Some(partner) = &props.partner {
                    <span dir="auto" ~textContent={format!(" · with {partner}")} />
                }
                <NotSaved<Api> row={session.id.as_u128()} />
            </p>
            if let Some(typed) = editor.current {
                <TitleEditor session={Rc::clone(session)} {typed} {field} set={editor.set} on_close={close}
                    on_save={row.on_save()} on_discard={row.on_discard(session.editor())} />
            } else {
                <h1>
                    <span id={text_id(session.id)} tabindex="-1" dir="auto" ~textContent={title} />
                    <button type="button" class="plain" ref={pencil} title="Rename" aria-label="Rename the session" onclick={begin}>
                        { icon(Glyph::Pencil) }
                    </button>
                </h1>
            }
            { row.conflict(&props.people, None) }
        </header>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct TitleEditorProperties {
    session: Rc<CoachingSession>,
    typed: KeptText,
    field: NodeRef,
    set: Callback<Option<KeptText>>,
    on_close: Callback<()>,
    on_save: Callback<KeptText>,
    on_discard: Callback<KeptText>,
}

/// The editor of the title. It shows whether the title has changed since the editor was opened.
#[component]
fn TitleEditor(props: &TitleEditorProperties) -> Html {
    let title = AttrValue::from(props.session.title.clone().unwrap_or_default());
    use_seen_text(&title, props.session.version, Some(&props.typed), &props.set);
    let on_input = {
        let (set, typed) = (props.set.clone(), props.typed.clone());
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<web_sys::HtmlInputElement>().value();
            set.emit(Some(KeptText { text, ..typed.clone() }));
        })
    };
    let can_save = !is_too_long(props.typed.text.trim(), CoachingSession::MAX_LENGTH);
    let on_submit = {
        let props = props.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if !can_save {
                return;
            }
            let text = props.typed.text.trim().to_owned();
            // An untouched title is not saved, because it would overwrite the title of another person.
            if !props.typed.is_untouched() {
                props.on_save.emit(KeptText {
                    text,
                    ..props.typed.clone()
                });
            }
            props.on_close.emit(());
        })
    };
    let cancel = cancel(&props.typed, &props.on_discard, &props.on_close);
    let on_key = {
        let cancel = cancel.clone();
        Callback::from(move |event: KeyboardEvent| {
            if is_escape(&event) {
                cancel.emit(());
            }
        })
    };
    html! {
        <form class="rename" onsubmit={on_submit}>
            <input ref={props.field.clone()} id={editor_id(props.session.id)} dir="auto" aria-label="Session title" value={props.typed.text.clone()}
                oninput={on_input} onkeydown={on_key} placeholder="What is this session about?" />
            <button type="submit" class="primary" disabled={!can_save} ~textContent="Save" />
            <button type="button" onclick={cancel.reform(|_: MouseEvent| ())} ~textContent="Cancel" />
            { limit_note(&props.typed.text, CoachingSession::MAX_LENGTH) }
            { changed_note(&title, &props.typed) }
        </form>
    }
}
