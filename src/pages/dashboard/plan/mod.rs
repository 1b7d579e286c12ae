//! Planning a session.

mod unplanned;

use std::rc::Rc;

use chrono::NaiveDate;
use wire::{CoachingRelationship, CoachingSession, MAX_TITLE, NewCoachingSession, UserId};
use yew::prelude::*;

use super::Window;
use crate::calendar;
use crate::components::{RouteLink, is_too_long, limit_note};
use crate::kept::{KeptText, use_kept, use_kept_text};
use crate::navigation::use_navigation;
use crate::query::{List, use_mutation};
use crate::resources::{self, UserSessions};
use crate::route::Route;
use unplanned::Unplanned;

/// The place of the title that is typed.
const PLACE: &str = "plan/title";

/// The id of the link to a session that the dashboard does not show.
const ELSEWHERE: &str = "planned-elsewhere";

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct PlanSessionProperties {
    pub(super) window: Window,
    pub(super) user: UserId,
    pub(super) relationships: Option<Rc<List<CoachingRelationship>>>,
}

/// Planning a session with somebody whom this person coaches.
#[component]
pub(super) fn PlanSession(props: &PlanSessionProperties) -> Html {
    let (with, when) = (use_node_ref(), use_node_ref());
    let all_kept = use_kept();
    let kept = use_kept_text(&AttrValue::Static(PLACE));
    let title = kept.current.map(|kept| kept.text).unwrap_or_default();
    // A title that was kept must be seen.
    let is_open = *use_memo((), |()| !title.is_empty());
    let is_too_long = is_too_long(title.trim(), MAX_TITLE);
    let create = use_mutation::<resources::PlanSession>();
    let navigation = use_navigation();
    let mistake = use_state(|| None::<&str>);
    let elsewhere = use_state(|| None::<CoachingSession>);
    let coachees: Vec<_> = props
        .relationships
        .iter()
        .flat_map(|all| all.iter())
        .filter(|relationship| relationship.coach_id == props.user)
        .cloned()
        .collect();

    let on_plan = {
        let (when, elsewhere) = (when.clone(), elsewhere.clone());
        let (user, window) = (props.user, props.window);
        Callback::from(move |new: NewCoachingSession| {
            let list = if calendar::local(new.date).date() < window.from {
                UserSessions::earlier(user, calendar::today())
            } else {
                UserSessions::recent(user, calendar::today())
            };
            elsewhere.set(None);
            let (navigation, elsewhere) = (navigation.clone(), elsewhere.clone());
            let (all_kept, when) = (all_kept.clone(), when.clone());
            create.run_then(resources::PlanSession(list, new), move |result| {
                let Ok(planned) = result else { return };
                let (day, announcement) = planned_for(planned);
                let is_near = window.contains(day);
                if !is_near {
                    elsewhere.set(Some(planned.clone()));
                }
                // A person who has begun to plan the next session keeps the focus.
                let is_typing =
                    all_kept.text(PLACE).is_some() || input(&when).is_some_and(|when| !when.value().is_empty());
                match is_near {
                    _ if is_typing => navigation.announce(announcement),
                    true => navigation.show(&planned.id.to_string(), announcement),
                    false => navigation.show(ELSEWHERE, announcement),
                }
            });
        })
    };
    let on_submit = {
        let (with, when, title) = (with.clone(), when.clone(), title.trim().to_owned());
        let (set_title, mistake, on_plan) = (kept.set.clone(), mistake.clone(), on_plan.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if is_too_long {
                return;
            }
            let relationship = with
                .cast::<web_sys::HtmlSelectElement>()
                .and_then(|field| field.value().parse().ok());
            let (Some(relationship), Some(when)) = (relationship, input(&when)) else {
                return;
            };
            let Some(starts) = calendar::from_field(&when.value()) else {
                mistake.set(Some("Please give a day and a time."));
                return;
            };
            mistake.set(None);
            let new = NewCoachingSession {
                coaching_relationship_id: relationship,
                date: calendar::utc(starts),
                duration_minutes: None,
                title: Some(title.clone()).filter(|title| !title.is_empty()),
                meeting_url: None,
                provider: None,
            };
            // From now on the plan itself is kept: what is still typed could be planned twice.
            when.set_value("");
            set_title.emit(None);
            on_plan.emit(new);
        })
    };
    let on_title = {
        let set = kept.set;
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<web_sys::HtmlInputElement>().value();
            let typed = KeptText {
                text,
                ..KeptText::default()
            };
            set.emit(Some(typed).filter(|typed| !typed.text.is_empty()));
        })
    };
    html! {
        <>
        <details class="card plan" open={is_open}>
            <summary ~textContent="Plan a session" />
            <form onsubmit={on_submit}>
                <label for="plan-with" ~textContent="With" />
                <select id="plan-with" ref={with} dir="auto" required=true>
                    for relationship in coachees.iter() {
                        <option value={relationship.id.to_string()} dir="auto" ~textContent={relationship.partner_of(props.user)} />
                    }
                </select>
                <label for="plan-when" ~textContent="When" />
                <input id="plan-when" ref={when} type="datetime-local" max="9999-12-31T23:59"
                    required=true />
                <label for="plan-title" ~textContent="Title (optional)" />
                <input id="plan-title" dir="auto" value={title.clone()} oninput={on_title} />
                { limit_note(&title, MAX_TITLE) }
                if let Some(mistake) = *mistake {
                    <p class="error" role="alert" ~textContent={mistake} />
                }
                <button type="submit" class="primary" disabled={is_too_long} ~textContent="Plan session" />
            </form>
            if let Some(planned) = &*elsewhere { { elsewhere_note(planned) } }
        </details>
        <Unplanned user={props.user} relationships={props.relationships.clone()} {on_plan} />
        </>
    }
}

/// The field behind a reference.
fn input(field: &NodeRef) -> Option<web_sys::HtmlInputElement> {
    field.cast()
}

/// The day of a session, and a sentence that says so.
fn planned_for(session: &CoachingSession) -> (NaiveDate, String) {
    let day = calendar::local(session.date).date();
    let name = calendar::day_in_sentence(day, calendar::today());
    (day, format!("Planned a session for {name}."))
}

/// Says where a session is that the dashboard does not show.
fn elsewhere_note(session: &CoachingSession) -> Html {
    let (_, text) = planned_for(session);
    html! {
        <div class="note">
            <p ~textContent={format!("{text} The dashboard does not look that far.")} />
            <RouteLink id={ELSEWHERE} to={Route::Sessions} place={session.id.to_string()} classes="link">
                <span ~textContent="Show it in all sessions" />
            </RouteLink>
        </div>
    }
}
