//! Forms for the fields of a row besides its text. Each change is saved at once.

use std::rc::Rc;

use chrono::{NaiveDate, NaiveTime};
use wire::{Action, Goal, ItemStatus, Timestamp, UserId};
use yew::prelude::*;

use super::description::Description;
use super::people::{People, status_label};
use super::row::{TextRow, UseRow};
use crate::calendar;
use crate::components::{DayField, Glyph, Select, icon, text_id};
use crate::draft::is_draft;
use crate::kept::KeptText;
use crate::query::use_query_if;
use crate::resources::{Record as _, RelationshipGoals};

/// The time of day of a due date. At noon the date is the same for people far east and west.
const NOON: Option<NaiveTime> = NaiveTime::from_hms_opt(12, 0, 0);

/// Shows a choice of a status.
pub(super) fn status_select(current: ItemStatus, describes: &str, on_choose: Callback<ItemStatus>) -> Html {
    let on_choose = Callback::from(move |chosen: String| {
        let status = ItemStatus::ALL.iter().find(|status| status_label(**status) == chosen);
        if let Some(status) = status {
            on_choose.emit(*status);
        }
    });
    let options: Vec<(AttrValue, AttrValue)> = ItemStatus::ALL
        .iter()
        .map(|status| (status_label(*status).into(), status_label(*status).into()))
        .collect();
    html! {
        <Select label="Status" describes={describes.to_owned()} value={status_label(current)} {options} {on_choose} />
    }
}

#[derive(Clone, PartialEq, Properties)]
pub(super) struct ActionDetailsProperties {
    pub(super) action: Rc<Action>,
    pub(super) people: People,
    pub(super) on_change: Callback<(Action, String)>,
}

/// The status, due date, assignees and goal of an action.
#[component]
pub(super) fn ActionDetails(props: &ActionDetailsProperties) -> Html {
    let goals = use_query_if(props.people.relationship_id().map(RelationshipGoals));
    let goals = goals.data();
    let action = &props.action;
    let form = ActionForm {
        action: Rc::clone(action),
        on_change: props.on_change.clone(),
    };
    let on_status = {
        let form = form.clone();
        Callback::from(move |status| form.change("Status changed.", |action| action.status = status))
    };
    let on_due = {
        let form = form.clone();
        Callback::from(move |day| form.change("Due date changed.", |action| action.due_by = due_on(day)))
    };
    let on_goal = {
        let form = form.clone();
        Callback::from(move |chosen: String| {
            form.change("Goal changed.", |action| action.goal_id = chosen.parse().ok());
        })
    };
    let assign = |person: UserId| {
        let form = form.clone();
        Callback::from(move |_: Event| {
            form.change("Assignees changed.", |action| {
                let people = &mut action.assignee_ids;
                if people.contains(&person) {
                    people.retain(|each| *each != person);
                } else {
                    people.push(person);
                }
            });
        })
    };
    let (id, describes) = (action.id, text_id(action.id));
    let due = action.due_by.map(|due| calendar::local(due.naive_utc()).date());
    let chosen_goal = action.goal_id.map(|goal| goal.to_string()).unwrap_or_default();
    let mut goal_options = vec![(AttrValue::from(""), AttrValue::from("No goal"))];
    // The server does not know a goal that has not been sent.
    let sent = goals
        .iter()
        .flat_map(|goals| goals.iter())
        .filter(|goal| !is_draft(&***goal));
    goal_options.extend(sent.map(|goal| {
        let title = goal.title.clone().unwrap_or_default();
        (goal.id.to_string().into(), title.into())
    }));
    html! {
        <div class="fields" role="group" aria-label="Details" aria-describedby={describes.clone()}>
            <div class="field">
                <span class="label" ~textContent="Status" />
                { status_select(action.status, &describes, on_status) }
            </div>
            <DayField id={format!("due-{id}")} label="Due" day={due} on_choose={on_due} />
            <fieldset class="field">
                <legend ~textContent="Assigned to" />
                for (person, name) in props.people.all() {
                    <label class="inline">
                        <input type="checkbox" checked={action.assignee_ids.contains(&person)} onchange={assign(person)} />
                        <span dir="auto" ~textContent={name} />
                    </label>
                }
            </fieldset>
            <div class="field">
                <label for={format!("goal-{id}")} ~textContent="Goal" />
                <Select id={format!("goal-{id}")} value={chosen_goal} options={goal_options} on_choose={on_goal} />
            </div>
        </div>
    }
}

/// The action of a form, with a callback for changes.
#[derive(Clone)]
struct ActionForm {
    action: Rc<Action>,
    on_change: Callback<(Action, String)>,
}

impl ActionForm {
    fn change(&self, message: &str, edit: impl FnOnce(&mut Action)) {
        let mut wanted = (*self.action).clone();
        edit(&mut wanted);
        self.on_change.emit((wanted, message.to_owned()));
    }
}

/// Returns the time at which an action with this due date is due.
fn due_on(day: Option<NaiveDate>) -> Option<Timestamp> {
    Some(calendar::utc(day?.and_time(NOON?)).and_utc())
}

#[derive(Clone, PartialEq, Properties)]
pub(super) struct GoalDetailsProperties {
    pub(super) goal: Rc<Goal>,
    pub(super) on_change: Callback<(Goal, String)>,
    /// The callback that saves a description.
    pub(super) on_describe: Callback<KeptText>,
    /// The callback for a typed description that is discarded.
    pub(super) on_discard: Callback<KeptText>,
}

/// The description and the target date of a goal.
#[component]
pub(super) fn GoalDetails(props: &GoalDetailsProperties) -> Html {
    let goal = &props.goal;
    let on_day = {
        let (goal, on_change) = (Rc::clone(goal), props.on_change.clone());
        Callback::from(move |target_date| {
            let wanted = Goal {
                target_date,
                ..(*goal).clone()
            };
            on_change.emit((wanted, "Target date changed.".to_owned()));
        })
    };
    let row = {
        let goal = Rc::clone(goal);
        Callback::from(move |()| goal.to_row())
    };
    html! {
        <div class="fields" role="group" aria-label="Details" aria-describedby={text_id(goal.id)}>
            <DayField id={format!("target-{}", goal.id)} label="Target date" day={goal.target_date} on_choose={on_day} />
            <Description id={goal.id.to_string()} place={description_place(goal)} version={goal.version} {row}
                text={goal.body.clone().unwrap_or_default()} on_save={props.on_describe.clone()}
                on_discard={props.on_discard.clone()} />
        </div>
    }
}

/// Returns the key under which the draft of a goal's description is stored.
pub(super) fn description_place(goal: &Goal) -> AttrValue {
    format!("{}/body", goal.editor()).into()
}

/// Shows a button that opens or closes a part of a row.
pub(super) fn toggle(label: &'static str, glyph: Glyph, is_open: &UseStateHandle<bool>, describes: &str) -> Html {
    let state = is_open.clone();
    let on_click = Callback::from(move |_: MouseEvent| state.set(!*state));
    html! {
        <button type="button" class="plain" title={label} aria-label={label} aria-expanded={is_open.to_string()}
            aria-describedby={describes.to_owned()} onclick={on_click}>
            { icon(glyph) }
        </button>
    }
}

/// Returns a callback that saves the changes of a details form.
pub(super) fn on_change<T: TextRow>(row: &UseRow<T>) -> Callback<(T, String)> {
    let row = row.clone();
    Callback::from(move |(wanted, message): (T, String)| row.change(&wanted, message))
}
