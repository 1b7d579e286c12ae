//! The goals of the coaching relationship, and their links to a coaching session.

use std::rc::Rc;

use wire::{CoachingRelationshipId, CoachingSessionId, Goal, GoalId, ItemStatus, MAX_TITLE, Timestamp, UserId};
use yew::prelude::*;

use super::added::Added;
use super::details::{GoalDetails, description_place, on_change, status_select, toggle};
use super::leftovers::Leftovers;
use super::opaque::OpaqueRows;
use super::people::People;
use super::row::{TextRow, UseRow, form, use_add, use_delete, use_row};
use crate::calendar;
use crate::components::{AddForm, Glyph, ItemRow, card, problem, query_view, text_id};
use crate::draft::{draft_id, is_draft};
use crate::kept::{KeptText, use_kept};
use crate::query::{List, Listed, use_item, use_mutation, use_query, use_selection};
use crate::resources::{LinkGoal, RelationshipGoals, RowList, SessionGoals, UnlinkGoal, Versioned as _};
use crate::today::use_today;

impl TextRow for Goal {
    const TEXT: &'static str = "title";
    const MAX_LENGTH: usize = MAX_TITLE;

    fn text(&self) -> Option<&str> {
        self.title.as_deref()
    }

    fn with_text(&self, text: String) -> Self {
        Self {
            title: Some(text),
            ..self.clone()
        }
    }

    fn scope(&self) -> String {
        self.coaching_relationship_id.to_string()
    }

