//! The root of the app: the providers, the sign-in page and the gate for people without a session.

use yew::prelude::*;
use yew_router::history::{AnyHistory, BrowserHistory};
use yew_router::prelude::*;
use yewdux::YewduxRoot;

use crate::api::Api;
use crate::components::{Onward, RouteLink, brand, splash};
use crate::config::Config;
use crate::kept::is_any_on_device;
use crate::lazy::LazyWorkspace;
use crate::navigation::NavigationProvider;
use crate::pages::LoginPage;
use crate::route::{LoginQuery, Route};
use crate::session::{Farewell, Session, SessionProvider, use_session};

/// Properties of [`App`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct AppProperties {
    /// The configuration of this deployment.
    pub config: Config,
}

/// The root component.
#[component]
pub fn App(props: &AppProperties) -> Html {
    let api = use_memo((), |()| Api::new(&props.config));
    let history = use_memo((), |()| AnyHistory::from(BrowserHistory::new()));
    html! {
        // The stores live inside the app, so that two apps in one document (as in tests) do not share them.
        <YewduxRoot>
            // The router is outside of the rest, because any part may navigate.
            <Router history={(*history).clone()}>
                <NavigationProvider history={(*history).clone()}>
                    <SessionProvider api={(*api).clone()}>
                        <Switch<Route> render={Callback::from(way_in)} />
                        // A sibling of the `Switch`, not its child, so that the workspace outlives every change of
                        // page.
                        <LazyWorkspace config={props.config.clone()} api={(*api).clone()} />
                    </SessionProvider>
                </NavigationProvider>
            </Router>
        </YewduxRoot>
    }
}

fn way_in(route: Route) -> Html {
    match route {
        Route::Login => html! { <LoginPage /> },
        route => html! { <Gate {route} /> },
    }
}

#[derive(Clone, Debug, PartialEq, Properties)]
struct GateProperties {
    route: Route,
}

/// The gate of every page except the sign-in page. A person without a session is redirected. For a signed-in person it
/// shows nothing, because the workspace shows the page.
#[component]
fn Gate(props: &GateProperties) -> Html {
    let session = use_session();
    match session.session() {
        Session::Restoring => splash(),
        Session::Unknown(error) => {
            let session = session.clone();
            let retry = Callback::from(move |_: MouseEvent| session.restore());
            html! {
                <main class="login">
                    <div class="login-card">
                        { brand() }
                        <p class="note" role="alert" ~textContent={error.to_string()} />
                        if is_any_on_device() {
                            <p class="lead" ~textContent="What was not saved yet is kept on this device." />
                        }
                        <div class="buttons">
                            <button type="button" class="primary" onclick={retry} ~textContent="Try again" />
                            <RouteLink to={Route::Login} classes="button"><span ~textContent="Sign in" /></RouteLink>
                        </div>
                    </div>
                </main>
            }
        }
        Session::SignedOut(farewell) => to_login(props.route, farewell.as_ref()),
        Session::SignedIn(_) => Html::default(),
    }
}

/// Redirects to the sign-in page, which leads back to `from` afterwards.
fn to_login(from: Route, farewell: Option<&Farewell>) -> Html {
    let query = LoginQuery {
        reason: farewell.map(|farewell| farewell.reason().to_owned()),
        // A person who signs out on purpose is not led back to the page. The dashboard needs no address, because it is
        // the default.
        next: match (farewell, from) {
            (Some(Farewell::Asked), _) | (_, Route::Dashboard | Route::Login | Route::NotFound) => None,
            (_, Route::Session { .. } | Route::Sessions) => Some(from.to_path()),
        },
    };
    html! { <Onward to={Route::Login} {query} /> }
}
