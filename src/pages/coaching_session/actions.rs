//! The actions of a session.

use std::rc::Rc;

use wire::{Action, CoachingRelationship, CoachingSessionId, ItemStatus, NewAction, UserId};
use yew::prelude::*;

use super::author;
use crate::calendar;
use crate::components::{AddForm, Glyph, ItemRow, Submission, card, query_view};
use crate::query::use_query;
use crate::resources::{ActionMutations, Item, List, SessionActions, use_action_mutations};
use crate::title::move_focus;

/// Longest text, in characters.
const MAX_TEXT: u32 = 20_000;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct ActionsProperties {
    pub(super) session: CoachingSessionId,
    pub(super) user: UserId,
    pub(super) relationship: Option<Rc<CoachingRelationship>>,
}

/// The actions of a session: add, complete, edit, delete.
#[component]
pub(super) fn Actions(props: &ActionsProperties) -> Html {
    let actions = use_query(SessionActions(props.session));
    let mutations = use_action_mutations(props.session, props.user);

    let on_add = {
        let (session, create) = (props.session, mutations.create.clone());
        Callback::from(move |submission: Submission| {
            let new = NewAction {
                coaching_session_id: session,
                goal_id: None,
                body: Some(submission.text),
                due_by: None,
                status: ItemStatus::NotStarted,
                assignee_ids: None,
            };
            create.run_then(new, submission.refused.if_failed());
        })
    };
    let retry = {
        let actions = actions.clone();
        Callback::from(move |()| actions.refetch())
    };
    let count = actions.data().map(|actions| actions.len());
    let content = html! {
        <>
            { query_view(actions.view(), retry, |actions| list(&actions, props, &mutations)) }
            <AddForm what="action" placeholder="What will happen next?" max_length={MAX_TEXT} {on_add} />
        </>
    };
    card("Actions", Glyph::Check, count, content)
}

fn list(actions: &List<Action>, props: &ActionsProperties, mutations: &ActionMutations) -> Html {
    html! {
        <>
            <ul class="items" data-testid="actions">
                for action in actions.iter() {
                    <ActionRow key={action.id.to_string()} action={Rc::clone(action)} user={props.user}
                        relationship={props.relationship.clone()} mutations={mutations.clone()} />
                }
            </ul>
            if actions.is_empty() {
                <p class="empty">{ "No actions yet. What will happen until the next session?" }</p>
            }
        </>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct ActionRowProperties {
    action: Rc<Action>,
    user: UserId,
    relationship: Option<Rc<CoachingRelationship>>,
    mutations: ActionMutations,
}

#[component]
fn ActionRow(props: &ActionRowProperties) -> Html {
    let action = &props.action;
    let ActionMutations { update, delete, .. } = &props.mutations;
    let is_closed = action.status.is_closed();

    let on_toggle = {
        let (action, update) = (Rc::clone(action), update.clone());
        Callback::from(move |_: Event| {
            let status = if is_closed {
                ItemStatus::InProgress
            } else {
                ItemStatus::Completed
            };
            update.run(Action {
                status,
                ..(*action).clone()
            });
        })
    };
    let on_save = {
        let (action, update) = (Rc::clone(action), update.clone());
        Callback::from(move |Submission { text, refused }: Submission| {
            update.run_then(
                Action {
                    body: Some(text),
                    ..(*action).clone()
                },
                refused.if_failed(),
            );
        })
    };
    let on_delete = {
        let (id, delete) = (action.id, delete.clone());
        Callback::from(move |()| {
            delete.run(id);
            move_focus("new-action");
        })
    };
    let leading = html! {
        <input type="checkbox" class="tick" aria-label="Done" aria-describedby={format!("text-{}", action.id)}
            checked={is_closed} disabled={action.is_draft()} onchange={on_toggle} />
    };
    html! {
        <ItemRow what="action" id={action.id.to_string()} text={action.body.clone().unwrap_or_default()}
            max_length={MAX_TEXT} is_draft={action.is_draft()} {is_closed} {leading} details={details(props)}
            {on_save} {on_delete} />
    }
}

/// By whom and until when.
fn details(props: &ActionRowProperties) -> Html {
    let action = &props.action;
    let due = action.due_by.map(|due| {
        let (due, today) = (calendar::local(due.naive_utc()).date(), calendar::today());
        let is_late = due < today && !action.status.is_closed();
        (calendar::day_in_sentence(due, today), is_late)
    });
    let author = author(props.relationship.as_deref(), action.user_id, props.user);
    html! {
        <p class="details">
            if let Some((day, is_late)) = due {
                <span class={classes!("due", is_late.then_some("late"))}>
                    { if is_late { "Was due " } else { "Due " } }{ day }
                </span>
            }
            if let Some(author) = author { <span>{ author }</span> }
        </p>
    }
}
