//! The actions of a coaching session.

use std::rc::Rc;

use wire::{Action, ActionId, CoachingSessionId, ItemStatus, MAX_TEXT, Timestamp, UserId};
use yew::prelude::*;

use super::added::Added;
use super::details::{ActionDetails, on_change, toggle};
use super::leftovers::Leftovers;
use super::opaque::OpaqueRows;
use super::people::{People, status_label};
use super::row::{TextRow, form, use_add, use_delete, use_row};
use crate::calendar;
use crate::components::{AddForm, Glyph, ItemRow, card, query_view, text_id};
use crate::draft::draft_id;
use crate::query::{List, Listed, use_item, use_query, use_selection};
use crate::resources::{RelationshipGoals, RowList, SessionActions};
use crate::today::use_today;

impl TextRow for Action {
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
            id: ActionId::from_u128(draft_id()),
            created_at: Timestamp::default(),
            version: None,
            ..self.clone()
        }
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct ActionsProperties {
    pub(super) session: CoachingSessionId,
    pub(super) people: People,
}

/// The actions of a coaching session: add, complete, edit, delete.
#[component]
pub(super) fn Actions(props: &ActionsProperties) -> Html {
    let actions = use_query(SessionActions(props.session));
    let add = use_add::<Action>();

    let on_add = {
        let (session, user) = (props.session, props.people.user);
        Callback::from(move |text: String| add.emit(draft(session, user, text)))
    };
    let retry = {
        let actions = actions.clone();
        Callback::from(move |()| actions.refetch())
    };
    let count = actions.outline_data().map(|actions| actions.ids().len());
    let scope = props.session.to_string();
    let content = html! {
        <>
            { query_view(actions.outline(), retry, |actions| list(&actions, props)) }
            if count.is_none() { <Added<Action> list={SessionActions(props.session)} /> }
            <AddForm noun="action" placeholder="What will happen next?" max_length={Action::MAX_LENGTH}
                place={form::<Action>(&scope)} {on_add} />
        </>
    };
    card("Actions", Glyph::Check, count, content)
}

/// Returns a new action, to show until the server has answered.
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
    let present = actions.ids();
    html! {
        <>
            <ul class="items" data-testid="actions">
                for action in actions.iter() {
                    <ActionRow key={action.id.to_string()} session={props.session} action={Listed(Rc::clone(action))}
                        people={props.people.clone()} />
                }
            </ul>
            if present.is_empty() {
                <p class="empty" ~textContent="No actions yet. What will happen until the next session?" />
            }
            <OpaqueRows list={RowList::Actions(props.session)} noun="action" rows={actions.opaque().to_vec()} />
            <Leftovers<Action> scope={props.session.to_string()} {present} people={props.people.clone()} />
        </>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct ActionRowProperties {
    session: CoachingSessionId,
    action: Listed<Action>,
    people: People,
}

#[component]
fn ActionRow(props: &ActionRowProperties) -> Html {
    let action = use_item(&SessionActions(props.session), &props.action);
    let row = use_row(&action);
    let on_delete = use_delete(&row);
    let shows_details = use_state(|| false);
    let shows_history = use_state(|| false);
    let details = use_details(&action, &props.people);
    let is_closed = action.status.is_closed();

    let before_tick = use_mut_ref(|| None::<ItemStatus>);
    let on_toggle = {
        let (action, row) = (Rc::clone(&action), row.clone());
        Callback::from(move |_: Event| {
            // Removing the tick restores the status that the action had before it.
            let (status, message) = if is_closed {
                let before = before_tick.take().unwrap_or(ItemStatus::InProgress);
                (before, "Action open again.")
            } else {
                before_tick.replace(Some(action.status));
                (ItemStatus::Completed, "Action done.")
            };
            let wanted = Action {
                status,
                ..(*action).clone()
            };
            row.change(&wanted, message);
        })
    };
    let text_id = text_id(action.id);
    let leading = html! {
        <input type="checkbox" class="tick" aria-label="Done" aria-describedby={text_id.clone()} checked={is_closed}
            onchange={on_toggle} />
    };
    let below = html! {
        <>
            { row.conflict(&props.people, Some(&on_delete)) }
            if *shows_details {
                <ActionDetails action={Rc::clone(&action)} people={props.people.clone()} on_change={on_change(&row)} />
            }
            if *shows_history {
                { row.history(&props.people) }
            }
        </>
    };
    let buttons = html! {
        <>
            { toggle("Details", Glyph::Details, &shows_details, &text_id) }
            if row.has_history { { toggle("History", Glyph::History, &shows_history, &text_id) } }
        </>
    };
    html! {
        <ItemRow noun="action" id={action.id.to_string()} text={action.body.clone().unwrap_or_default()}
            version={action.version} row={row.on_keep()} editor={action.editor()} max_length={Action::MAX_LENGTH}
            unsaved_since={row.unsaved_since} {is_closed} {leading} {details} {below} {buttons}
            on_save={row.on_save()} on_discard={row.on_discard(action.editor())} {on_delete} />
    }
}

/// Shows the status, due date, assignees, goal and author of an action in a line.
#[hook]
fn use_details(action: &Action, people: &People) -> Html {
    let today = use_today();
    let goals = people.relationship_id().map(RelationshipGoals);
    let goal = action.goal_id;
    let goal = use_selection(goals.filter(|_| goal.is_some()), move |goals: &List<wire::Goal>| {
        goals.find(goal?.as_u128())?.title.clone()
    });
    let due = action.due_by.map(|due| {
        let due = calendar::local(due.naive_utc()).date();
        let is_late = due < today && !action.status.is_closed();
        (calendar::day_in_sentence(due, today), is_late)
    });
    let shows_status = matches!(
        action.status,
        ItemStatus::InProgress | ItemStatus::OnHold | ItemStatus::WontDo
    );
    let assignees = people.in_sentence(&action.assignee_ids);
    let author = people.in_sentence(&[action.user_id]);
    html! {
        <p class="details">
            if shows_status {
                <span class="chip" ~textContent={status_label(action.status)} />
            }
            if let Some((day, is_late)) = due {
                <span class={classes!("due", is_late.then_some("late"))}
                    ~textContent={format!("{} {day}", if is_late { "Was due" } else { "Due" })} />
            }
            if !assignees.is_empty() {
                <span dir="auto" ~textContent={format!("For {assignees}")} />
            }
            if let Some(goal) = goal.as_deref().cloned().flatten() {
                <span class="serves" dir="auto" ~textContent={format!("→ {goal}")} />
            }
            if !author.is_empty() {
                <span dir="auto" ~textContent={format!("by {author}")} />
            }
        </p>
    }
}
