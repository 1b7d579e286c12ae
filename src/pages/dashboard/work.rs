//! The open actions, and the goals that they serve.

use std::rc::Rc;

use chrono::NaiveDate;
use wire::{Action, CoachingRelationship, CoachingSessionId, Goal, ItemStatus, UserId};
use yew::prelude::*;

use crate::api::Api;
use crate::calendar;
use crate::components::{Glyph, NotSaved, RouteLink, card, opaque_note, query_view};
use crate::query::{List, use_query, use_query_client, use_selection};
use crate::resources::{RelationshipGoals, UserActions, prefetch_session};
use crate::route::Route;
use crate::today::use_today;
use crate::words::{people_in_sentence, status_label};

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct OpenActionsProperties {
    pub(super) user: UserId,
    pub(super) relationships: Option<Rc<List<CoachingRelationship>>>,
}

/// The open actions of all coaching sessions, the next due first.
#[component]
pub(super) fn OpenActions(props: &OpenActionsProperties) -> Html {
    let actions = use_query(UserActions(props.user));
    let today = use_today();
    let client = use_query_client();
    let on_near = use_callback((), move |id, ()| prefetch_session(&client, id));
    let retry = {
        let actions = actions.clone();
        Callback::from(move |()| actions.refetch())
    };
    let count = actions.data().map(|actions| open(&actions).len());
    let content = query_view(actions.view(), retry, |actions| {
        html! {
            <>
                { open_list(&open(&actions), props, today, &on_near) }
                { opaque_note(&actions, "action") }
            </>
        }
    });
    card("Open actions", Glyph::Check, count, content)
}

/// Returns the open actions, the next due first, those without a due date last.
fn open(actions: &[Rc<Action>]) -> List<Action> {
    let open = actions.iter().filter(|action| !action.status.is_closed());
    let open: List<Action> = open.cloned().collect();
    open.sorted_by_key(|action| (action.due_by.is_none(), action.due_by))
}

fn open_list(
    actions: &List<Action>,
    props: &OpenActionsProperties,
    today: NaiveDate,
    on_near: &Callback<CoachingSessionId>,
) -> Html {
    html! {
        <>
            <ul class="rows" data-testid="open-actions">
                for action in actions.iter() { { action_row(action, props, today, on_near) } }
            </ul>
            if actions.is_empty() {
                <p class="empty" ~textContent="Nothing is open. Well done." />
            }
        </>
    }
}

fn action_row(
    action: &Action,
    props: &OpenActionsProperties,
    today: NaiveDate,
    on_near: &Callback<CoachingSessionId>,
) -> Html {
    let session = action.coaching_session_id;
    let due = action.due_by.map(|due| calendar::local(due.naive_utc()).date());
    let is_late = due.is_some_and(|due| due < today);
    let assignees = assignees(action, props);
    html! {
        <li key={action.id.to_string()} data-id={action.id.to_string()}>
            <RouteLink to={Route::Session { id: session }} place={action.id.to_string()} classes="row"
                on_near={on_near.reform(move |()| session)}>
                <span class="what">
                    <span class="title" dir="auto" ~textContent={action.body.as_deref().unwrap_or_default()} />
                    <span class="details">
                        if let Some(due) = due {
                            <span class={classes!("due", is_late.then_some("late"))} ~textContent={due_text(due, today)} />
                        }
                        if !assignees.is_empty() {
                            <span dir="auto" ~textContent={format!("For {assignees}")} />
                        }
                        if let Some(goal) = action.goal_id {
                            for relationship in candidates(action, props) {
                                <GoalTitle key={format!("{goal} {}", relationship.id)} relationship={relationship.id} {goal} />
                            }
                        }
                        <NotSaved<Api> row={action.id.as_u128()} />
                    </span>
                </span>
            </RouteLink>
        </li>
    }
}

