//! The view of a query: loading, failed or ready. One place for the whole app.

use std::rc::Rc;
use std::time::Duration;

use yew::prelude::*;

use super::icon::{Glyph, icon};
use crate::api::ApiError;
use crate::countdown::use_has_lasted;
use crate::query::{List, View};

/// Shows the state of a query: `content` once there is data, otherwise a placeholder or the error.
pub fn query_view<T>(view: View<T, ApiError>, retry: Callback<()>, content: impl FnOnce(Rc<T>) -> Html) -> Html {
    let (data, error) = match view {
        View::Idle | View::Loading => return skeleton(),
        View::Failed(error) => return problem(error.to_string(), &retry),
        View::Ready { data, error } => (data, error),
    };
    // The content keeps its place with and without a problem, so that it is not rebuilt while a person uses it.
    html! {
        <>
            if let Some(error) = error {
                { problem(format!("This could not be refreshed. {error}"), &retry) }
            }
            { content(data) }
        </>
    }
}

/// Shows the number of rows of a list that this version can not read, if there are any.
pub fn opaque_note<T>(list: &List<T>, noun: &str) -> Html {
    let what = match list.opaque().len() {
        0 => return Html::default(),
        1 => format!("One {noun}"),
        count => format!("{count} {noun}s"),
    };
    html! { <p class="empty" role="note" ~textContent={not_shown(&what)} /> }
}

/// Returns a sentence that rows can not be read, and what to do. `what` names them: "This action", "2 goals".
#[must_use]
pub fn not_shown(what: &str) -> String {
    format!("{what} can not be shown by this version of Freshet. Reload the page for a newer one.")
}

/// Shows a placeholder for content that is loading.
pub fn skeleton() -> Html {
    html! { <Skeleton /> }
}

/// The loading time after which the placeholder says that it takes long.
const LONG: Duration = Duration::from_secs(5);

#[component]
fn Skeleton() -> Html {
    let takes_long = use_has_lasted(true, LONG);
    html! {
        <div class="skeleton" role="status">
            if takes_long {
                <span class="empty" ~textContent="Not loaded yet. This appears as soon as the server can be reached." />
            } else {
                <span class="visually-hidden" ~textContent="Loading…" />
            }
            <span class="bar" /><span class="bar" /><span class="bar" />
        </div>
    }
}

/// Shows an error with a button to try again. `text` says what happened and what to do.
pub fn problem(text: String, retry: &Callback<()>) -> Html {
    let on_click = retry.reform(|_: MouseEvent| ());
    html! {
        <div class="problem" role="alert">
            { icon(Glyph::Alert) }
            <p ~textContent={text} />
            <button type="button" onclick={on_click} ~textContent="Try again" />
        </div>
    }
}
