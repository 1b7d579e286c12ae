//! The actions of a session.

use std::rc::Rc;

use chrono::NaiveDate;
use wire::{Action, ActionId, CoachingRelationship, CoachingSessionId, ItemStatus, Timestamp, UserId};
use yew::prelude::*;

use super::author;
use crate::calendar;
use crate::components::{AddForm, Glyph, ItemRow, Submission, card, query_view};
use crate::draft::{draft_id, is_draft};
use crate::query::{List, Listed, use_item, use_mutation, use_query};
use crate::resources::{CreateAction, DeleteAction, SessionActions, UpdateAction};
use crate::title::move_focus;
use crate::today::use_today;

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
    let create = use_mutation::<CreateAction>();

    let on_add = {
        let (session, user) = (props.session, props.user);
        Callback::from(move |submission: Submission| {
            let draft = draft(session, user, submission.text);
            create.run_then(CreateAction(draft), submission.refused.if_failed());
        })
    };
    let retry = {
        let actions = actions.clone();
        Callback::from(move |()| actions.refetch())
    };
    let count = actions.outline_data().map(|actions| actions.len());
    let content = html! {
        <>
            { query_view(actions.outline(), retry, |actions| list(&actions, props)) }
            <AddForm what="action" placeholder="What will happen next?" max_length={MAX_TEXT} {on_add} />
        </>
    };
    card("Actions", Glyph::Check, count, content)
}

/// What a new action looks like until the server has said.
fn draft(session: CoachingSessionId, user: UserId, text: String) -> Action {
    let not_known_yet = Timestamp::default();
    Action {
        id: ActionId::from_u128(draft_id()),
        coaching_session_id: session,
        goal_id: None,
        user_id: user,
        body: Some(text),
        due_by: None,
        status: ItemStatus::NotStarted,
        status_changed_at: not_known_yet,
        created_at: not_known_yet,
        updated_at: not_known_yet,
        assignee_ids: Vec::new(),
        version: None,
    }
}

fn list(actions: &List<Action>, props: &ActionsProperties) -> Html {
    html! {
        <>
            <ul class="items" data-testid="actions">
                for action in actions.iter() {
                    <ActionRow key={action.id.to_string()} session={props.session} action={Listed(Rc::clone(action))}
                        user={props.user} relationship={props.relationship.clone()} />
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
    session: CoachingSessionId,
    action: Listed<Action>,
    user: UserId,
    relationship: Option<Rc<CoachingRelationship>>,
}

#[component]
fn ActionRow(props: &ActionRowProperties) -> Html {
    let action = use_item(&SessionActions(props.session), &props.action);
    let update = use_mutation::<UpdateAction>();
    let delete = use_mutation::<DeleteAction>();
    let today = use_today();
    let is_closed = action.status.is_closed();

    let on_toggle = {
        let (action, update) = (Rc::clone(&action), update.clone());
        Callback::from(move |_: Event| {
            let status = if is_closed {
                ItemStatus::InProgress
            } else {
                ItemStatus::Completed
            };
            update.run(UpdateAction(Action {
                status,
                ..(*action).clone()
            }));
        })
    };
    let on_save = {
        let (action, update) = (Rc::clone(&action), update);
        Callback::from(move |Submission { text, refused }: Submission| {
            update.run_then(
                UpdateAction(Action {
                    body: Some(text),
                    ..(*action).clone()
                }),
                refused.if_failed(),
            );
        })
    };
    let on_delete = {
        let (session, id) = (props.session, action.id);
        Callback::from(move |()| {
            delete.run(DeleteAction(session, id));
            move_focus("new-action");
        })
    };
    let is_draft = is_draft(&*action);
    let leading = html! {
        <input type="checkbox" class="tick" aria-label="Done" aria-describedby={format!("text-{}", action.id)}
            checked={is_closed} disabled={is_draft} onchange={on_toggle} />
    };
    html! {
        <ItemRow what="action" id={action.id.to_string()} text={action.body.clone().unwrap_or_default()}
            max_length={MAX_TEXT} {is_draft} {is_closed} {leading} details={details(&action, today, props)}
            {on_save} {on_delete} />
    }
}

/// By whom and until when.
fn details(action: &Action, today: NaiveDate, props: &ActionRowProperties) -> Html {
    let due = action.due_by.map(|due| {
        let due = calendar::local(due.naive_utc()).date();
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
