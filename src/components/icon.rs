//! Icons, drawn in the colour of the text around them.

use yew::prelude::*;

/// The subject of an icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// A line that springs up: the logo of the app.
    Mark,
    /// A plus sign: add.
    Plus,
    /// A day.
    Calendar,
    /// A flag: a goal.
    Flag,
    /// A ticked circle: an action.
    Check,
    /// Two simplified hands: an agreement.
    Handshake,
    /// A pencil: edit.
    Pencil,
    /// A bin: delete.
    Bin,
    /// An arrow: go to a page.
    Arrow,
    /// A warning sign: something is wrong.
    Alert,
    /// A cross: dismiss.
    Cross,
    /// The details of an entry.
    Details,
    /// The history of an entry.
    History,
}

impl Glyph {
    /// Returns the class of the icon. `static/freshet.css` draws the shape, so that a long list does not repeat it in
    /// each row.
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

/// Shows an icon. It is hidden from screen readers, because the text beside it says the same.
pub fn icon(glyph: Glyph) -> Html {
    html! { <span class={glyph.class()} aria-hidden="true" /> }
}
