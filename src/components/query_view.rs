//! Loading, failed, or there: decided once for the whole app.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{Glyph, Icon};
use crate::api::ApiError;
use crate::query::View;

/// What there is to show of a query: `content` once there is data, else that it is loading or why it failed.
pub fn query_view<T>(view: View<T, ApiError>, retry: Callback<()>, content: impl FnOnce(Rc<T>) -> Html) -> Html {
    let (data, error) = match view {
        View::Idle | View::Loading => return html! { <Skeleton /> },
        View::Failed(error) => return html! { <Problem text={error.to_string()} {retry} /> },
        View::Ready { data, error } => (data, error),
    };
    // The content keeps its place whether or not there is a problem: it must not be built anew under somebody's hands.
    html! {
        <>
            if let Some(error) = error {
                <Problem text={format!("This could not be refreshed. {error}")} {retry} />
            }
            { content(data) }
        </>
    }
}

/// Something is coming.
#[component]
pub fn Skeleton() -> Html {
    html! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">{ "Loading…" }</span>
            <span class="bar" /><span class="bar" /><span class="bar" />
        </div>
    }
}

/// Properties of [`Problem`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ProblemProperties {
    /// What happened and what to do.
    pub text: AttrValue,
    /// Tries again.
    pub retry: Callback<()>,
}

/// Something went wrong, and can be tried again.
#[component]
pub fn Problem(props: &ProblemProperties) -> Html {
    let on_click = props.retry.reform(|_: MouseEvent| ());
    html! {
        <div class="problem" role="alert">
            <Icon glyph={Glyph::Alert} />
            <p>{ &props.text }</p>
            <button type="button" onclick={on_click}>{ "Try again" }</button>
        </div>
    }
}
