//! Which day it is, for whatever shows it.
//!
//! One source for the whole page, so that no two texts disagree. It looks at the clock at each full minute, where every
//! day of every time zone begins, and whenever the page may have slept or been hidden. Who shows a day renders again when
//! it is another one, or when the time zone is.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use chrono::NaiveDate;
use yew::prelude::*;

use crate::browser::{Listener, PageEvent, Timeout, clock};
use crate::calendar;
use crate::time::EpochMillis;

thread_local! {
    /// Lives for as long as anything shows a day.
    static SHARED: RefCell<Weak<Source>> = RefCell::default();
}

/// Today, where the person is. Renders again when it is another day, or another time zone.
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

/// Looks at the clock now: the machine has slept, or the clock was set.
pub fn check() {
    if let Some(source) = SHARED.with_borrow(Weak::upgrade) {
        source.look();
    }
}

/// A day as people live it. Two are the same only in the same time zone: the time of day of everything else differs.
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
        // Whoever begins to show it shows the truth.
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

    /// Looks at the clock again when the next minute begins.
    fn arm(self: &Rc<Self>) {
        let source = Rc::downgrade(self);
        let timer = Timeout::new(until_next_minute(clock::wall()), move || {
            Self::reach(&source, Self::look);
        });
        let fired = self.timer.replace(Some(timer));
        drop(fired);
    }

    /// Looks at the clock now, by which the next minute may begin at another moment than it did.
    fn look(self: &Rc<Self>) {
        self.arm();
        self.check();
    }

    /// Has everybody render again who shows another day.
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
