//! What is around every page.

use yew::prelude::*;

use super::icon::{Glyph, icon};
use super::link::RouteLink;
use crate::route::Route;
use crate::title::MAIN;

/// What is around every page of somebody who is signed in: `name` is what to call them, `on_sign_out` takes them out.
pub fn shell(name: &str, on_sign_out: &Callback<()>, page: Html) -> Html {
    html! {
        <>
            <a class="skip" href={format!("#{MAIN}")}>{ "Skip to the content" }</a>
            <header class="top">
                <RouteLink to={Route::Dashboard} classes="brand">
                    { icon(Glyph::Mark) }<span>{ "Freshet" }</span>
                </RouteLink>
                <span class="person">
                    <span class="avatar" aria-hidden="true">{ name.chars().next().map(String::from) }</span>
                    <span class="wide-only">{ name }</span>
                    <button type="button" onclick={on_sign_out.reform(|_: MouseEvent| ())}>{ "Sign out" }</button>
                </span>
            </header>
            <main id={MAIN} tabindex="-1">{ page }</main>
        </>
    }
}

/// A part of a page with a heading of its own, and how many things there are in it if that is known.
pub fn card(title: &str, glyph: Glyph, count: Option<usize>, content: Html) -> Html {
    let id = format!("card-{}", title.to_ascii_lowercase().replace(' ', "-"));
    html! {
        <section class="card" aria-labelledby={id.clone()}>
            <h2 {id}>
                { icon(glyph) }
                { title }
                if let Some(count) = count.filter(|count| *count > 0) {
                    <span class="count" aria-hidden="true">{ count }</span>
                }
            </h2>
            { content }
        </section>
    }
}

/// The app is getting ready.
pub fn splash() -> Html {
    html! {
        <main class="splash" role="status"><span class="spinner" aria-hidden="true" /><p>{ "One moment…" }</p></main>
    }
}
