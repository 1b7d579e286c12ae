//! Loading, failed, or there: decided once for the whole app.

use std::rc::Rc;
use std::time::Duration;

use yew::prelude::*;

use super::icon::{Glyph, icon};
use crate::api::ApiError;
use crate::countdown::use_has_lasted;
use crate::query::{List, View};

/// What there is to show of a query: `content` once there is data, else that it is loading or why it failed.
pub fn query_view<T>(view: View<T, ApiError>, retry: Callback<()>, content: impl FnOnce(Rc<T>) -> Html) -> Html {
    let (data, error) = match view {
        View::Idle | View::Loading => return skeleton(),
        View::Failed(error) => return problem(error.to_string(), &retry),
        View::Ready { data, error } => (data, error),
    };
    // The content keeps its place whether or not there is a problem: it must not be built anew under somebody's hands.
    html! {
        <>
            if let Some(error) = error {
                { problem(format!("This could not be refreshed. {error}"), &retry) }
            }
            { content(data) }
        </>
    }
}

/// Says how many rows of a list can not be shown, if there are any.
pub fn opaque_note<T>(list: &List<T>, noun: &str) -> Html {
    let what = match list.opaque().len() {
        0 => return Html::default(),
        1 => format!("One {noun}"),
        count => format!("{count} {noun}s"),
    };
    html! { <p class="empty" role="note" ~textContent={not_shown(&what)} /> }
}

/// Says that rows can not be read, and what to do. `what`: "This action", "2 goals".
#[must_use]
pub fn not_shown(what: &str) -> String {
    format!("{what} can not be shown by this version of Freshet. Reload the page for a newer one.")
}

/// Something is coming.
pub fn skeleton() -> Html {
    html! { <Skeleton /> }
}

/// How long something may take to come before that is said.
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

/// Something went wrong, and can be tried again. `text` says what happened and what to do.
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
