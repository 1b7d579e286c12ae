//! The coaching sessions of a person around today.

use std::rc::Rc;

use chrono::NaiveDate;
use wire::{CoachingRelationship, CoachingSession, UserId};
use yew::prelude::*;

use super::Window;
use crate::api::Api;
use crate::calendar;
use crate::components::{Glyph, RouteLink, SessionRow, card, opaque_note, query_view, session_rows};
use crate::query::{List, use_query, use_query_client};
use crate::resources::{UserSessions, prefetch_session};
use crate::route::Route;
use crate::today::use_today;

#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct SessionsProperties {
    pub(super) window: Window,
    pub(super) user: UserId,
    pub(super) relationships: Option<Rc<List<CoachingRelationship>>>,
}

/// The coaching sessions of a person around today: upcoming, recent, and the number of those beyond.
#[component]
pub(super) fn Sessions(props: &SessionsProperties) -> Html {
    let today = use_today();
    let sessions = use_query(UserSessions::recent(props.user, today));
    let client = use_query_client();
    let retry = {
        let sessions = sessions.clone();
        Callback::from(move |()| sessions.refetch())
    };
    let on_near = use_callback((), move |id, ()| prefetch_session(&client, id));
    query_view(sessions.view(), retry, |sessions| {
        let shown = view(&Around::today(&sessions, props, today), props.window, today, &on_near);
        html! { <>{ shown }{ opaque_note(&sessions, "session") }</> }
    })
}

/// The coaching sessions around today.
struct Around {
    /// The coaching sessions from today on, the next one first.
    upcoming: Vec<Rc<SessionRow>>,
    /// The coaching sessions before today, the latest one first.
    recent: Vec<Rc<SessionRow>>,
    /// The number of coaching sessions after the window.
    beyond: usize,
}

impl Around {
    fn today(sessions: &List<CoachingSession>, props: &SessionsProperties, today: NaiveDate) -> Self {
        let row = |session: &Rc<CoachingSession>| {
            Rc::new(SessionRow::new(session, props.user, props.relationships.as_deref()))
        };
        let (shown, beyond): (Vec<_>, Vec<_>) = sessions.iter().map(row).partition(|row| row.day <= props.window.to);
        let (upcoming, mut recent): (Vec<_>, Vec<_>) = shown
            .into_iter()
            .filter(|row| row.day >= props.window.from)
            .partition(|row| row.day >= today);
        recent.reverse();
        Self {
            upcoming,
            recent,
            beyond: beyond.len(),
        }
    }
}

fn view(around: &Around, window: Window, today: NaiveDate, on_near: &Callback<wire::CoachingSessionId>) -> Html {
    let count = around.upcoming.len();
    let more = match around.beyond {
        0 => "All sessions".to_owned(),
        count => format!("{count} more after {}: all sessions", calendar::day(window.to, today)),
    };
    let upcoming = html! {
        <>
            { session_rows::<Api>(&around.upcoming, today, on_near) }
            if count == 0 {
                <p class="empty" ~textContent="Nothing is planned for the next three months." />
            }
            <p class="more"><RouteLink to={Route::Sessions} classes="link"><span ~textContent={more} /></RouteLink></p>
        </>
    };
    html! {
        <>
            { card("Upcoming sessions", Glyph::Calendar, Some(count), upcoming) }
            if !around.recent.is_empty() {
                { card("Recent sessions", Glyph::Calendar, None, session_rows::<Api>(&around.recent, today, on_near)) }
            }
        </>
    }
}