/// Formats the assignees of an action.
fn assignees(action: &Action, props: &OpenActionsProperties) -> String {
    people_in_sentence(&action.assignee_ids, props.user, |person| {
        let mut all = props.relationships.iter().flat_map(|all| all.iter());
        all.find_map(|relationship| relationship.name_of(person))
    })
}

/// Returns the coaching relationships to which an action may belong: those with the other person that it names, or all
/// if it names no other person.
fn candidates<'props>(
    action: &Action,
    props: &'props OpenActionsProperties,
) -> impl Iterator<Item = &'props Rc<CoachingRelationship>> + use<'props> {
    let named = action.assignee_ids.iter().chain([&action.user_id]);
    let other = named.copied().find(|person| *person != props.user);
    let all = props.relationships.iter().flat_map(|all| all.iter());
    all.filter(move |relationship| other.is_none_or(|other| relationship.name_of(other).is_some()))
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct GoalTitleProperties {
    relationship: wire::CoachingRelationshipId,
    goal: wire::GoalId,
}

/// The title of a goal, if it belongs to this coaching relationship.
#[component]
fn GoalTitle(props: &GoalTitleProperties) -> Html {
    let id = props.goal.as_u128();
    let title = use_selection(Some(RelationshipGoals(props.relationship)), move |goals| {
        goals.find(id).and_then(|goal| goal.title.clone())
    });
    match title.as_deref() {
        Some(Some(title)) => html! { <span class="serves" dir="auto" ~textContent={format!("→ {title}")} /> },
        Some(None) | None => Html::default(),
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct GoalsProperties {
    pub(super) relationship: Rc<CoachingRelationship>,
    pub(super) user: UserId,
}

/// The open goals of one coaching relationship, the next target date first.
#[component]
pub(super) fn Goals(props: &GoalsProperties) -> Html {
    let goals = use_query(RelationshipGoals(props.relationship.id));
    let today = use_today();
    let retry = {
        let goals = goals.clone();
        Callback::from(move |()| goals.refetch())
    };
    let title = format!("Goals with {}", props.relationship.partner_of(props.user));
    let content = query_view(goals.view(), retry, |goals| {
        html! { <>{ goal_list(&goals, today) }{ opaque_note(&goals, "goal") }</> }
    });
    card(&title, Glyph::Flag, None, content)
}

fn goal_list(goals: &[Rc<Goal>], today: NaiveDate) -> Html {
    let current = goals.iter().filter(|goal| !goal.status.is_closed());
    let current: List<Goal> = current.cloned().collect();
    let current = current.sorted_by_key(|goal| (goal.target_date.is_none(), goal.target_date));
    html! {
        <>
            <ul class="rows plain-rows" data-testid="open-goals">
                for goal in current.iter() { { goal_row(goal, today) } }
            </ul>
            if current.is_empty() {
                <p class="empty" ~textContent="No goals are open." />
            }
        </>
    }
}

fn goal_row(goal: &Goal, today: NaiveDate) -> Html {
    let target = goal.target_date;
    let is_late = target.is_some_and(|day| day < today);
    html! {
        <li key={goal.id.to_string()} data-id={goal.id.to_string()}>
            <span class="what">
                <span class="title" dir="auto" ~textContent={goal.title.as_deref().unwrap_or_default()} />
                if let Some(day) = target {
                    <span class={classes!("details", "due", is_late.then_some("late"))}
                        ~textContent={format!("By {}", calendar::day_in_sentence(day, today))} />
                }
            </span>
            <NotSaved<Api> row={goal.id.as_u128()} />
            if goal.status != ItemStatus::NotStarted {
                <span class="chip" ~textContent={status_label(goal.status)} />
            }
        </li>
    }
}

/// Formats the due date of an action.
fn due_text(due: NaiveDate, today: NaiveDate) -> String {
    let day = calendar::day_in_sentence(due, today);
    if due < today {
        format!("Was due {day}")
    } else {
        format!("Due {day}")
    }
}
