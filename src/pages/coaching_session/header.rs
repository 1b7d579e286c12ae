//! What the session is called, when it is and with whom.

use std::rc::Rc;

use wire::CoachingSession;
use yew::prelude::*;

use crate::calendar;
use crate::components::{Glyph, focus, icon, is_escape};
use crate::query::use_mutation;
use crate::resources::RenameSession;
use crate::today::use_today;

/// Longest title, in characters.
const MAX_TITLE: u32 = 500;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct SessionHeaderProperties {
    pub(super) session: Rc<CoachingSession>,
    pub(super) partner: Option<AttrValue>,
}

/// What the session is called, when it is and with whom. The title can be changed in place by either.
#[component]
pub(super) fn SessionHeader(props: &SessionHeaderProperties) -> Html {
    let draft = use_state(|| None::<String>);
    let field = use_node_ref();
    let rename = use_mutation::<RenameSession>();
    let CoachingSession {
        id,
        title,
        date,
        duration_minutes,
        ..
    } = &*props.session;

    let is_editing = draft.is_some();
    let pencil = use_node_ref();
    {
        let (field, pencil, was) = (field.clone(), pencil.clone(), use_mut_ref(|| false));
        use_effect_with(is_editing, move |is_editing| {
            if was.replace(*is_editing) != *is_editing {
                focus(if *is_editing { &field } else { &pencil });
            }
        });
    }
    let rename = {
        let (draft, title) = (draft.clone(), title.clone());
        let id = *id;
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(written) = (*draft).clone() else { return };
            let new = Some(written.trim().to_owned()).filter(|text| !text.is_empty());
            if new != title {
                let draft = draft.clone();
                rename.run_then(RenameSession(id, new), move |result| {
                    if result.is_err() && draft.is_none() {
                        draft.set(Some(written));
                    }
                });
            }
            draft.set(None);
        })
    };
    let on_input = {
        let draft = draft.clone();
        Callback::from(move |event: InputEvent| {
            draft.set(Some(event.target_unchecked_into::<web_sys::HtmlInputElement>().value()));
        })
    };
    let begin = {
        let (draft, title) = (draft.clone(), title.clone());
        Callback::from(move |_: MouseEvent| draft.set(Some(title.clone().unwrap_or_default())))
    };
    let cancel = {
        let draft = draft.clone();
        Callback::from(move |_: MouseEvent| draft.set(None))
    };
    let on_key = {
        let draft = draft.clone();
        Callback::from(move |event: KeyboardEvent| {
            if is_escape(&event) {
                draft.set(None);
            }
        })
    };
    let today = use_today();
    let starts = calendar::local(*date);
    let day = calendar::day(starts.date(), today);
    html! {
        <header class="session-header">
            <p class="eyebrow">
                { icon(Glyph::Calendar) }
                <time datetime={format!("{date}Z")}>{ format!("{day}, {}", calendar::time_of_day(starts)) }</time>
                { format!(" · {duration_minutes} min") }
                if let Some(partner) = &props.partner { { format!(" · with {partner}") } }
            </p>
            if let Some(draft) = &*draft {
                <form class="rename" onsubmit={rename}>
                    <input ref={field} aria-label="Session title" value={draft.clone()} oninput={on_input} onkeydown={on_key}
                        maxlength={MAX_TITLE.to_string()} placeholder="What is this session about?" />
                    <button type="submit" class="primary">{ "Save" }</button>
                    <button type="button" onclick={cancel}>{ "Cancel" }</button>
                </form>
            } else {
                <h1>
                    { title.as_deref().unwrap_or("Untitled session") }
                    <button type="button" class="plain" ref={pencil} title="Rename" aria-label="Rename the session" onclick={begin}>
                        { icon(Glyph::Pencil) }
                    </button>
                </h1>
            }
        </header>
    }
}
