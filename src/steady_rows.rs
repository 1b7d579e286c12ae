//! Rows under a pointer do not move for a moment after other rows were added or removed.
//!
//! The page is scrolled by the distance that the row under the pointer has moved, before the browser paints. If the
//! page can not be scrolled that far, or the row itself is gone, another row ends up under the pointer. Clicks on that
//! row are ignored for a moment that is too short to have seen it.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use yew::prelude::*;

use crate::browser::rows::{self, PointerAction, PointerInput, PointerListener, Row, RowObserver};
use crate::browser::{Listener, PageEvent, Timeout};

/// The time that a person needs to notice another row under the pointer.
const REACTION: Duration = Duration::from_millis(400);

/// The distance in CSS pixels up to which a movement is ignored.
const TOLERANCE: f64 = 0.5;

/// Keeps the row under the pointer in its place.
#[hook]
pub fn use_steady_rows() {
    use_effect_with((), |()| {
        let rows = Rc::new(SteadyRows::default());
        let (aiming, observed, scrolled) = (Rc::clone(&rows), Rc::clone(&rows), Rc::clone(&rows));
        let guards = (
            RowObserver::new(
                move || aiming.aim.borrow().is_some(),
                move || SteadyRows::handle_rows(&observed),
            ),
            Listener::new(PageEvent::Scroll, move || scrolled.handle_scroll()),
            PointerListener::new(move |input| rows.handle_pointer(&input)),
        );
        move || drop(guards)
    });
}

/// The target of the pointer.
#[derive(Clone, Debug, PartialEq)]
struct Aim {
    point: (i32, i32),
    row: Row,
    /// The distance of the row from the top of the window.
    top: f64,
}

#[derive(Default)]
struct SteadyRows {
    aim: RefCell<Option<Aim>>,
    /// The timer that runs while another row is under the pointer than the one aimed at, and the person has not noticed
    /// it yet.
    surprise: RefCell<Option<Timeout>>,
}

impl SteadyRows {
    /// Returns whether the browser may carry out the pointer action.
    fn handle_pointer(&self, input: &PointerInput) -> bool {
        match input.action {
            PointerAction::Move => self.handle_move(input),
            PointerAction::Leave => self.aim_at(None),
            PointerAction::Click => return self.handle_click(input),
        }
        true
    }

    fn handle_move(&self, input: &PointerInput) {
        let is_still = self.aim.borrow().as_ref().is_some_and(|aim| aim.point == input.point);
        if !is_still {
            self.aim_at(Some((input.point, input.row.clone())));
        }
    }

    fn handle_click(&self, input: &PointerInput) -> bool {
        let is_surprised = self.surprise.borrow().is_some();
        let aim = self.aim.borrow().clone();
        let is_meant =
            aim.is_none_or(|aim| aim.point != input.point || input.row.as_ref().is_none_or(|row| *row == aim.row));
        if input.is_touch {
            self.aim_at(None);
        }
        is_meant || !is_surprised
    }

    fn handle_scroll(&self) {
        // While the row under the pointer is unnoticed, the aim stays at the previous row.
        if self.surprise.borrow().is_none() {
            self.look_again();
        }
    }

    fn handle_rows(rows: &Rc<Self>) {
        let Some(aim) = rows.aim.borrow().clone() else { return };
        let distance = |aim: &Aim| aim.row.top().map(|top| top - aim.top);
        let moved = distance(&aim);
        if let Some(moved) = moved.filter(|moved| moved.abs() > TOLERANCE) {
            rows::scroll_by(moved);
        }
        let is_steady = distance(&aim).is_some_and(|moved| moved.abs() <= TOLERANCE);
        if is_steady {
            return;
        }
        let weak = Rc::downgrade(rows);
        rows.surprise.replace(Some(Timeout::new(REACTION, move || {
            if let Some(rows) = weak.upgrade() {
                rows.look_again();
            }
        })));
    }

    /// Aims at the row that is under the pointer now, because the person has noticed it.
    fn look_again(&self) {
        let point = self.aim.borrow().as_ref().map(|aim| aim.point);
        self.aim_at(point.map(|point| (point, Row::at(point))));
    }

    fn aim_at(&self, target: Option<((i32, i32), Option<Row>)>) {
        self.surprise.take();
        let aim = target.and_then(|(point, row)| {
            let row = row?;
            let top = row.top()?;
            Some(Aim { point, row, top })
        });
        self.aim.replace(aim);
    }
}
