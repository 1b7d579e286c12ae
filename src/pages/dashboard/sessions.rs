//! The sessions of a person.

use std::rc::Rc;

use chrono::NaiveDate;
use wire::{CoachingRelationship, CoachingSession, UserId};
use yew::prelude::*;

use crate::calendar;
use crate::components::{Glyph, RouteLink, card, icon, query_view};
use crate::query::{List, use_query, use_query_client};
use crate::resources::{Client, UserSessions, prefetch_session};
use crate::route::Route;
use crate::today::use_today;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct SessionsProperties {
    pub(super) query: UserSessions,
    pub(super) user: UserId,
    pub(super) relationships: Option<Rc<List<CoachingRelationship>>>,
}

/// The sessions of a person: what is coming, and what has been.
#[component]
pub(super) fn Sessions(props: &SessionsProperties) -> Html {
    let sessions = use_query(props.query);
    let client = use_query_client();
    let today = use_today();
    let retry = {
        let sessions = sessions.clone();
        Callback::from(move |()| sessions.refetch())
    };
    query_view(sessions.view(), retry, |sessions| {
        split(&sessions, props, today, &client)
    })
}

fn split(sessions: &List<CoachingSession>, props: &SessionsProperties, today: NaiveDate, client: &Client) -> Html {
    let (upcoming, past): (Vec<_>, Vec<_>) = sessions
        .iter()
        .partition(|session| calendar::local(session.date).date() >= today);
    let coming = html! {
        <>
            <ul class="rows">
                for session in upcoming.iter() { { row(session, today, props, client) } }
            </ul>
            if upcoming.is_empty() {
                <p class="empty" ~textContent="Nothing is planned for the next three months." />
            }
        </>
    };
    let recent = html! {
        <ul class="rows">
            for session in past.iter().rev() { { row(session, today, props, client) } }
        </ul>
    };
    html! {
        <>
            { card("Upcoming sessions", Glyph::Calendar, Some(upcoming.len()), coming) }
            if !past.is_empty() { { card("Recent sessions", Glyph::Calendar, None, recent) } }
        </>
    }
}

fn row(session: &CoachingSession, today: NaiveDate, props: &SessionsProperties, client: &Client) -> Html {
    let (client, id) = (client.clone(), session.id);
    let on_near = Callback::from(move |()| prefetch_session(&client, id));
    let starts = calendar::local(session.date);
    let relationship = props
        .relationships
        .as_deref()
        .and_then(|all| all.iter().find(|each| each.id == session.coaching_relationship_id));
    let title = session
        .title
        .as_deref()
        .or(session.display_title.as_deref())
        .unwrap_or("Untitled session");
    html! {
        <li key={session.id.to_string()} data-id={session.id.to_string()}>
            <RouteLink to={Route::Session { id }} classes="row" {on_near}>
                <span class={classes!("date", (starts.date() == today).then_some("today"))}>
                    <span ~textContent={calendar::day(starts.date(), today)} />
                    <span class="time" ~textContent={calendar::time_of_day(starts)} />
                </span>
                <span class="what">
                    <span class="title" dir="auto" ~textContent={title} />
                    if let Some(relationship) = relationship {
                        <span class="details" dir="auto" ~textContent={format!("with {}", relationship.partner_of(props.user))} />
                    }
                </span>
                { icon(Glyph::Arrow) }
            </RouteLink>
        </li>
    }
}
