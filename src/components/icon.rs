//! Small pictures, drawn in the colour of the text around them.

use yew::prelude::*;

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// A line that springs up: the mark of the app.
    Mark,
    /// Add.
    Plus,
    /// A day.
    Calendar,
    /// A flag: where one wants to get to.
    Flag,
    /// A ticked circle: what is to be done.
    Check,
    /// Two hands, simplified: what was agreed.
    Handshake,
    /// Change.
    Pencil,
    /// Remove.
    Bin,
    /// Go there.
    Arrow,
    /// Something is wrong.
    Alert,
    /// No longer show.
    Cross,
    /// More about it.
    Details,
    /// How it came to be.
    History,
}

impl Glyph {
    /// The class that gives it its shape: `static/freshet.css` draws it, so that a long list of rows does not.
    const fn class(self) -> &'static str {
        match self {
            Self::Mark => "icon mark",
            Self::Plus => "icon plus",
            Self::Calendar => "icon calendar",
            Self::Flag => "icon flag",
            Self::Check => "icon check",
            Self::Handshake => "icon handshake",
            Self::Pencil => "icon pencil",
            Self::Bin => "icon bin",
            Self::Arrow => "icon arrow",
            Self::Alert => "icon alert",
            Self::Cross => "icon cross",
            Self::Details => "icon details-icon",
            Self::History => "icon history-icon",
        }
    }
}

/// A small picture. Says nothing to a screen reader: the text beside it does.
pub fn icon(glyph: Glyph) -> Html {
    html! { <span class={glyph.class()} aria-hidden="true" /> }
}
