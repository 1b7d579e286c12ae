//! An address that leads nowhere.

use yew::prelude::*;

use crate::components::RouteLink;
use crate::route::Route;
use crate::title::use_title;

/// An address that leads nowhere.
#[component]
pub fn NotFoundPage() -> Html {
    use_title("Not found");
    html! {
        <div class="empty-page">
            <h1>{ "There is nothing here" }</h1>
            <p>{ "The address may be mistyped, or what it led to does not exist any more." }</p>
            <RouteLink to={Route::Dashboard} classes="button primary">{ "Go to your dashboard" }</RouteLink>
        </div>
    }
}
