//! Planned coaching sessions that the server has not confirmed: unsent ones, and those on which the person has to
//! decide.

use std::rc::Rc;

use chrono::NaiveDate;
use wire::{CoachingRelationship, CoachingSession, NewCoachingSession, UserId};
use yew::prelude::*;

use crate::calendar;
use crate::components::{Choice, ConflictCard, UNSAVED_AFTER};
use crate::countdown::use_has_lasted;
use crate::kept::{use_kept, use_unresolved};
use crate::query::{List, use_waiting};
use crate::resources::PlanSession;
use crate::today::use_today;
use crate::unresolved::Problem;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct UnplannedProperties {
    pub(super) user: UserId,
    pub(super) relationships: Option<Rc<List<CoachingRelationship>>>,
    /// The callback that plans a coaching session again.
    pub(super) on_plan: Callback<NewCoachingSession>,
}

/// The coaching sessions that wait to be planned, and those that could not be planned.
#[component]
pub(super) fn Unplanned(props: &UnplannedProperties) -> Html {
    let kept = use_kept();
    let today = use_today();
    let waiting = use_waiting::<PlanSession>();
    let is_told = use_has_lasted(!waiting.is_empty(), UNSAVED_AFTER);
    let undecided = use_unresolved(|all| {
        let left = all
            .iter()
            .filter_map(|each| Some((PlanSession::left_over(each)?, each.clone())));
        left.collect::<Vec<_>>()
    });
    let waits = |plan: &PlanSession| {
        html! {
            <li class="note">
                <span class="chip waiting" ~textContent="Not saved yet" />
                <span dir="auto" ~textContent={described(&plan.draft(), props, today)} />
            </li>
        }
    };
    let cards = undecided.iter().map(|(session, unresolved)| {
        let explanation = match &unresolved.problem {
            Problem::Refused { message } => format!("This session could not be planned. {message}"),
            _ => "It is not known whether this session was planned: the server could not be reached. Please look at \
                  your sessions."
                .to_owned(),
        };
        let choice = |label, plans: bool| {
            let (kept, unresolved) = (kept.clone(), unresolved.clone());
            let (on_plan, new) = (props.on_plan.clone(), PlanSession::new_of(session));
            let on_choose = Callback::from(move |()| {
                if plans {
                    on_plan.emit(new.clone());
                }
                kept.resolve(&unresolved);
            });
            Choice { label, on_choose }
        };
        let choices = vec![choice("Plan again", true), choice("Discard", false)];
        html! {
            <div key={unresolved.id.clone()} class="leftover">
                <ConflictCard {explanation} text={described(session, props, today)} author={String::new()} {choices} />
            </div>
        }
    });
    if undecided.is_empty() && !is_told {
        return Html::default();
    }
    html! {
        <div class="unplanned">
            if is_told {
                <div role="status"><ul class="rows">{ for waiting.iter().map(waits) }</ul></div>
            }
            { for cards }
        </div>
    }
}

/// Formats a coaching session as one line.
fn described(session: &CoachingSession, props: &UnplannedProperties, today: NaiveDate) -> String {
    let relationships = props.relationships.iter().flat_map(|all| all.iter());
    let mut partners = relationships
        .filter(|relationship| relationship.id == session.coaching_relationship_id)
        .map(|relationship| format!("with {}", relationship.partner_of(props.user)));
    let starts = calendar::local(session.date);
    let day = calendar::day(starts.date(), today);
    let when = format!("{day}, {}", calendar::time_of_day(starts));
    let parts = session.title.clone().into_iter().chain(partners.next()).chain([when]);
    parts.collect::<Vec<_>>().join(", ")
}
