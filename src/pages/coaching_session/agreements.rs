//! The agreements of a session.

use std::rc::Rc;

use wire::{Agreement, CoachingRelationship, CoachingSessionId, NewAgreement, UserId};
use yew::prelude::*;

use super::author;
use crate::components::{AddForm, Glyph, ItemRow, Submission, card, query_view};
use crate::query::use_query;
use crate::resources::{AgreementMutations, Item, List, SessionAgreements, use_agreement_mutations};
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
    let mutations = use_agreement_mutations(props.session, props.user);

    let on_add = {
        let (session, create) = (props.session, mutations.create.clone());
        Callback::from(move |submission: Submission| {
            let new = NewAgreement {
                coaching_session_id: session,
                body: Some(submission.text),
            };
            create.run_then(new, submission.refused.if_failed());
        })
    };
    let retry = {
        let agreements = agreements.clone();
        Callback::from(move |()| agreements.refetch())
    };
    let count = agreements.data().map(|agreements| agreements.len());
    let content = html! {
        <>
            { query_view(agreements.view(), retry, |agreements| list(&agreements, props, &mutations)) }
            <AddForm what="agreement" placeholder="What have you agreed on?" max_length={MAX_TEXT} {on_add} />
        </>
    };
    card("Agreements", Glyph::Handshake, count, content)
}

fn list(agreements: &List<Agreement>, props: &AgreementsProperties, mutations: &AgreementMutations) -> Html {
    html! {
        <>
            <ul class="items" data-testid="agreements">
                for agreement in agreements.iter() {
                    <AgreementRow key={agreement.id.to_string()} agreement={Rc::clone(agreement)} user={props.user}
                        relationship={props.relationship.clone()} mutations={mutations.clone()} />
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
    agreement: Rc<Agreement>,
    user: UserId,
    relationship: Option<Rc<CoachingRelationship>>,
    mutations: AgreementMutations,
}

#[component]
fn AgreementRow(props: &AgreementRowProperties) -> Html {
    let agreement = &props.agreement;
    let AgreementMutations { update, delete, .. } = &props.mutations;
    let on_save = {
        let (agreement, update) = (Rc::clone(agreement), update.clone());
        Callback::from(move |Submission { text, refused }: Submission| {
            update.run_then(
                Agreement {
                    body: Some(text),
                    ..(*agreement).clone()
                },
                refused.if_failed(),
            );
        })
    };
    let on_delete = {
        let (id, delete) = (agreement.id, delete.clone());
        Callback::from(move |()| {
            delete.run(id);
            move_focus("new-agreement");
        })
    };
    let details = author(props.relationship.as_deref(), agreement.user_id, props.user)
        .map(|author| html! { <p class="details"><span>{ author }</span></p> })
        .unwrap_or_default();
    html! {
        <ItemRow what="agreement" id={agreement.id.to_string()} text={agreement.body.clone().unwrap_or_default()}
            max_length={MAX_TEXT} is_draft={agreement.is_draft()} {details} {on_save} {on_delete} />
    }
}
