//! What is around every page.

use yew::prelude::*;

use super::icon::{Glyph, icon};
use super::link::RouteLink;
use crate::navigation::MAIN;
use crate::route::Route;

/// How somebody leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaving {
    /// How many of their changes have been waiting to be sent for a while.
    pub unsent: usize,
    /// Whether they have been asked if they want to leave all the same.
    pub is_asked: bool,
    /// They want to leave.
    pub on_sign_out: Callback<()>,
    /// They would rather stay.
    pub on_stay: Callback<()>,
}

/// What is around every page of somebody who is signed in: `name` is what to call them.
pub fn shell(name: &str, leaving: &Leaving, page: Html) -> Html {
    let on_sign_out = leaving.on_sign_out.reform(|_: MouseEvent| ());
    let changes = match leaving.unsent {
        1 => "One change has not been sent yet.".to_owned(),
        count => format!("{count} changes have not been sent yet."),
    };
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
                    <button type="button" onclick={on_sign_out.clone()}>{ "Sign out" }</button>
                </span>
            </header>
            <div class="unsent" role="status">
                if leaving.is_asked {
                    <p>{ "Some changes have not been sent yet. If you sign out now, they are lost." }</p>
                    <button type="button" class="danger" onclick={on_sign_out}>{ "Sign out anyway" }</button>
                    <button type="button" onclick={leaving.on_stay.reform(|_: MouseEvent| ())}>{ "Stay" }</button>
                } else if leaving.unsent > 0 {
                    <p>{ changes }{ " It happens by itself, as soon as the server can be reached." }</p>
                }
            </div>
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
    splash_saying("One moment…")
}

/// The app is getting ready, and there is something to say about it.
pub fn splash_saying(text: &'static str) -> Html {
    html! {
        <main class="splash" role="status"><span class="spinner" aria-hidden="true" /><p>{ text }</p></main>
    }
}
