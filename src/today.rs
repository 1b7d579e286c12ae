//! The current date, for every component that shows a day.
//!
//! There is one source for the whole tab, so that no two texts disagree. It reads the clock at each full minute,
//! because a day begins at a full minute in every time zone, and whenever the tab may have been frozen or hidden. A
//! component that shows a day renders again when the day or the time zone changes.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use chrono::NaiveDate;
use yew::prelude::*;

use crate::browser::{Listener, PageEvent, Timeout, clock};
use crate::calendar;
use crate::time::EpochMillis;

thread_local! {
    /// The source, which lives while at least one component shows a day.
    static SHARED: RefCell<Weak<Source>> = RefCell::default();
}

/// Returns today's date in the time zone of the person. Renders again when the day or the time zone changes.
#[hook]
pub fn use_today() -> NaiveDate {
    let update = use_force_update();
    let source = use_memo((), |()| Source::shared());
    let shown = source.day.get();
    use_effect_with((), move |()| {
        let update: Rc<dyn Fn()> = Rc::new(move || update.force_update());
        source.watchers.borrow_mut().push(Rc::downgrade(&update));
        if source.day.get() != shown {
            update();
        }
        move || {
            drop(update);
            source
                .watchers
                .borrow_mut()
                .retain(|watcher| watcher.strong_count() > 0);
        }
    });
    shown.date
}

/// Reads the clock now, because the machine has slept or the clock was set.
pub fn check() {
    if let Some(source) = SHARED.with_borrow(Weak::upgrade) {
        source.look();
    }
}

/// A calendar day in a time zone. Two days are equal only in the same time zone, because every shown time of day
/// differs otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Day {
    date: NaiveDate,
    utc_offset_minutes: i32,
}

impl Day {
    fn now() -> Self {
        Self {
            date: calendar::today(),
            utc_offset_minutes: clock::utc_offset_minutes(clock::wall()),
        }
    }
}

struct Source {
    day: Cell<Day>,
    watchers: RefCell<Vec<Weak<dyn Fn()>>>,
    timer: RefCell<Option<Timeout>>,
    listeners: RefCell<Vec<Listener>>,
}

impl Source {
    fn shared() -> Rc<Self> {
        let shared = SHARED.with_borrow(Weak::upgrade).unwrap_or_else(|| {
            let source = Self::new();
            SHARED.set(Rc::downgrade(&source));
            source
        });
        // A new component starts with the current day.
        shared.check();
        shared
    }

    fn new() -> Rc<Self> {
        let source = Rc::new(Self {
            day: Cell::new(Day::now()),
            watchers: RefCell::default(),
            timer: RefCell::default(),
            listeners: RefCell::default(),
        });
        let returns = [PageEvent::VisibilityChange, PageEvent::PageShow, PageEvent::Resume];
        let listeners = returns.map(|event| {
            let source = Rc::downgrade(&source);
            Listener::new(event, move || Self::reach(&source, Self::look))
        });
        source.listeners.borrow_mut().extend(listeners);
        source.arm();
        source
    }

    fn reach(source: &Weak<Self>, act: impl FnOnce(&Rc<Self>)) {
        if let Some(source) = source.upgrade() {
            act(&source);
        }
    }

    /// Starts the timer for the next full minute.
    fn arm(self: &Rc<Self>) {
        let source = Rc::downgrade(self);
        let timer = Timeout::new(until_next_minute(clock::wall()), move || {
            Self::reach(&source, Self::look);
        });
        let fired = self.timer.replace(Some(timer));
        drop(fired);
    }

    /// Reads the clock now. The timer starts again, because the next minute may begin at another moment than before.
    fn look(self: &Rc<Self>) {
        self.arm();
        self.check();
    }

    /// Notifies all watchers if the day or the time zone has changed.
    fn check(self: &Rc<Self>) {
        let now = Day::now();
        if self.day.replace(now) == now {
            return;
        }
        let watchers: Vec<_> = self.watchers.borrow().iter().filter_map(Weak::upgrade).collect();
        for watcher in watchers {
            watcher();
        }
    }
}

fn until_next_minute(now: EpochMillis) -> Duration {
    Duration::from_millis(60_000 - now.as_millis() % 60_000)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{EpochMillis, until_next_minute};

    #[test]
    fn a_minute_ends_where_a_day_may_begin() {
        // 2026-11-21 00:00:00 UTC.
        let midnight = 1_795_219_200_000;
        for (before, wait) in [
            (1, 1),
            (60_000, 60_000),
            (59_999, 59_999),
            (60_001, 1),
            (3_600_000, 60_000),
        ] {
            let now = EpochMillis::from_millis(midnight - before);
            assert_eq!(until_next_minute(now).as_millis(), wait, "{before} ms before midnight");
        }
    }
}
