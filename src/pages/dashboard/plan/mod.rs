//! The form that plans a coaching session.

mod draft;
mod unplanned;

use std::rc::Rc;

use chrono::NaiveDate;
use web_sys::HtmlInputElement;
use wire::{CoachingRelationship, CoachingSession, MAX_TITLE, NewCoachingSession, UserId};
use yew::prelude::*;

use super::Window;
use crate::calendar;
use crate::components::{RouteLink, Select, is_too_long, limit_note};
use crate::kept::{use_kept, use_kept_text};
use crate::navigation::use_navigation;
use crate::query::{List, use_mutation};
use crate::resources::{self, UserSessions};
use crate::route::Route;
use draft::Draft;
use unplanned::Unplanned;

/// The key under which the draft is stored.
const PLACE: &str = "plan/title";

/// The id of the link to a coaching session that the dashboard does not show.
const ELSEWHERE: &str = "planned-elsewhere";

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct PlanSessionProperties {
    pub(super) window: Window,
    pub(super) user: UserId,
    pub(super) relationships: Option<Rc<List<CoachingRelationship>>>,
}

/// The form that plans a coaching session with a coachee of this person.
#[component]
pub(super) fn PlanSession(props: &PlanSessionProperties) -> Html {
    let when = use_node_ref();
    let all_kept = use_kept();
    let kept = use_kept_text(&AttrValue::Static(PLACE));
    let draft = Draft::of(kept.current);
    // The form is open if there is a stored draft, so that the person sees it.
    let is_open = *use_memo((), |()| !draft.is_blank());
    // Stored with the draft. The choice also stays for the next plan.
    let chosen = use_state(|| draft.with.clone());
    let is_too_long = is_too_long(draft.title.trim(), MAX_TITLE);
    let create = use_mutation::<resources::PlanSession>();
    let navigation = use_navigation();
    let mistake = use_state(|| None::<&str>);
    let elsewhere = use_state(|| None::<CoachingSession>);
    let coachees: Vec<(AttrValue, AttrValue)> = props
        .relationships
        .iter()
        .flat_map(|all| all.iter())
        .filter(|relationship| relationship.coach_id == props.user)
        .map(|relationship| {
            let partner = relationship.partner_of(props.user);
            (relationship.id.to_string().into(), partner.into())
        })
        .collect();
    let is_chosen = |(id, _): &&(AttrValue, AttrValue)| **id == **chosen;
    let with = coachees.iter().find(is_chosen).or_else(|| coachees.first());
    let with = with.map(|(id, _)| id.clone()).unwrap_or_default();

    let on_plan = {
        let elsewhere = elsewhere.clone();
        let (user, window) = (props.user, props.window);
        Callback::from(move |new: NewCoachingSession| {
            let list = if calendar::local(new.date).date() < window.from {
                UserSessions::earlier(user, calendar::today())
            } else {
                UserSessions::recent(user, calendar::today())
            };
            elsewhere.set(None);
            let (navigation, elsewhere) = (navigation.clone(), elsewhere.clone());
            let all_kept = all_kept.clone();
            create.run_then(resources::PlanSession(list, new), move |result| {
                let Ok(planned) = result else { return };
                let (day, announcement) = planned_for(planned);
                let is_near = window.contains(day);
                if !is_near {
                    elsewhere.set(Some(planned.clone()));
                }
                // A person who has begun to plan the next coaching session keeps the focus.
                let is_typing = all_kept.text(PLACE).is_some();
                match is_near {
                    _ if is_typing => navigation.announce(announcement),
                    true => navigation.show(&planned.id.to_string(), announcement),
                    false => navigation.show(ELSEWHERE, announcement),
                }
            });
        })
    };
    let on_submit = {
        let (with, when, title) = (with.clone(), when.clone(), draft.title.trim().to_owned());
        let (keep, mistake, on_plan) = (kept.set.clone(), mistake.clone(), on_plan.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if is_too_long {
                return;
            }
            let (Ok(relationship), Some(when)) = (with.parse(), when.cast::<HtmlInputElement>()) else {
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
            // From now on the mutation is persisted. The draft is removed, because it could be submitted twice.
            when.set_value("");
            keep.emit(None);
            on_plan.emit(new);
        })
    };
    let typed = Draft {
        with: with.to_string(),
        ..draft.clone()
    };
    let keep = kept.set.reform(Draft::kept);
    let on_with = {
        let (keep, typed) = (keep.clone(), typed.clone());
        Callback::from(move |with: String| {
            chosen.set(with.clone());
            keep.emit(Draft { with, ..typed.clone() });
        })
    };
    let on_when = {
        let typed = typed.clone();
        keep.reform(move |event: InputEvent| Draft {
            when: value_of(&event),
            ..typed.clone()
        })
    };
    let on_title = keep.reform(move |event: InputEvent| Draft {
        title: value_of(&event),
        ..typed.clone()
    });
    html! {
        <>
        <details class="card plan" open={is_open}>
            <summary ~textContent="Plan a session" />
            <form onsubmit={on_submit}>
                <label for="plan-with" ~textContent="With" />
                <Select id="plan-with" value={with} options={coachees} on_choose={on_with} />
                <label for="plan-when" ~textContent="When" />
                <input id="plan-when" ref={when} type="datetime-local" max="9999-12-31T23:59" required=true
                    value={draft.when} oninput={on_when} />
                <label for="plan-title" ~textContent="Title (optional)" />
                <input id="plan-title" dir="auto" value={draft.title.clone()} oninput={on_title} />
                { limit_note(&draft.title, MAX_TITLE) }
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

/// Returns the value of the field that received the input.
fn value_of(event: &InputEvent) -> String {
    event.target_unchecked_into::<HtmlInputElement>().value()
}

/// Returns the day of a coaching session, and a sentence about it.
fn planned_for(session: &CoachingSession) -> (NaiveDate, String) {
    let day = calendar::local(session.date).date();
    let name = calendar::day_in_sentence(day, calendar::today());
    (day, format!("Planned a session for {name}."))
}

/// Shows a note with a link to a coaching session that the dashboard does not show.
fn elsewhere_note(session: &CoachingSession) -> Html {
    let (day, text) = planned_for(session);
    let why = if day < calendar::today() {
        "The dashboard does not look back that far."
    } else {
        "The dashboard does not look ahead that far."
    };
    html! {
        <div class="note">
            <p ~textContent={format!("{text} {why}")} />
            <RouteLink id={ELSEWHERE} to={Route::Sessions} place={session.id.to_string()} classes="link">
                <span ~textContent="Show it in all sessions" />
            </RouteLink>
        </div>
    }
}
