//! The app: who gives what to whom, and which page is shown.

use std::rc::Rc;
use std::time::Duration;

use wire::User;
use yew::prelude::*;
use yew_router::history::{AnyHistory, BrowserHistory};
use yew_router::prelude::*;
use yewdux::YewduxRoot;

use crate::api::{Api, ApiError, Kind};
use crate::components::{ConnectionIndicator, Leaving, Onward, RouteLink, problem, shell, splash};
use crate::config::Config;
use crate::countdown::use_has_lasted;
use crate::live::Live;
use crate::pages::{CoachingSessionPage, DashboardPage, LoginPage, NotFoundPage};
use crate::query::{Failure, QueryProvider, use_pending};
use crate::resources::{self, Client};
use crate::route::{LoginQuery, Route};
use crate::session::{Farewell, Session, SessionProvider, use_session};
use crate::sse::SseProvider;
use crate::title::use_focus_on_change;
use crate::toast::{ToastProvider, use_say};

/// How long a change may be on its way before anybody is told.
const UNSENT_AFTER: Duration = Duration::from_secs(3);

/// Properties of [`App`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct AppProperties {
    /// The configuration of this deployment.
    pub config: Config,
}

/// The app.
#[component]
pub fn App(props: &AppProperties) -> Html {
    let api = use_memo((), |()| Api::new(&props.config));
    let history = use_memo((), |()| AnyHistory::from(BrowserHistory::new()));
    html! {
        // The stores live in here, so that two apps on one page (as in tests) do not share them.
        <YewduxRoot>
            // Anything below may lead somewhere else.
            <Router history={(*history).clone()}>
                // Anything below may have something to say.
                <ToastProvider>
                    <SessionProvider api={(*api).clone()}>
                        <Workspace config={props.config.clone()} api={(*api).clone()} />
                    </SessionProvider>
                </ToastProvider>
            </Router>
        </YewduxRoot>
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct WorkspaceProperties {
    config: Config,
    api: Api,
}

/// What depends on who is signed in.
#[component]
fn Workspace(props: &WorkspaceProperties) -> Html {
    let api = props.api.clone();
    let client = use_memo((), move |()| {
        let client = Client::new(api);
        resources::register(&client);
        client
    });
    let session = use_session();
    let person = session.user().map(|user| AttrValue::from(user.id.to_string()));
    let say = use_say();
    let on_failure = use_callback(say.clone(), |failure: Failure<ApiError>, say| {
        // That the session has ended is told where one signs in again.
        if !matches!(failure.error.kind(), Kind::Unauthorized) {
            say.say(format!("Could not {}. {}", failure.attempt, failure.error));
        }
    });
    use_effect_with((session.clone(), say), |(session, say)| {
        let say = say.clone();
        let guard = session.on_sign_out("the messages", move |_| {
            say.clear();
            Ok(())
        });
        move || drop(guard)
    });
    let Config {
        address,
        connection,
        paint_events,
        keep_data,
        share_stream,
        ..
    } = props.config.clone();
    use_effect_with(
        (client.clone(), session.user().filter(|_| keep_data).cloned()),
        |(client, user)| {
            if let Some(user) = user {
                client.remember_for(&user.id.to_string());
            }
        },
    );
    html! {
        <QueryProvider<Api> client={(*client).clone()} {on_failure}>
            // Below the cache, because what arrives goes there.
            <SseProvider {address} settings={connection} {person} shares={share_stream}>
                <Live paints={paint_events} />
                <Switch<Route> render={Callback::from(switch)} />
                <ConnectionIndicator />
            </SseProvider>
        </QueryProvider<Api>>
    }
}

fn switch(route: Route) -> Html {
    match route {
        Route::Login => html! { <LoginPage /> },
        route => html! { <Members {route} /> },
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct MembersProperties {
    route: Route,
}

/// The pages for whoever is signed in; anybody else is asked to sign in first.
#[component]
fn Members(props: &MembersProperties) -> Html {
    let session = use_session();
    use_focus_on_change(props.route);
    let unsent = use_pending::<Api>();
    let is_asked = use_state(|| false);
    let leaving = Leaving {
        unsent: if use_has_lasted(unsent > 0, UNSENT_AFTER) {
            unsent
        } else {
            0
        },
        is_asked: *is_asked && unsent > 0,
        on_sign_out: {
            let (session, is_asked) = (session.clone(), is_asked.clone());
            // What has not been sent goes with whoever leaves: not without being asked.
            let must_ask = unsent > 0 && !*is_asked;
            Callback::from(move |()| {
                is_asked.set(must_ask);
                if !must_ask {
                    session.sign_out(Farewell::Asked);
                }
            })
        },
        on_stay: Callback::from(move |()| is_asked.set(false)),
    };
    match session.session() {
        Session::Restoring => splash(),
        Session::Unknown(error) => {
            let session = session.clone();
            let retry = Callback::from(move |()| session.restore());
            html! {
                <main class="splash">
                    { problem(error.to_string(), &retry) }
                    <RouteLink to={Route::Login} classes="button">{ "Sign in" }</RouteLink>
                </main>
            }
        }
        Session::SignedOut(farewell) => to_login(props.route, farewell.as_ref()),
        Session::SignedIn(user) => shell(&user.name(), &leaving, page(props.route, user)),
    }
}

fn page(route: Route, user: &Rc<User>) -> Html {
    let user = Rc::clone(user);
    match route {
        Route::Dashboard => html! { <DashboardPage {user} /> },
        Route::Session { id } => html! { <CoachingSessionPage key={id.to_string()} {id} {user} /> },
        Route::Login | Route::NotFound => html! { <NotFoundPage /> },
    }
}

/// Leads to where one signs in, and from there back.
fn to_login(from: Route, farewell: Option<&Farewell>) -> Html {
    let query = LoginQuery {
        reason: farewell.map(|farewell| farewell.reason().to_owned()),
        // Whoever leaves on purpose is not kept where they were, and the dashboard is where one ends up anyway.
        next: match (farewell, from) {
            (Some(Farewell::Asked), _) | (_, Route::Dashboard | Route::Login | Route::NotFound) => None,
            (_, Route::Session { .. }) => Some(from.to_path()),
        },
    };
    html! { <Onward to={Route::Login} {query} /> }
}
