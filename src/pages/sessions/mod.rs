//! All coaching sessions of a person, from any time.

use std::rc::Rc;

use wire::{CoachingRelationship, CoachingSession, User};
use yew::prelude::*;

use crate::api::Api;
use crate::components::{Glyph, SessionRow, card, opaque_note, query_view, session_rows};
use crate::query::{List, UseQuery, use_query, use_query_client, use_waiting};
use crate::resources::{PlanSession, UserRelationships, UserSessions, prefetch_session};
use crate::title::use_title;
use crate::today::use_today;

/// Properties of [`SessionsPage`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct SessionsPageProperties {
    /// The signed-in person.
    pub user: Rc<User>,
}

/// All coaching sessions of a person, from any time.
#[component]
pub fn SessionsPage(props: &SessionsPageProperties) -> Html {
    use_title("All sessions");
    let today = use_today();
    let user = props.user.id;
    let recent = use_query(UserSessions::recent(user, today));
    let earlier = use_query(UserSessions::earlier(user, today));
    let relationships = use_query(UserRelationships(user)).data();
    let waiting = use_waiting::<PlanSession>();
    let client = use_query_client();
    let on_near = use_callback((), move |id, ()| prefetch_session(&client, id));
    let wanted = use_state(String::new);
    let on_input = {
        let wanted = wanted.clone();
        Callback::from(move |event: InputEvent| {
            wanted.set(event.target_unchecked_into::<web_sys::HtmlInputElement>().value());
        })
    };
    let rows = |sessions: &List<CoachingSession>| found(sessions, props, relationships.as_deref(), &wanted);
    let list = |rows: &[Rc<SessionRow>], none: &'static str| {
        let none = if wanted.trim().is_empty() {
            none
        } else {
            "No session matches."
        };
        html! {
            <>
                { session_rows::<Api>(rows, today, &on_near) }
                if rows.is_empty() { <p class="empty" ~textContent={none} /> }
            </>
        }
    };
    // Splits by the day in the time zone of the person, because the server's lists are split by the day in UTC.
    let mut all = recent.data().map(|sessions| rows(&sessions)).unwrap_or_default();
    all.extend(rows(&waiting.iter().map(|plan| Rc::new(plan.draft())).collect()));
    all.sort_by(|a, b| (a.day, &a.time).cmp(&(b.day, &b.time)));
    let (upcoming, mut past): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| row.day >= today);
    past.reverse();
    let count = recent.data().map(|_| upcoming.len());
    let retry = |query: &UseQuery<List<CoachingSession>, Api>| {
        let query = query.clone();
        Callback::from(move |()| query.refetch())
    };
    let upcoming = query_view(recent.view(), retry(&recent), |recent| {
        let list = list(&upcoming, "Nothing is planned.");
        html! { <>{ list }{ opaque_note(&recent, "session") }</> }
    });
    let before = query_view(earlier.view(), retry(&earlier), |earlier| {
        let mut before = rows(&earlier);
        before.reverse();
        let list = if past.is_empty() {
            list(&before, "There was none yet.")
        } else {
            session_rows::<Api>(&before, today, &on_near)
        };
        html! { <>{ list }{ opaque_note(&earlier, "session") }</> }
    });
    let past = html! { <>{ session_rows::<Api>(&past, today, &on_near) }{ before }</> };
    html! {
        <div class="all-sessions">
            <header class="greeting">
                <h1 ~textContent="All sessions" />
                <input type="search" dir="auto" aria-label="Search by title or person" placeholder="Search by title or person"
                    value={(*wanted).clone()} oninput={on_input} />
            </header>
            <div class="columns">
                { card("Upcoming sessions", Glyph::Calendar, count, upcoming) }
                { card("Past sessions", Glyph::Calendar, None, past) }
            </div>
        </div>
    }
}

/// Returns the coaching sessions whose title or other person contains the search text.
fn found(
    sessions: &List<CoachingSession>,
    props: &SessionsPageProperties,
    relationships: Option<&List<CoachingRelationship>>,
    wanted: &str,
) -> Vec<Rc<SessionRow>> {
    let wanted = wanted.trim().to_lowercase();
    let matches = |text: &str| text.to_lowercase().contains(&wanted);
    sessions
        .iter()
        .map(|session| Rc::new(SessionRow::new(session, props.user.id, relationships)))
        .filter(|row| wanted.is_empty() || matches(&row.title) || row.partner.as_deref().is_some_and(matches))
        .collect()
}
