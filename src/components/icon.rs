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
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Self::Mark => {
                "M3 15c3.2 0 3.2-6 6.4-6s3.2 6 6.4 6S18.6 9 21 9M3 20c3.2 0 3.2-4 6.4-4s3.2 4 6.4 4 2.8-4 5.2-4"
            }
            Self::Plus => "M12 5v14M5 12h14",
            Self::Calendar => {
                "M7 3v4M17 3v4M4 9h16M5 5h14a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z"
            }
            Self::Flag => "M6 21V4M6 4h11l-2.5 4L17 12H6",
            Self::Check => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.2l2.8 2.8L16 9.6",
            Self::Handshake => {
                "M9 11V6.5a1.5 1.5 0 0 1 3 0V11M12 10V5a1.5 1.5 0 0 1 3 0v6M15 8a1.5 1.5 0 0 1 3 0v6a6 6 0 0 1-6 6h-1a6 6 0 0 1-5.2-3L4 13.6a1.4 1.4 0 0 1 2.4-1.5L9 15"
            }
            Self::Pencil => {
                "M4 20l1-4.5L16.5 4a1.8 1.8 0 0 1 2.5 0l1 1a1.8 1.8 0 0 1 0 2.500L8.500 19zM14 6.500l3.500 3.500"
            }
            Self::Bin => "M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7M10.500 11v5M13.500 11v5",
            Self::Arrow => "M5 12h14M13 6l6 6-6 6",
            Self::Alert => "M12 4l9 16H3zM12 10v4M12 17v.2",
            Self::Cross => "M6 6l12 12M18 6L6 18",
        }
    }
}

/// A small picture. Says nothing to a screen reader: the text beside it does.
pub fn icon(glyph: Glyph) -> Html {
    html! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={glyph.path()} /></svg>
    }
}
