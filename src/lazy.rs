//! Loads what nobody needs before they have signed in.
//!
//! In the app as it is deployed (the feature `split`), everything that only [`Workspace`] needs is taken out of the file
//! that starts the app, and is a file of its own. It is asked for as soon as the app has started, and by the page before
//! that if somebody was signed in here; meanwhile one can sign in. Anywhere else (in tests, while developing) all of it
//! is there from the start.

use std::time::Duration;

use yew::prelude::*;
use yew_router::prelude::*;

use crate::browser;
use crate::components::{problem, splash, splash_saying};
use crate::countdown::use_has_lasted;
use crate::route::Route;
use crate::session::use_session;
use crate::workspace::{Workspace, WorkspaceProperties};

/// How long loading may take before anybody is told that it takes long.
const LONG: Duration = Duration::from_secs(8);

/// Shows the workspace.
type View = fn(&WorkspaceProperties) -> Html;

fn view(props: &WorkspaceProperties) -> Html {
    html! { <Workspace ..props.clone() /> }
}

/// A file of the app could not be loaded. Why is in the console.
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
    /// Not yet, or in vain.
    Absent,
    Underway,
    There(View),
}

/// The workspace, or how far it is from being there.
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
    // Once at the start; and if that was in vain, when somebody comes in.
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