    fn anew(&self) -> Self {
        Self {
            id: GoalId::from_u128(draft_id()),
            created_at: Timestamp::default(),
            version: None,
            ..self.clone()
        }
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct GoalsProperties {
    pub(super) session: CoachingSessionId,
    pub(super) relationship: CoachingRelationshipId,
    pub(super) people: People,
}

/// The goals of the coaching relationship: add, edit, delete, link to this coaching session or unlink.
#[component]
pub(super) fn Goals(props: &GoalsProperties) -> Html {
    let goals = use_query(RelationshipGoals(props.relationship));
    let add = use_add::<Goal>();

    let on_add = {
        let (relationship, user) = (props.relationship, props.people.user);
        Callback::from(move |title: String| add.emit(draft(relationship, user, title)))
    };
    let retry = {
        let goals = goals.clone();
        Callback::from(move |()| goals.refetch())
    };
    let linked = use_query(SessionGoals(props.session));
    let retry_linked = {
        let linked = linked.clone();
        Callback::from(move |()| linked.refetch())
    };
    let count = goals.outline_data().map(|goals| goals.ids().len());
    let scope = props.relationship.to_string();
    let content = html! {
        <>
            if let Some(error) = linked.failure() {
                { problem(format!("Which goals this session works on is not known. {error}"), &retry_linked) }
            }
            { query_view(goals.outline(), retry, |goals| list(&goals, props)) }
            if count.is_none() { <Added<Goal> list={RelationshipGoals(props.relationship)} /> }
            <AddForm noun="goal" placeholder="Where do you want to get to?" max_length={Goal::MAX_LENGTH}
                place={form::<Goal>(&scope)} {on_add} />
        </>
    };
    card("Goals", Glyph::Flag, count, content)
}

/// Returns a new goal, to show until the server has answered.
fn draft(relationship: CoachingRelationshipId, user: UserId, title: String) -> Goal {
    let not_known_yet = Timestamp::default();
    Goal {
        id: GoalId::from_u128(draft_id()),
        coaching_relationship_id: relationship,
        created_in_session_id: None,
        user_id: user,
        title: Some(title),
        body: None,
        status: ItemStatus::NotStarted,
        status_changed_at: None,
        completed_at: None,
        target_date: None,
        created_at: not_known_yet,
        updated_at: not_known_yet,
        version: None,
    }
}

fn list(goals: &List<Goal>, props: &GoalsProperties) -> Html {
    let present = goals.ids();
    html! {
        <>
            <ul class="items" data-testid="goals">
                for goal in goals.iter() {
                    <GoalRow key={goal.id.to_string()} session={props.session} relationship={props.relationship}
                        goal={Listed(Rc::clone(goal))} people={props.people.clone()} />
                }
            </ul>
            if present.is_empty() {
                <p class="empty" ~textContent="No goals yet. Where should this lead?" />
            }
            <OpaqueRows list={RowList::Goals(props.relationship)} noun="goal" rows={goals.opaque().to_vec()} />
            <Leftovers<Goal> scope={props.relationship.to_string()} {present} people={props.people.clone()} />
        </>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct GoalRowProperties {
    session: CoachingSessionId,
    relationship: CoachingRelationshipId,
    goal: Listed<Goal>,
    people: People,
}

#[component]
fn GoalRow(props: &GoalRowProperties) -> Html {
    let goal = use_item(&RelationshipGoals(props.relationship), &props.goal);
    let row = use_row(&goal);
    let on_delete = use_delete(&row);
    let kept = use_kept();
    // A stored draft of the description is in sight after a return to the page.
    let shows_details = use_state(|| kept.text(&description_place(&goal)).is_some());
    let shows_history = use_state(|| false);
    let details = use_details(&goal, &row, props.session);
    let text_id = text_id(goal.id);
    let on_describe = {
        let (goal, row) = (Rc::clone(&goal), row.clone());
        Callback::from(move |typed: KeptText| {
            let with_body = |text: String| Goal {
                body: Some(text).filter(|text| !text.is_empty()),
                ..(*goal).clone()
            };
            let seen = with_body(typed.seen).at_version(typed.version);
            let wanted = with_body(typed.text).at_version(typed.version);
            row.change_from(&seen, &wanted, "Description changed.");
        })
    };
    let below = html! {
        <>
            { row.conflict(&props.people, Some(&on_delete)) }
            if *shows_details {
                <GoalDetails goal={Rc::clone(&goal)} on_change={on_change(&row)} {on_describe}
                    on_discard={row.on_discard(description_place(&goal))} />
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
        <ItemRow noun="goal" id={goal.id.to_string()} text={goal.title.clone().unwrap_or_default()}
            version={goal.version} row={row.on_keep()} editor={goal.editor()} max_length={Goal::MAX_LENGTH}
            unsaved_since={row.unsaved_since} is_closed={goal.status.is_closed()} {details} {below} {buttons}
            on_save={row.on_save()} on_discard={row.on_discard(goal.editor())} {on_delete} />
    }
}

/// Shows the status, the link to the coaching session, the target date and the description of a goal.
#[hook]
fn use_details(goal: &Rc<Goal>, row: &UseRow<Goal>, session: CoachingSessionId) -> Html {
    let link = use_mutation::<LinkGoal>();
    let unlink = use_mutation::<UnlinkGoal>();
    let today = use_today();
    let id = goal.id.as_u128();
    // `None` while the links are unknown.
    let is_linked = use_selection(Some(SessionGoals(session)), move |linked| linked.find(id).is_some());
    let is_linked = is_linked.map(|is_linked| *is_linked);
    let on_status = {
        let (goal, row) = (Rc::clone(goal), row.clone());
        Callback::from(move |status| {
            let wanted = Goal {
                status,
                ..(*goal).clone()
            };
            row.change(&wanted, "Status changed.");
        })
    };
    let on_link = {
        let goal = Rc::clone(goal);
        Callback::from(move |_: MouseEvent| {
            if is_linked == Some(true) {
                unlink.run(UnlinkGoal(session, goal.id));
            } else {
                link.run(LinkGoal(session, (*goal).clone()));
            }
        })
    };
    let describes = text_id(goal.id);
    let target = goal.target_date.map(|day| calendar::day_in_sentence(day, today));
    html! {
        <>
            <p class="details">
                { status_select(goal.status, &describes, on_status) }
                if let Some(is_linked) = is_linked.filter(|is_linked| *is_linked || !goal.status.is_closed()) {
                    <button type="button" class="chip" disabled={is_draft(&**goal)} onclick={on_link}
                        aria-pressed={is_linked.to_string()} aria-describedby={describes} ~textContent="In this session" />
                }
                if let Some(day) = target {
                    <span class="due" ~textContent={format!("By {day}")} />
                }
            </p>
            if let Some(body) = goal.body.as_deref().filter(|body| !body.is_empty()) {
                <p class="description" dir="auto" ~textContent={body} />
            }
        </>
    }
}
