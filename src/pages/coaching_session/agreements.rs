//! The agreements of a session.

use std::rc::Rc;

use wire::{Agreement, AgreementId, CoachingRelationship, CoachingSessionId, Timestamp, UserId};
use yew::prelude::*;

use super::author;
use crate::components::{AddForm, Glyph, ItemRow, Submission, card, query_view};
use crate::draft::{draft_id, is_draft};
use crate::query::{List, Listed, use_item, use_mutation, use_query};
use crate::resources::{Create, Delete, SessionAgreements, Update};
use crate::title::move_focus;

/// Longest text, in characters.
const MAX_TEXT: u32 = 20_000;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct AgreementsProperties {
    pub(super) session: CoachingSessionId,
    pub(super) user: UserId,
    pub(super) relationship: Option<Rc<CoachingRelationship>>,
}

/// The agreements of a session: add, edit, delete.
#[component]
pub(super) fn Agreements(props: &AgreementsProperties) -> Html {
    let agreements = use_query(SessionAgreements(props.session));
    let create = use_mutation::<Create<Agreement>>();

    let on_add = {
        let (session, user) = (props.session, props.user);
        Callback::from(move |submission: Submission| {
            let draft = draft(session, user, submission.text);
            create.run_then(Create(draft), submission.refused.if_failed());
        })
    };
    let retry = {
        let agreements = agreements.clone();
        Callback::from(move |()| agreements.refetch())
    };
    let count = agreements.outline_data().map(|agreements| agreements.len());
    let content = html! {
        <>
            { query_view(agreements.outline(), retry, |agreements| list(&agreements, props)) }
            <AddForm what="agreement" placeholder="What have you agreed on?" max_length={MAX_TEXT} {on_add} />
        </>
    };
    card("Agreements", Glyph::Handshake, count, content)
}

/// What a new agreement looks like until the server has said.
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
    html! {
        <>
            <ul class="items" data-testid="agreements">
                for agreement in agreements.iter() {
                    <AgreementRow key={agreement.id.to_string()} session={props.session} agreement={Listed(Rc::clone(agreement))}
                        user={props.user} relationship={props.relationship.clone()} />
                }
            </ul>
            if agreements.is_empty() {
                <p class="empty">{ "No agreements yet." }</p>
            }
        </>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct AgreementRowProperties {
    session: CoachingSessionId,
    agreement: Listed<Agreement>,
    user: UserId,
    relationship: Option<Rc<CoachingRelationship>>,
}

#[component]
fn AgreementRow(props: &AgreementRowProperties) -> Html {
    let agreement = use_item(&SessionAgreements(props.session), &props.agreement);
    let update = use_mutation::<Update<Agreement>>();
    let delete = use_mutation::<Delete<Agreement>>();
    let on_save = {
        let agreement = Rc::clone(&agreement);
        Callback::from(move |Submission { text, refused }: Submission| {
            let wanted = Agreement {
                body: Some(text),
                ..(*agreement).clone()
            };
            update.run_then(Update::between(&agreement, &wanted), refused.if_failed());
        })
    };
    let on_delete = {
        let agreement = Rc::clone(&agreement);
        Callback::from(move |()| {
            delete.run(Delete::of((*agreement).clone()));
            move_focus("new-agreement");
        })
    };
    let details = author(props.relationship.as_deref(), agreement.user_id, props.user)
        .map(|author| html! { <p class="details"><span>{ author }</span></p> })
        .unwrap_or_default();
    html! {
        <ItemRow what="agreement" id={agreement.id.to_string()} text={agreement.body.clone().unwrap_or_default()}
            max_length={MAX_TEXT} is_draft={is_draft(&*agreement)} {details} {on_save} {on_delete} />
    }
}
