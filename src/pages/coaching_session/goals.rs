//! The goals of the relationship, and which of them this session works on.

use std::rc::Rc;

use wire::{CoachingRelationshipId, CoachingSessionId, Goal, ItemStatus, NewGoal, UserId};
use yew::prelude::*;

use crate::components::{AddForm, Glyph, ItemRow, Submission, card, query_view};
use crate::query::use_query;
use crate::resources::{GoalMutations, Item, List, RelationshipGoals, SessionGoals, use_goal_mutations};
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
    let linked = use_query(SessionGoals(props.session));
    let mutations = use_goal_mutations(props.relationship, props.session, props.user);

    let on_add = {
        let (relationship, create) = (props.relationship, mutations.create.clone());
        Callback::from(move |submission: Submission| {
            let new = NewGoal {
                coaching_relationship_id: relationship,
                created_in_session_id: None,
                title: Some(submission.text),
                body: None,
                status: ItemStatus::NotStarted,
                target_date: None,
            };
            create.run_then(new, submission.refused.if_failed());
        })
    };
    let retry = {
        let goals = goals.clone();
        Callback::from(move |()| goals.refetch())
    };
    let count = goals.data().map(|goals| goals.len());
    let linked = linked.data();
    let content = html! {
        <>
            { query_view(goals.view(), retry, |goals| list(&goals, linked.as_deref(), &mutations)) }
            <AddForm what="goal" placeholder="Where do you want to get to?" max_length={MAX_TITLE} {on_add} />
        </>
    };
    card("Goals", Glyph::Flag, count, content)
}

fn list(goals: &List<Goal>, linked: Option<&List<Goal>>, mutations: &GoalMutations) -> Html {
    html! {
        <>
            <ul class="items" data-testid="goals">
                for goal in goals.iter() {
                    <GoalRow key={goal.id.to_string()} goal={Rc::clone(goal)}
                        is_linked={linked.map(|linked| linked.iter().any(|each| each.id == goal.id))}
                        mutations={mutations.clone()} />
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
    goal: Rc<Goal>,
    /// Whether this session works on it; `None` while that is not known.
    is_linked: Option<bool>,
    mutations: GoalMutations,
}

#[component]
fn GoalRow(props: &GoalRowProperties) -> Html {
    let goal = &props.goal;
    let GoalMutations { update, delete, .. } = &props.mutations;
    let select = use_node_ref();
    {
        // What the person has picked stays picked, whatever the markup says: a refusal must be shown by hand.
        let select = select.clone();
        use_effect_with(Rc::clone(goal), move |goal| {
            if let Some(select) = select.cast::<web_sys::HtmlSelectElement>() {
                select.set_value(label(goal.status));
            }
        });
    }
    let on_save = {
        let (goal, update) = (Rc::clone(goal), update.clone());
        Callback::from(move |Submission { text, refused }: Submission| {
            update.run_then(
                Goal {
                    title: Some(text),
                    ..(*goal).clone()
                },
                refused.if_failed(),
            );
        })
    };
    let on_delete = {
        let (id, delete) = (goal.id, delete.clone());
        Callback::from(move |()| {
            delete.run(id);
            move_focus("new-goal");
        })
    };
    html! {
        <ItemRow what="goal" id={goal.id.to_string()} text={goal.title.clone().unwrap_or_default()}
            max_length={MAX_TITLE} is_draft={goal.is_draft()} is_closed={goal.status.is_closed()}
            details={details(props, &select)} {on_save} {on_delete} />
    }
}

/// How far the goal has come, and whether this session works on it.
fn details(props: &GoalRowProperties, select: &NodeRef) -> Html {
    let goal = &props.goal;
    let GoalMutations {
        update, link, unlink, ..
    } = &props.mutations;
    let on_status = {
        let (goal, update) = (Rc::clone(goal), update.clone());
        Callback::from(move |event: Event| {
            let chosen = event.target_unchecked_into::<web_sys::HtmlSelectElement>().value();
            if let Some(status) = ItemStatus::ALL.iter().find(|status| label(**status) == chosen) {
                update.run(Goal {
                    status: *status,
                    ..(*goal).clone()
                });
            }
        })
    };
    let on_link = {
        let (goal, link, unlink) = (Rc::clone(goal), link.clone(), unlink.clone());
        let is_linked = props.is_linked == Some(true);
        Callback::from(move |_: MouseEvent| {
            if is_linked {
                unlink.run(goal.id);
            } else {
                link.run(Rc::clone(&goal));
            }
        })
    };
    let can_link = props.is_linked.is_some() && (props.is_linked == Some(true) || !goal.status.is_closed());
    html! {
        <p class="details">
            <select ref={select.clone()} aria-label="Status" aria-describedby={format!("text-{}", goal.id)} disabled={goal.is_draft()}
                onchange={on_status}>
                for status in ItemStatus::ALL.iter() {
                    <option value={label(*status)} selected={goal.status == *status}>{ label(*status) }</option>
                }
            </select>
            if can_link {
                <button type="button" class="chip" disabled={goal.is_draft()} onclick={on_link}
                    aria-pressed={(props.is_linked == Some(true)).to_string()}
                    aria-describedby={format!("text-{}", goal.id)}>{ "In this session" }</button>
            }
        </p>
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
