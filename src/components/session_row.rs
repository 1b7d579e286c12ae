//! Rows of coaching sessions.

use std::rc::Rc;

use chrono::NaiveDate;
use wire::{CoachingRelationship, CoachingSession, CoachingSessionId, UserId};
use yew::prelude::*;

use super::icon::{Glyph, icon};
use super::link::RouteLink;
use super::not_saved::{NotSaved, not_saved};
use crate::calendar;
use crate::draft::is_draft;
use crate::query::{Backend, List};
use crate::route::Route;

/// The content of a coaching session's row.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRow {
    /// The id of the coaching session.
    pub id: CoachingSessionId,
    /// The title, or a text in its place.
    pub title: String,
    /// The name of the other person, once it is known.
    pub partner: Option<String>,
    /// The day on which it starts.
    pub day: NaiveDate,
    /// The time at which it starts.
    pub time: String,
    /// Whether the server does not know the coaching session yet, so that it has no page.
    pub is_draft: bool,
}

impl SessionRow {
    /// Returns the row of a coaching session as this person sees it.
    #[must_use]
    pub fn new(session: &CoachingSession, user: UserId, relationships: Option<&List<CoachingRelationship>>) -> Self {
        let title = session.title.as_ref().or(session.display_title.as_ref());
        let relationship =
            relationships.and_then(|all| all.iter().find(|each| each.id == session.coaching_relationship_id));
        let starts = calendar::local(session.date);
        Self {
            id: session.id,
            title: title.map_or_else(|| "Untitled session".to_owned(), Clone::clone),
            partner: relationship.map(|relationship| relationship.partner_of(user)),
            day: starts.date(),
            time: calendar::time_of_day(starts),
            is_draft: is_draft(session),
        }
    }
}

/// Shows coaching sessions in a list, each as a link to its page. `on_near` receives the one that the person is likely
/// to open.
pub fn session_rows<B: Backend>(
    rows: &[Rc<SessionRow>],
    today: NaiveDate,
    on_near: &Callback<CoachingSessionId>,
) -> Html {
    html! {
        <ul class="rows sessions">
            for row in rows.iter() { { session_row::<B>(row, today, on_near) } }
        </ul>
    }
}

fn session_row<B: Backend>(row: &SessionRow, today: NaiveDate, on_near: &Callback<CoachingSessionId>) -> Html {
    let id = row.id;
    let content = html! {
        <>
            <span class={classes!("date", (row.day == today).then_some("today"))}>
                <span ~textContent={calendar::day(row.day, today)} />
                <span class="time" ~textContent={&row.time} />
            </span>
            <span class="what">
                <span class="title" dir="auto" ~textContent={&row.title} />
                <span class="details">
                    if let Some(partner) = &row.partner {
                        <span dir="auto" ~textContent={format!("with {partner}")} />
                    }
                    if row.is_draft { { not_saved() } } else { <NotSaved<B> row={id.as_u128()} /> }
                </span>
            </span>
        </>
    };
    html! {
        <li key={id.to_string()} data-id={id.to_string()}>
            if row.is_draft {
                <span class="row">{ content }</span>
            } else {
                <RouteLink to={Route::Session { id }} classes="row" on_near={on_near.reform(move |()| id)}>
                    { content }
                    { icon(Glyph::Arrow) }
                </RouteLink>
            }
        </li>
    }
}
