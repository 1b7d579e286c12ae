//! The page of one coaching session: its actions, agreements and goals, live.

mod actions;
mod added;
mod agreements;
mod description;
mod details;
mod goals;
mod header;
mod history;
mod leftovers;
mod opaque;
mod people;
mod row;

use std::rc::Rc;
use std::time::Duration;

use wire::{CoachingRelationship, CoachingSession, CoachingSessionId, User};
use yew::prelude::*;

use crate::api::{ApiError, Kind};
use crate::components::{RouteLink, problem, skeleton};
use crate::countdown::use_has_lasted;
use crate::query::{View, use_query};
use crate::resources::{SessionById, UserRelationships};
use crate::route::Route;
use crate::title::use_title_once_known;

use actions::Actions;
use agreements::Agreements;
use goals::Goals;
use header::SessionHeader;
use people::People;

/// The time after which the lists are fetched even if the coaching session itself has not arrived.
const PATIENCE: Duration = Duration::from_secs(1);

/// Properties of [`CoachingSessionPage`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct CoachingSessionPageProperties {
    /// The id of the coaching session.
    pub id: CoachingSessionId,
    /// The signed-in person.
    pub user: Rc<User>,
}

/// The page of one coaching session: its actions, agreements and goals, live.
#[component]
pub fn CoachingSessionPage(props: &CoachingSessionPageProperties) -> Html {
    let session = use_query(SessionById(props.id));
    let relationships = use_query(UserRelationships(props.user.id));
    let retry = {
        let session = session.clone();
        Callback::from(move |()| session.refetch())
    };
    let view = session.view();
    let shown = use_shown(&view);
    let title = match &view {
        View::Ready { data, .. } => Some(AttrValue::from(
            data.title.clone().unwrap_or_else(|| "Session".to_owned()),
        )),
        _ if shown == Shown::NotThere => Some(AttrValue::from("Not found")),
        View::Failed(_) => Some(AttrValue::from("Session")),
        View::Idle | View::Loading => None,
    };
    use_title_once_known(title, "Session");
    if shown == Shown::NotThere {
        return no_such_session();
    }
    let (session, failure) = match view {
        View::Failed(error) => (None, Some(error)),
        View::Ready { data, error } => (Some(data), error),
        View::Idle | View::Loading => (None, None),
    };
    let relationship = relationships.data().and_then(|all| {
        let id = session.as_ref()?.coaching_relationship_id;
        all.iter().find(|each| each.id == id).cloned()
    });
    let is_coming = failure.is_none();
    let people = People {
        user: props.user.id,
        relationship: relationship.clone(),
    };
    html! {
        <article class="session">
            if let Some(error) = failure { { problem(error.to_string(), &retry) } }
            if let Some(session) = &session {
                <SessionHeader session={Rc::clone(session)} partner={partner(relationship.as_deref(), &props.user)}
                    people={people.clone()} />
            } else if is_coming {
                { skeleton() }
            }
            if shown == Shown::Parts {
                <div class="columns">
                    <Actions session={props.id} people={people.clone()} />
                    <div class="column">
                        <Agreements session={props.id} people={people.clone()} />
                        if let Some(session) = session {
                            <Goals session={props.id} relationship={session.coaching_relationship_id} {people} />
                        }
                    </div>
                </div>
            }
        </article>
    }
}

fn partner(relationship: Option<&CoachingRelationship>, user: &User) -> Option<AttrValue> {
    relationship.map(|relationship| relationship.partner_of(user.id).into())
}

/// The part of a coaching session that the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Only a placeholder.
    Nothing,
    /// The lists, which are fetched from then on.
    Parts,
    /// A note that there is no such coaching session.
    NotThere,
}

/// Returns the part of the coaching session to show. During a new fetch, the part stays as before. If the coaching
/// session takes long to arrive, its lists are fetched nevertheless, so that the person can add rows.
#[hook]
fn use_shown(view: &View<CoachingSession, ApiError>) -> Shown {
    let is_late = use_has_lasted(matches!(view, View::Idle | View::Loading), PATIENCE);
    let before = use_mut_ref(|| Shown::Nothing);
    let shown = match view {
        View::Failed(error) if matches!(error.kind(), Kind::NotFound | Kind::Forbidden | Kind::Invalid(_)) => {
            Shown::NotThere
        }
        View::Failed(_) | View::Ready { .. } => Shown::Parts,
        View::Idle | View::Loading if is_late && *before.borrow() == Shown::Nothing => Shown::Parts,
        View::Idle | View::Loading => *before.borrow(),
    };
    before.replace(shown);
    shown
}

fn no_such_session() -> Html {
    html! {
        <div class="empty-page">
            <h1 ~textContent="This session is not here" />
            <p ~textContent="It does not exist any more, or it is between other people." />
            <RouteLink to={Route::Dashboard} classes="button primary"><span ~textContent="Go to your dashboard" /></RouteLink>
        </div>
    }
}
