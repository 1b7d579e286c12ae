//! The agreements of a coaching session.

use std::rc::Rc;

use wire::{Agreement, AgreementId, CoachingSessionId, MAX_TEXT, Timestamp, UserId};
use yew::prelude::*;

use super::added::Added;
use super::details::toggle;
use super::leftovers::Leftovers;
use super::opaque::OpaqueRows;
use super::people::People;
use super::row::{TextRow, form, use_add, use_delete, use_row};
use crate::components::{AddForm, Glyph, ItemRow, card, query_view, text_id};
use crate::draft::draft_id;
use crate::query::{List, Listed, use_item, use_query};
use crate::resources::{RowList, SessionAgreements};

impl TextRow for Agreement {
    const TEXT: &'static str = "body";
    const MAX_LENGTH: usize = MAX_TEXT;

    fn text(&self) -> Option<&str> {
        self.body.as_deref()
    }

    fn with_text(&self, text: String) -> Self {
        Self {
            body: Some(text),
            ..self.clone()
        }
    }

    fn scope(&self) -> String {
        self.coaching_session_id.to_string()
    }

    fn anew(&self) -> Self {
        Self {
            id: AgreementId::from_u128(draft_id()),
            created_at: Timestamp::default(),
            version: None,
            ..self.clone()
        }
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct AgreementsProperties {
    pub(super) session: CoachingSessionId,
    pub(super) people: People,
}

/// The agreements of a coaching session: add, edit, delete.
#[component]
pub(super) fn Agreements(props: &AgreementsProperties) -> Html {
    let agreements = use_query(SessionAgreements(props.session));
    let add = use_add::<Agreement>();

    let on_add = {
        let (session, user) = (props.session, props.people.user);
        Callback::from(move |text: String| add.emit(draft(session, user, text)))
    };
    let retry = {
        let agreements = agreements.clone();
        Callback::from(move |()| agreements.refetch())
    };
    let count = agreements.outline_data().map(|agreements| agreements.ids().len());
    let scope = props.session.to_string();
    let content = html! {
        <>
            { query_view(agreements.outline(), retry, |agreements| list(&agreements, props)) }
            if count.is_none() { <Added<Agreement> list={SessionAgreements(props.session)} /> }
            <AddForm noun="agreement" placeholder="What have you agreed on?" max_length={Agreement::MAX_LENGTH}
                place={form::<Agreement>(&scope)} {on_add} />
        </>
    };
    card("Agreements", Glyph::Handshake, count, content)
}

/// Returns a new agreement, to show until the server has answered.
fn draft(session: CoachingSessionId, user: UserId, text: String) -> Agreement {
    let not_known_yet = Timestamp::default();
    Agreement {
        id: AgreementId::from_u128(draft_id()),
        coaching_session_id: session,
        body: Some(text),
        user_id: user,
        created_at: not_known_yet,
        updated_at: not_known_yet,
        version: None,
    }
}

fn list(agreements: &List<Agreement>, props: &AgreementsProperties) -> Html {
    let present = agreements.ids();
    html! {
        <>
            <ul class="items" data-testid="agreements">
                for agreement in agreements.iter() {
                    <AgreementRow key={agreement.id.to_string()} session={props.session}
                        agreement={Listed(Rc::clone(agreement))} people={props.people.clone()} />
                }
            </ul>
            if present.is_empty() {
                <p class="empty" ~textContent="No agreements yet." />
            }
            <OpaqueRows list={RowList::Agreements(props.session)} noun="agreement" rows={agreements.opaque().to_vec()} />
            <Leftovers<Agreement> scope={props.session.to_string()} {present} people={props.people.clone()} />
        </>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct AgreementRowProperties {
    session: CoachingSessionId,
    agreement: Listed<Agreement>,
    people: People,
}

#[component]
fn AgreementRow(props: &AgreementRowProperties) -> Html {
    let agreement = use_item(&SessionAgreements(props.session), &props.agreement);
    let row = use_row(&agreement);
    let on_delete = use_delete(&row);
    let shows_history = use_state(|| false);
    let details = props.people.name(agreement.user_id);
    let details = details.map(|author| html! { <p class="details"><span dir="auto" ~textContent={author} /></p> });
    let text_id = text_id(agreement.id);
    let below = html! {
        <>
            { row.conflict(&props.people, Some(&on_delete)) }
            if *shows_history {
                { row.history(&props.people) }
            }
        </>
    };
    let buttons = html! {
        if row.has_history { { toggle("History", Glyph::History, &shows_history, &text_id) } }
    };
    html! {
        <ItemRow noun="agreement" id={agreement.id.to_string()} text={agreement.body.clone().unwrap_or_default()}
            version={agreement.version} row={row.on_keep()} editor={agreement.editor()} max_length={Agreement::MAX_LENGTH}
            unsaved_since={row.unsaved_since} details={details.unwrap_or_default()} {below} {buttons}
            on_save={row.on_save()} on_discard={row.on_discard(agreement.editor())} {on_delete} />
    }
}
