//! The lazy loading of everything that is not needed before a person has signed in.
//!
//! In the deployed app (the feature `split`), the code that only [`Workspace`] needs is a file of its own, separate
//! from the one that starts the app. The app requests it when it starts. The HTML page requests it even earlier if a
//! person was signed in on this device. The person can sign in meanwhile. Elsewhere (in tests, during development) all
//! code is loaded from the start.

use std::time::Duration;

use yew::prelude::*;
use yew_router::prelude::*;

use crate::browser;
use crate::components::{problem, splash, splash_saying};
use crate::countdown::use_has_lasted;
use crate::route::Route;
use crate::session::use_session;
use crate::workspace::{Workspace, WorkspaceProperties};

/// The loading time after which the person is told that it takes long.
const LONG: Duration = Duration::from_secs(8);

/// The function that shows the workspace.
type View = fn(&WorkspaceProperties) -> Html;

fn view(props: &WorkspaceProperties) -> Html {
    html! { <Workspace ..props.clone() /> }
}

/// The error for a file of the app that could not be loaded. The console has the reason.
#[derive(Clone, Copy, Debug)]
struct NotLoaded;

#[cfg(feature = "split")]
mod file {
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    use super::{NotLoaded, View, view};

    impl From<SplitLoaderError> for NotLoaded {
        fn from(_: SplitLoaderError) -> Self {
            Self
        }
    }

    #[wasm_split(workspace, fallible)]
    pub(super) fn load() -> Result<View, NotLoaded> {
        Ok(view)
    }
}

#[cfg(not(feature = "split"))]
mod file {
    use super::{NotLoaded, View, view};

    pub(super) async fn load() -> Result<View, NotLoaded> {
        Ok(view)
    }
}

#[derive(Clone, Copy)]
enum Loading {
    /// Not requested yet, or failed.
    Absent,
    Underway,
    There(View),
}

/// The workspace, or the state of loading it.
#[component]
pub fn LazyWorkspace(props: &WorkspaceProperties) -> Html {
    let session = use_session();
    let is_signed_in = session.user().is_some();
    let is_on_the_way_in = use_route::<Route>() == Some(Route::Login);
    let loading = use_state(|| Loading::Absent);
    let load = {
        let loading = loading.clone();
        Callback::from(move |()| {
            if !matches!(*loading, Loading::Absent) {
                return;
            }
            let loading = loading.clone();
            loading.set(Loading::Underway);
            browser::spawn(async move {
                loading.set(file::load().await.map_or(Loading::Absent, Loading::There));
            });
        })
    };
    let begin = load.clone();
    // Loads at the start. If that failed, it is tried again when a person signs in.
    use_effect_with(is_signed_in, move |_| begin.emit(()));
    let is_awaited = is_signed_in && !is_on_the_way_in;
    let takes_long = use_has_lasted(is_awaited && matches!(*loading, Loading::Underway), LONG);
    match *loading {
        Loading::There(view) => view(props),
        _ if !is_awaited => Html::default(),
        Loading::Underway if takes_long => {
            splash_saying("This takes longer than usual. If it does not end, reload the page.")
        }
        Loading::Underway => splash(),
        Loading::Absent => html! {
            <main class="splash">
                { problem(
                    "A part of the app could not be loaded. If trying again does not help, reload the page: there may \
                     be a new version.".to_owned(),
                    &load,
                ) }
            </main>
        },
    }
}
