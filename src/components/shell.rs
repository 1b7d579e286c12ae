//! The frame around every page.

use yew::prelude::*;

use super::dialog::Question;
use super::icon::{Glyph, icon};
use super::link::RouteLink;
use crate::navigation::MAIN;
use crate::route::Route;

/// A place on a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The page.
    pub page: Route,
    /// The row, if the place is one.
    pub row: Option<uuid::Uuid>,
}

/// The changes and texts of this person that the server does not have yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unsent {
    /// The number of changes.
    pub count: usize,
    /// The number of changes on which the person has to decide; a part of `count`.
    pub undecided: usize,
    /// The place at which the person decides on the first of them, if it is known.
    pub decides_at: Option<Place>,
    /// Whether there is typed text that was neither added nor saved.
    pub has_texts: bool,
    /// Whether another tab has unsent changes.
    pub in_other_tabs: bool,
    /// Whether the changes have waited long enough to show them to the person.
    pub is_told: bool,
}

impl Unsent {
    /// Returns whether nothing would be lost.
    #[must_use]
    pub const fn is_nothing(self) -> bool {
        self.count == 0 && !self.has_texts && !self.in_other_tabs
    }
}

/// The state of signing out, with its callbacks.
#[derive(Clone, Debug, PartialEq)]
pub struct SignOutPrompt {
    /// The changes and texts that would be lost.
    pub unsent: Unsent,
    /// Whether the question is shown.
    pub is_asked: bool,
    /// The callback for the button *Sign out*. It may ask the question first.
    pub on_sign_out: Callback<()>,
    /// The callback for the answer to sign out.
    pub on_confirm: Callback<()>,
    /// The callback for the answer to stay.
    pub on_cancel: Callback<()>,
}

/// Shows the frame around a page of the signed-in person. `name` is the name of the person.
pub fn shell(name: &str, prompt: &SignOutPrompt, page: Html) -> Html {
    let on_sign_out = prompt.on_sign_out.reform(|_: MouseEvent| ());
    html! {
        <>
            <a class="skip" href={format!("#{MAIN}")} ~textContent="Skip to the content" />
            <header class="top">
                <div class="top-bar">
                    <RouteLink to={Route::Dashboard} classes="brand">
                        { icon(Glyph::Mark) }<span ~textContent="Freshet" />
                    </RouteLink>
                    <span class="person">
                        <span class="avatar" aria-hidden="true" dir="auto" ~textContent={initial(name)} />
                        <span class="wide-only" dir="auto" ~textContent={name} />
                        <button type="button" onclick={on_sign_out} ~textContent="Sign out" />
                    </span>
                </div>
                { unsent_line(prompt.unsent) }
            </header>
            <main id={MAIN} tabindex="-1">{ page }</main>
            if prompt.is_asked { { sign_out_question(prompt) } }
        </>
    }
}

fn initial(name: &str) -> String {
    name.chars().next().map(String::from).unwrap_or_default()
}

/// Shows the number of unsent changes, in a line that is always in sight.
fn unsent_line(unsent: Unsent) -> Html {
    let waiting = unsent.count - unsent.undecided;
    let waits = match waiting {
        0 => String::new(),
        1 => "One change has not been sent yet.".to_owned(),
        count => format!("{count} changes have not been sent yet."),
    };
    let needs = match unsent.undecided {
        0 => String::new(),
        1 => "One change needs your decision.".to_owned(),
        count => format!("{count} changes need your decision."),
    };
    let themselves = match waiting {
        0 => "",
        1 => " It goes by itself, as soon as the server can be reached.",
        _ => " They go by themselves, as soon as the server can be reached.",
    };
    let needs = html! { <span ~textContent={needs} /> };
    let needs = match unsent.decides_at {
        Some(Place { page, row }) => {
            html! { <RouteLink to={page} place={row.map(|row| AttrValue::from(row.to_string()))} classes="link">{ needs }</RouteLink> }
        }
        None => needs,
    };
    html! {
        <div class="unsent" role="status" data-testid="unsent" data-count={unsent.count.to_string()}>
            if unsent.is_told {
                <p>
                    <span ~textContent={waits} />
                    <span class="wide-only" ~textContent={themselves} />
                    if unsent.undecided > 0 {
                        if waiting > 0 { <span ~textContent=" " /> }
                        { needs }
                    }
                </p>
            }
        </div>
    }
}

fn sign_out_question(prompt: &SignOutPrompt) -> Html {
    let Unsent {
        count,
        has_texts,
        in_other_tabs,
        ..
    } = prompt.unsent;
    let changes = match count {
        0 => "",
        1 => "One change has not been saved.",
        _ => "Some changes have not been saved.",
    };
    let texts = if has_texts {
        "Text that you have typed was not added."
    } else {
        ""
    };
    let elsewhere = if in_other_tabs {
        "Changes that you have made in another tab have not been saved."
    } else {
        ""
    };
    let (text, confirm) = if prompt.unsent.is_nothing() {
        ("Everything is saved by now.".to_owned(), "Sign out")
    } else {
        let all = [changes, elsewhere, texts, "If you sign out now, it is lost."];
        let said: Vec<&str> = all.into_iter().filter(|sentence| !sentence.is_empty()).collect();
        (said.join(" "), "Sign out anyway")
    };
    html! {
        <Question title="Sign out now?" {text} {confirm} cancel="Stay" on_confirm={prompt.on_confirm.clone()}
            on_cancel={prompt.on_cancel.clone()} />
    }
}

/// Shows a section of a page with a heading, and the number of its entries if it is known.
pub fn card(title: &str, glyph: Glyph, count: Option<usize>, content: Html) -> Html {
    let id = format!("card-{}", title.to_ascii_lowercase().replace(' ', "-"));
    html! {
        <section class="card" aria-labelledby={id.clone()}>
            <h2 {id}>
                { icon(glyph) }
                <span dir="auto" ~textContent={title} />
                if let Some(count) = count.filter(|count| *count > 0) {
                    <span class="count" aria-hidden="true" ~textContent={count.to_string()} />
                }
            </h2>
            { content }
        </section>
    }
}

/// Shows the name of the app, for pages without a header.
pub fn brand() -> Html {
    html! { <p class="brand">{ icon(Glyph::Mark) }<span ~textContent="Freshet" /></p> }
}

/// Shows that the app is getting ready.
pub fn splash() -> Html {
    splash_saying("One moment…")
}

/// Shows that the app is getting ready, with a text.
pub fn splash_saying(text: &'static str) -> Html {
    html! {
        <main class="splash" role="status"><span class="spinner" aria-hidden="true" /><p ~textContent={text} /></main>
    }
}
