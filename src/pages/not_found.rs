//! The page for an unknown address.

use yew::prelude::*;

use crate::components::RouteLink;
use crate::route::Route;
use crate::title::use_title;

/// The page for an unknown address.
#[component]
pub fn NotFoundPage() -> Html {
    use_title("Not found");
    html! {
        <div class="empty-page">
            <h1 ~textContent="There is nothing here" />
            <p ~textContent="The address may be mistyped, or what it led to does not exist any more." />
            <RouteLink to={Route::Dashboard} classes="button primary"><span ~textContent="Go to your dashboard" /></RouteLink>
        </div>
    }
}
