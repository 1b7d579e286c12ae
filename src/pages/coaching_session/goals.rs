//! The goals of the relationship, and which of them this session works on.

use std::rc::Rc;

use wire::{CoachingRelationshipId, CoachingSessionId, Goal, GoalId, ItemStatus, Timestamp, UserId};
use yew::prelude::*;

use crate::components::{AddForm, Glyph, ItemRow, Submission, card, problem, query_view};
use crate::draft::{draft_id, is_draft};
use crate::query::{List, Listed, use_item, use_mutation, use_query, use_selection};
use crate::resources::{Create, Delete, LinkGoal, RelationshipGoals, SessionGoals, UnlinkGoal, Update};
use crate::title::move_focus;

/// Longest title, in characters.
const MAX_TITLE: u32 = 500;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct GoalsProperties {
    pub(super) session: CoachingSessionId,
    pub(super) relationship: CoachingRelationshipId,
    pub(super) user: UserId,
}

/// The goals of the relationship: add, edit, delete, take up in this session or not.
#[component]
pub(super) fn Goals(props: &GoalsProperties) -> Html {
    let goals = use_query(RelationshipGoals(props.relationship));
    let create = use_mutation::<Create<Goal>>();

    let on_add = {
        let (relationship, user) = (props.relationship, props.user);
        Callback::from(move |submission: Submission| {
            let draft = draft(relationship, user, submission.text);
            create.run_then(Create(draft), submission.refused.if_failed());
        })
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
    let count = goals.outline_data().map(|goals| goals.len());
    let content = html! {
        <>
            if let Some(error) = linked.failure() {
                { problem(format!("Which goals this session works on is not known. {error}"), &retry_linked) }
            }
            { query_view(goals.outline(), retry, |goals| list(&goals, props)) }
            <AddForm what="goal" placeholder="Where do you want to get to?" max_length={MAX_TITLE} {on_add} />
        </>
    };
    card("Goals", Glyph::Flag, count, content)
}

/// What a new goal looks like until the server has said.
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
    html! {
        <>
            <ul class="items" data-testid="goals">
                for goal in goals.iter() {
                    <GoalRow key={goal.id.to_string()} session={props.session} relationship={props.relationship}
                        goal={Listed(Rc::clone(goal))} />
                }
            </ul>
            if goals.is_empty() {
                <p class="empty">{ "No goals yet. Where should this lead?" }</p>
            }
        </>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct GoalRowProperties {
    session: CoachingSessionId,
    relationship: CoachingRelationshipId,
    goal: Listed<Goal>,
}

#[component]
fn GoalRow(props: &GoalRowProperties) -> Html {
    let goal = use_item(&RelationshipGoals(props.relationship), &props.goal);
    let update = use_mutation::<Update<Goal>>();
    let delete = use_mutation::<Delete<Goal>>();
    let link = use_mutation::<LinkGoal>();
    let unlink = use_mutation::<UnlinkGoal>();
    let id = goal.id.as_u128();
    // Whether this session works on it; `None` while that is not known.
    let is_linked = use_selection(Some(SessionGoals(props.session)), move |linked| {
        linked.find(id).is_some()
    });
    let is_linked = is_linked.map(|is_linked| *is_linked);
    let select = use_node_ref();
    {
        // What the person has picked stays picked, whatever the markup says: a refusal must be shown by hand.
        let select = select.clone();
        use_effect_with(Rc::clone(&goal), move |goal| {
            if let Some(select) = select.cast::<web_sys::HtmlSelectElement>() {
                select.set_value(label(goal.status));
            }
        });
    }
    let on_save = {
        let (goal, update) = (Rc::clone(&goal), update.clone());
        Callback::from(move |Submission { text, refused }: Submission| {
            let wanted = Goal {
                title: Some(text),
                ..(*goal).clone()
            };
            update.run_then(Update::between(&goal, &wanted), refused.if_failed());
        })
    };
    let on_delete = {
        let goal = Rc::clone(&goal);
        Callback::from(move |()| {
            delete.run(Delete::of((*goal).clone()));
            move_focus("new-goal");
        })
    };
    let on_status = {
        let goal = Rc::clone(&goal);
        Callback::from(move |event: Event| {
            let chosen = event.target_unchecked_into::<web_sys::HtmlSelectElement>().value();
            if let Some(status) = ItemStatus::ALL.iter().find(|status| label(**status) == chosen) {
                let wanted = Goal {
                    status: *status,
                    ..(*goal).clone()
                };
                update.run(Update::between(&goal, &wanted));
            }
        })
    };
    let on_link = {
        let (session, goal) = (props.session, Rc::clone(&goal));
        Callback::from(move |_: MouseEvent| {
            if is_linked == Some(true) {
                unlink.run(UnlinkGoal(session, goal.id));
            } else {
                link.run(LinkGoal(session, (*goal).clone()));
            }
        })
    };
    let details = html! {
        <p class="details">
            <select ref={select} aria-label="Status" aria-describedby={format!("text-{}", goal.id)}
                disabled={is_draft(&*goal)} onchange={on_status}>
                for status in ItemStatus::ALL.iter() {
                    <option value={label(*status)} selected={goal.status == *status}>{ label(*status) }</option>
                }
            </select>
            if let Some(is_linked) = is_linked.filter(|is_linked| *is_linked || !goal.status.is_closed()) {
                <button type="button" class="chip" disabled={is_draft(&*goal)} onclick={on_link}
                    aria-pressed={is_linked.to_string()} aria-describedby={format!("text-{}", goal.id)}>
                    { "In this session" }
                </button>
            }
        </p>
    };
    html! {
        <ItemRow what="goal" id={goal.id.to_string()} text={goal.title.clone().unwrap_or_default()}
            max_length={MAX_TITLE} is_draft={is_draft(&*goal)} is_closed={goal.status.is_closed()}
            {details} {on_save} {on_delete} />
    }
}

const fn label(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::NotStarted => "Not started",
        ItemStatus::InProgress => "In progress",
        ItemStatus::Completed => "Completed",
        ItemStatus::OnHold => "On hold",
        ItemStatus::WontDo => "Won't do",
    }
}
