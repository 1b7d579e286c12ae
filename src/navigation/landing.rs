//! The steps after the arrival at a page. The decisions are pure, and only the attempts touch the document.

use super::MAIN;
use crate::browser::view::{self, Position};

/// A scroll target.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scroll {
    /// A position, as after a return to the page.
    To(Position),
    /// The element with this id, or this row.
    Into(String),
}

/// A focus target.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Focus {
    /// The element with this id or this row.
    Place(String),
    /// The link to this address.
    Link(String),
}

/// The remaining steps after an arrival.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Landing {
    scroll: Option<Scroll>,
    focus: Option<Focus>,
    /// Whether the focus goes to the main element until the focus target exists.
    needs_main: bool,
}

/// An arrival at an address.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arrival {
    /// The fragment of the address, without the `#`.
    pub(super) place: Option<String>,
    /// The scroll position that was stored when this history entry was left.
    pub(super) kept: Option<Position>,
    /// The previous address; `None` at the first arrival.
    pub(super) from: Option<String>,
    /// Whether the page focuses one of its own elements.
    pub(super) has_own_focus: bool,
}

impl Landing {
    /// Returns the steps for an arrival.
    pub(super) fn at(arrival: Arrival) -> Self {
        let is_first = arrival.from.is_none();
        let takes_focus = !is_first && !arrival.has_own_focus;
        let (scroll, focus) = match (arrival.kept, arrival.place) {
            (Some(position), _) => (Scroll::To(position), arrival.from.map(Focus::Link)),
            (None, Some(place)) => (Scroll::Into(place.clone()), Some(Focus::Place(place))),
            (None, None) => (Scroll::To(Position::TOP), None),
        };
        let names_place = matches!(focus, Some(Focus::Place(_)));
        Self {
            scroll: Some(scroll),
            // The browser announces the first page itself. A place that the address names needs the focus nevertheless.
            focus: focus.filter(|_| takes_focus || (is_first && names_place)),
            needs_main: takes_focus,
        }
    }

    /// Returns the steps that show a place on the current page.
    pub(super) fn on(place: &str) -> Self {
        Self {
            scroll: Some(Scroll::Into(place.to_owned())),
            focus: Some(Focus::Place(place.to_owned())),
            needs_main: false,
        }
    }

    /// Carries out the steps that are possible by now. Returns whether none are left.
    pub(super) fn attempt(&mut self) -> bool {
        self.attempt_focus();
        let is_settled = match &self.scroll {
            None => true,
            Some(Scroll::To(position)) => view::scroll_to(position),
            // Content above the place may still load and push it down, so the step never settles.
            Some(Scroll::Into(place)) => {
                view::scroll_into_view(place);
                false
            }
        };
        if is_settled {
            self.scroll = None;
        }
        self.scroll.is_none() && self.focus.is_none() && !self.needs_main
    }

    fn attempt_focus(&mut self) {
        let has_moved = match &self.focus {
            None => false,
            Some(Focus::Place(place)) => view::focus(place),
            Some(Focus::Link(address)) => view::focus_link(address),
        };
        if has_moved {
            self.focus = None;
            self.needs_main = false;
        } else if self.needs_main && view::focus(MAIN) {
            self.needs_main = false;
        }
    }

    /// Returns the position to which the page will be scrolled, if that is still pending.
    pub(super) fn position(&self) -> Option<Position> {
        match &self.scroll {
            Some(Scroll::To(position)) => Some(position.clone()),
            Some(Scroll::Into(_)) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Arrival, Focus, Landing, Position, Scroll};

    fn arrival() -> Arrival {
        Arrival {
            place: None,
            kept: None,
            from: Some("/before".to_owned()),
            has_own_focus: false,
        }
    }

    fn to(position: Position) -> Option<Scroll> {
        Some(Scroll::To(position))
    }

    #[test]
    fn new_page_opens_at_its_top() {
        let landing = Landing::at(arrival());
        assert_eq!(landing.scroll, to(Position::TOP));
        assert_eq!((landing.focus, landing.needs_main), (None, true));
    }

    #[test]
    fn named_place_gets_scroll_and_focus() {
        let place = || "row".to_owned();
        let landing = Landing::at(Arrival {
            place: Some(place()),
            ..arrival()
        });
        assert_eq!(landing.scroll, Some(Scroll::Into(place())));
        assert_eq!((landing.focus, landing.needs_main), (Some(Focus::Place(place())), true));
    }

    #[test]
    fn returning_restores_position_and_link() {
        let position = Position {
            top: 700.0,
            row: Some(("row".to_owned(), 64.0)),
        };
        let landing = Landing::at(Arrival {
            kept: Some(position.clone()),
            place: Some("row".to_owned()),
            ..arrival()
        });
        assert_eq!(landing.position(), Some(position));
        assert_eq!(landing.focus, Some(Focus::Link("/before".to_owned())));
    }

    #[test]
    fn first_page_takes_no_focus() {
        let first = || Arrival {
            from: None,
            ..arrival()
        };
        let landing = Landing::at(first());
        assert_eq!((landing.focus, landing.needs_main), (None, false));
        let reloaded = Landing::at(Arrival {
            kept: Some(Position { top: 9.0, row: None }),
            ..first()
        });
        assert_eq!((reloaded.focus, reloaded.needs_main), (None, false));
        assert_ne!(reloaded.scroll, to(Position::TOP));
    }

    #[test]
    fn page_with_own_focus_keeps_it() {
        let landing = Landing::at(Arrival {
            has_own_focus: true,
            ..arrival()
        });
        assert_eq!((landing.focus, landing.needs_main), (None, false));
    }
}
