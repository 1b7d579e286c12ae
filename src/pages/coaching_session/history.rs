//! The history of a row: the author, the time and the changed fields of each write.

use std::rc::Rc;

use intent::Value;
use uuid::Uuid;
use wire::{Goal, GoalId, HistoryEntry, HistoryKind};
use yew::prelude::*;

use super::people::{People, field_label};
use crate::calendar;
use crate::components::query_view;
use crate::query::{List, use_pages, use_query_if};
use crate::resources::{RelationshipGoals, RowHistory};

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct HistoryProperties {
    pub(super) collection: &'static str,
    pub(super) id: Uuid,
    /// The name of the text field.
    pub(super) text_field: &'static str,
    /// The current text.
    pub(super) text: AttrValue,
    pub(super) people: People,
    /// The callback that restores an earlier text.
    pub(super) on_bring_back: Callback<String>,
}

/// The history of a row, the newest write first.
#[component]
pub(super) fn History(props: &HistoryProperties) -> Html {
    let pages = use_pages(Some(RowHistory {
        collection: props.collection,
        id: props.id,
    }));
    let retry = {
        let pages = pages.clone();
        Callback::from(move |()| pages.refetch())
    };
    let on_more = {
        let pages = pages.clone();
        Callback::from(move |_: MouseEvent| pages.fetch_more())
    };
    let goals = use_query_if(props.people.relationship_id().map(RelationshipGoals)).data();
    let content = query_view(pages.view(), retry, |pages| {
        html! {
            <>
                <ol class="history">
                    for entry in pages.items.iter() { { write(entry, props, goals.as_deref()) } }
                </ol>
                if pages.items.is_empty() {
                    <p class="empty" ~textContent="Nothing is recorded yet." />
                }
                if pages.has_more() {
                    <button type="button" onclick={on_more} ~textContent="Show older" />
                }
            </>
        }
    });
    html! { <div class="fields" role="group" aria-label="History">{ content }</div> }
}

/// Shows one write of the row.
fn write(entry: &Rc<HistoryEntry>, props: &HistoryProperties, goals: Option<&List<Goal>>) -> Html {
    let describe = |field: &str, value: &Value| match field {
        "goal_id" => describe_goal(value, goals),
        _ => props.people.describe(field, value),
    };
    let at = calendar::local(entry.at.naive_utc());
    let when = format!("{}, {}", calendar::full_day(at.date()), calendar::time_of_day(at));
    let name = props.people.name(entry.by).unwrap_or_else(|| "Somebody".to_owned());
    let deed = match entry.kind {
        HistoryKind::Created => "wrote this",
        HistoryKind::Updated => "changed",
        HistoryKind::Deleted => "deleted this",
        HistoryKind::Restored => "brought this back",
    };
    let fields = entry
        .fields
        .iter()
        .filter(|field| entry.kind == HistoryKind::Updated || field.name == props.text_field);
    html! {
        <li key={entry.id.to_string()}>
            <p><strong dir="auto" ~textContent={name} /><span ~textContent={format!(" {deed} · {when}")} /></p>
            for field in fields {
                <div class="change">
                    <span class="label" ~textContent={field_label(&field.name)} />
                    if entry.kind == HistoryKind::Updated {
                        <del dir="auto" ~textContent={describe(&field.name, &field.from)} />
                    }
                    <ins dir="auto" ~textContent={describe(&field.name, &field.to)} />
                    if field.name == props.text_field { { bring_back(field.to.as_str(), props) } }
                </div>
            }
        </li>
    }
}

/// Returns the title of a goal, if the goal exists.
fn describe_goal(goal: &Value, goals: Option<&List<Goal>>) -> String {
    let Some(id) = goal.as_str() else {
        return "no goal".to_owned();
    };
    let id = id.parse().ok().map(|id: GoalId| id.as_u128());
    let found = id.and_then(|id| goals?.find(id)).and_then(|goal| goal.title.clone());
    found.unwrap_or_else(|| "another goal".to_owned())
}

fn bring_back(text: Option<&str>, props: &HistoryProperties) -> Html {
    match text.filter(|text| **text != *props.text) {
        None => Html::default(),
        Some(text) => {
            let (text, on_bring_back) = (text.to_owned(), props.on_bring_back.clone());
            let on_click = Callback::from(move |_: MouseEvent| on_bring_back.emit(text.clone()));
            html! { <button type="button" onclick={on_click} ~textContent="Bring this text back" /> }
        }
    }
}
