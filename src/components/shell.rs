//! What is around every page.

use yew::prelude::*;
use yew_router::prelude::*;

use super::icon::{Glyph, Icon};
use crate::route::Route;
use crate::title::MAIN;

/// Properties of [`Shell`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct ShellProperties {
    /// What to call the person who is signed in.
    pub name: AttrValue,
    /// They want to leave.
    pub on_sign_out: Callback<()>,
    /// The page.
    #[prop_or_default]
    pub children: Html,
}

/// What is around every page of somebody who is signed in.
#[component]
pub fn Shell(props: &ShellProperties) -> Html {
    html! {
        <>
            <a class="skip" href={format!("#{MAIN}")}>{ "Skip to the content" }</a>
            <header class="top">
                <Link<Route> to={Route::Dashboard} classes="brand">
                    <Icon glyph={Glyph::Mark} /><span>{ "Freshet" }</span>
                </Link<Route>>
                <span class="person">
                    <span class="avatar" aria-hidden="true">{ props.name.chars().next().map(String::from) }</span>
                    <span class="wide-only">{ &props.name }</span>
                    <button type="button" onclick={props.on_sign_out.reform(|_: MouseEvent| ())}>{ "Sign out" }</button>
                </span>
            </header>
            <main id={MAIN} tabindex="-1">{ props.children.clone() }</main>
        </>
    }
}

/// Properties of [`Card`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct CardProperties {
    /// What it is about.
    pub title: AttrValue,
    /// A picture of that.
    pub glyph: Glyph,
    /// How many things there are in it, if that is known.
    #[prop_or_default]
    pub count: Option<usize>,
    /// The things.
    #[prop_or_default]
    pub children: Html,
}

/// A part of a page with a heading of its own.
#[component]
pub fn Card(props: &CardProperties) -> Html {
    let id = format!("card-{}", props.title.to_lowercase().replace(' ', "-"));
    html! {
        <section class="card" aria-labelledby={id.clone()}>
            <h2 {id}>
                <Icon glyph={props.glyph} />
                { &props.title }
                if let Some(count) = props.count.filter(|count| *count > 0) {
                    <span class="count" aria-hidden="true">{ count }</span>
                }
            </h2>
            { props.children.clone() }
        </section>
    }
}

/// The app is getting ready.
#[component]
pub fn Splash() -> Html {
    html! {
        <main class="splash" role="status"><span class="spinner" aria-hidden="true" /><p>{ "One moment…" }</p></main>
    }
}
