//! Planning a session.

use std::rc::Rc;

use wire::{CoachingRelationship, NewCoachingSession, UserId};
use yew::prelude::*;

use crate::calendar;
use crate::navigation::use_navigation;
use crate::query::{List, use_mutation};
use crate::resources::{self, UserSessions};

/// Longest title, in characters.
const MAX_TITLE: u32 = 500;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct PlanSessionProperties {
    pub(super) query: UserSessions,
    pub(super) user: UserId,
    pub(super) relationships: Option<Rc<List<CoachingRelationship>>>,
}

/// Planning a session with somebody whom this person coaches.
#[component]
pub(super) fn PlanSession(props: &PlanSessionProperties) -> Html {
    let (with, when, title) = (use_node_ref(), use_node_ref(), use_node_ref());
    let create = use_mutation::<resources::PlanSession>();
    let navigation = use_navigation();
    let is_running = use_state(|| false);
    let mistake = use_state(|| None::<&str>);
    let coachees: Vec<_> = props
        .relationships
        .iter()
        .flat_map(|all| all.iter())
        .filter(|relationship| relationship.coach_id == props.user)
        .cloned()
        .collect();

    let on_submit = {
        let (with, when, title) = (with.clone(), when.clone(), title.clone());
        let (is_running, mistake, query) = (is_running.clone(), mistake.clone(), props.query);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if *is_running {
                return;
            }
            let input = |field: &NodeRef| field.cast::<web_sys::HtmlInputElement>();
            let relationship = with
                .cast::<web_sys::HtmlSelectElement>()
                .and_then(|field| field.value().parse().ok());
            let (Some(relationship), Some(when), Some(title)) = (relationship, input(&when), input(&title)) else {
                return;
            };
            let Some(starts) = calendar::from_field(&when.value()) else {
                mistake.set(Some("Please give a day and a time."));
                return;
            };
            mistake.set(None);
            is_running.set(true);
            let (is_running, navigation) = (is_running.clone(), navigation.clone());
            let new = NewCoachingSession {
                coaching_relationship_id: relationship,
                date: calendar::utc(starts),
                duration_minutes: None,
                title: Some(title.value().trim().to_owned()).filter(|title| !title.is_empty()),
                meeting_url: None,
                provider: None,
            };
            create.run_then(resources::PlanSession(query, new), move |result| {
                is_running.set(false);
                if let Ok(planned) = result {
                    when.set_value("");
                    title.set_value("");
                    let day = calendar::day_in_sentence(calendar::local(planned.date).date(), calendar::today());
                    navigation.show(&planned.id.to_string(), format!("Planned a session for {day}"));
                }
            });
        })
    };
    html! {
        <details class="card plan">
            <summary ~textContent="Plan a session" />
            <form onsubmit={on_submit}>
                <label for="plan-with" ~textContent="With" />
                <select id="plan-with" ref={with} required=true>
                    for relationship in coachees.iter() {
                        <option value={relationship.id.to_string()} ~textContent={relationship.partner_of(props.user)} />
                    }
                </select>
                <label for="plan-when" ~textContent="When" />
                <input id="plan-when" ref={when} type="datetime-local" max="9999-12-31T23:59"
                    required=true />
                <label for="plan-title" ~textContent="Title (optional)" />
                <input id="plan-title" ref={title} maxlength={MAX_TITLE.to_string()} />
                if let Some(mistake) = *mistake {
                    <p class="error" role="alert" ~textContent={mistake} />
                }
                <button type="submit" class="primary" disabled={*is_running} ~textContent="Plan session" />
            </form>
        </details>
    }
}
