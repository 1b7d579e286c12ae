//! One session: what was agreed in it, live.

mod actions;
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

use wire::{CoachingRelationship, CoachingSessionId, User};
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

/// How long a session may be awaited before what is in it is asked for all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// Properties of [`CoachingSessionPage`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct CoachingSessionPageProperties {
    /// Which session.
    pub id: CoachingSessionId,
    /// Who looks at it.
    pub user: Rc<User>,
}

/// One session: what was agreed in it, live.
#[component]
pub fn CoachingSessionPage(props: &CoachingSessionPageProperties) -> Html {
    let session = use_query(SessionById(props.id));
    let relationships = use_query(UserRelationships(props.user.id));
    let retry = {
        let session = session.clone();
        Callback::from(move |()| session.refetch())
    };
    let view = session.view();
    let title = match &view {
        View::Ready { data, .. } => Some(AttrValue::from(
            data.title.clone().unwrap_or_else(|| "Session".to_owned()),
        )),
        View::Failed(error) if is_not_there(error) => Some(AttrValue::from("Not found")),
        View::Failed(_) => Some(AttrValue::from("Session")),
        View::Idle | View::Loading => None,
    };
    use_title_once_known(title, "Session");
    // What is in a session is asked for once the session is there, or is long in coming: what is added meanwhile waits.
    let is_loading = matches!(view, View::Idle | View::Loading);
    let is_late = use_has_lasted(is_loading, PATIENCE);
    let had_parts = use_mut_ref(|| false);
    let has_parts = is_late || !is_loading || *had_parts.borrow();
    had_parts.replace(has_parts);
    let (session, failure) = match view {
        View::Failed(error) if is_not_there(&error) => return no_such_session(),
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
            if has_parts {
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

fn is_not_there(error: &ApiError) -> bool {
    matches!(error.kind(), Kind::NotFound | Kind::Forbidden | Kind::Invalid(_))
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
