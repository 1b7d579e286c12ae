//! What is to be done, and where it leads.

use std::rc::Rc;

use chrono::NaiveDate;
use wire::{Action, CoachingRelationship, Goal, ItemStatus, UserId};
use yew::prelude::*;

use crate::calendar;
use crate::components::{Glyph, RouteLink, card, query_view};
use crate::query::{use_query, use_query_client};
use crate::resources::{Client, RelationshipGoals, UserActions, prefetch_session};
use crate::route::Route;
use crate::today::use_today;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct OpenActionsProperties {
    pub(super) user: UserId,
}

/// The actions that are still open, in all sessions.
#[component]
pub(super) fn OpenActions(props: &OpenActionsProperties) -> Html {
    let actions = use_query(UserActions(props.user));
    let today = use_today();
    let client = use_query_client();
    let retry = {
        let actions = actions.clone();
        Callback::from(move |()| actions.refetch())
    };
    let open = |actions: &[Rc<Action>]| -> Vec<Rc<Action>> {
        actions
            .iter()
            .filter(|action| !action.status.is_closed())
            .cloned()
            .collect()
    };
    let count = actions.data().map(|actions| open(&actions).len());
    let content = query_view(actions.view(), retry, |actions| {
        open_list(&open(&actions), today, &client)
    });
    card("Open actions", Glyph::Check, count, content)
}

fn open_list(actions: &[Rc<Action>], today: NaiveDate, client: &Client) -> Html {
    let on_near = |action: &Action| {
        let (client, id) = (client.clone(), action.coaching_session_id);
        Callback::from(move |()| prefetch_session(&client, id))
    };
    html! {
        <>
            <ul class="rows">
                for action in actions.iter() {
                    <li key={action.id.to_string()} data-id={action.id.to_string()}>
                        <RouteLink to={Route::Session { id: action.coaching_session_id }} place={action.id.to_string()}
                            classes="row" on_near={on_near(action)}>
                            <span class="what">
                                <span class="title" dir="auto" ~textContent={action.body.as_deref().unwrap_or_default()} />
                                if let Some(due) = action.due_by.map(|due| calendar::local(due.naive_utc()).date()) {
                                    <span class={classes!("details", "due", (due < today).then_some("late"))}
                                        ~textContent={due_text(due, today)} />
                                }
                            </span>
                        </RouteLink>
                    </li>
                }
            </ul>
            if actions.is_empty() {
                <p class="empty" ~textContent="Nothing is open. Well done." />
            }
        </>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct GoalsProperties {
    pub(super) relationship: Rc<CoachingRelationship>,
    pub(super) user: UserId,
}

/// The goals that are being worked on with one person.
#[component]
pub(super) fn Goals(props: &GoalsProperties) -> Html {
    let goals = use_query(RelationshipGoals(props.relationship.id));
    let retry = {
        let goals = goals.clone();
        Callback::from(move |()| goals.refetch())
    };
    let title = format!("Goals with {}", props.relationship.partner_of(props.user));
    let content = query_view(goals.view(), retry, |goals| goal_list(&goals));
    card(&title, Glyph::Flag, None, content)
}

fn goal_list(goals: &[Rc<Goal>]) -> Html {
    let current: Vec<_> = goals.iter().filter(|goal| !goal.status.is_closed()).collect();
    html! {
        <>
            <ul class="rows plain-rows">
                for goal in current.iter() {
                    <li key={goal.id.to_string()} data-id={goal.id.to_string()}>
                        <span class="title" dir="auto" ~textContent={goal.title.as_deref().unwrap_or_default()} />
                        if goal.status == ItemStatus::InProgress {
                            <span class="chip" ~textContent="In progress" />
                        }
                    </li>
                }
            </ul>
            if current.is_empty() {
                <p class="empty" ~textContent="No goals are open." />
            }
        </>
    }
}

/// Says until when something is to be done.
fn due_text(due: NaiveDate, today: NaiveDate) -> String {
    let day = calendar::day_in_sentence(due, today);
    if due < today {
        format!("Was due {day}")
    } else {
        format!("Due {day}")
    }
}
