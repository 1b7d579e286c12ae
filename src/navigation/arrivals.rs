//! The handler of arrivals. It also records the scroll positions at which pages were left.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use yew::prelude::*;
use yew_router::history::{History as _, Location};
use yew_router::prelude::*;

use super::landing::{Arrival, Landing};
use super::{Guide, Navigation, use_navigation};
use crate::browser::view::{self, ContentObserver, Position};
use crate::browser::{Listener, PageEvent, Timeout};

/// The time that a page may take to render the scroll target.
const PATIENCE: Duration = Duration::from_secs(4);

/// The interval at which the position of a scrolled page is stored. Browsers reject more frequent updates of the
/// history state.
const KEEP_INTERVAL: Duration = Duration::from_millis(400);

/// The input events that end a landing, because the person now looks for something else.
const INTERRUPTIONS: [PageEvent; 4] = [
    PageEvent::Wheel,
    PageEvent::TouchMove,
    PageEvent::KeyDown,
    PageEvent::PointerDown,
];

/// A text for a screen reader.
#[derive(Clone, Debug, Default)]
struct Announcement {
    /// A number that distinguishes two announcements of the same text.
    number: u32,
    text: AttrValue,
}

/// An entry of the browser's history: its id, if the app created it, and its address.
type Entry = (Option<u32>, String);

fn entry(location: &Location) -> Entry {
    (location.id(), format!("{}{}", location.path(), location.hash()))
}

struct Arriving {
    navigation: Navigation,
    /// Renders the announcement.
    update: UseForceUpdateHandle,
    announcement: RefCell<Announcement>,
    /// The current entry of the history.
    entry: RefCell<Entry>,
    /// The scroll position of the page.
    position: RefCell<Position>,
    /// The scroll positions of the other history entries' pages. The history state is updated with a delay, and only
    /// for the current entry.
    left: RefCell<Vec<(Entry, Position)>>,
    /// The title that the page received since the last arrival.
    title: RefCell<Option<AttrValue>>,
    /// Whether the next title is to be announced.
    needs_title: Cell<bool>,
    landing: RefCell<Option<Landing>>,
    watch: RefCell<Option<Watch>>,
    keeping: RefCell<Option<Timeout>>,
}

/// The observers of a landing: one that continues it, and those that end it.
struct Watch {
    _content: ContentObserver,
    _interruptions: [Listener; 4],
    _deadline: Timeout,
}

impl Arriving {
    fn new(navigation: Navigation, update: UseForceUpdateHandle) -> Self {
        Self {
            navigation,
            update,
            announcement: RefCell::default(),
            entry: RefCell::default(),
            position: RefCell::new(Position::TOP),
            left: RefCell::default(),
            title: RefCell::default(),
            needs_title: Cell::default(),
            landing: RefCell::default(),
            watch: RefCell::default(),
            keeping: RefCell::default(),
        }
    }

    /// Handles the arrival at an address, after its page has been rendered.
    fn arrive(self: &Rc<Self>, entry: Entry) {
        self.keeping.take();
        let address = entry.1.clone();
        let mut left = self.left.borrow_mut();
        let known = left.iter().position(|(other, _)| *other == entry);
        let kept = known
            .map(|known| left.swap_remove(known).1)
            .or_else(view::kept_position);
        left.push((self.entry.replace(entry), self.position.replace(Position::TOP)));
        drop(left);
        let arrival = Arrival {
            place: address.split_once('#').map(|(_, place)| place.to_owned()),
            kept,
            from: self.navigation.0.shown.replace(Some(address)),
            has_own_focus: self.navigation.0.has_own_focus.replace(false),
        };
        let title = self.title.take();
        // The browser announces the first page itself, and a page with a focused field announces itself.
        if arrival.from.is_some() && !arrival.has_own_focus {
            match title {
                Some(title) => self.announce(title),
                None => self.needs_title.set(true),
            }
        }
        Self::land(self, Landing::at(arrival));
        // From now on, a return leads to this entry.
        self.keep_position();
    }

    fn land(core: &Rc<Self>, mut landing: Landing) {
        core.watch.take();
        let is_done = landing.attempt();
        core.landing.replace(Some(landing).filter(|_| !is_done));
        if is_done {
            return;
        }
        let (again, end) = (Rc::downgrade(core), Rc::downgrade(core));
        let end = move || {
            if let Some(core) = end.upgrade() {
                core.end_landing();
            }
        };
        core.watch.replace(Some(Watch {
            _content: ContentObserver::new(move || {
                if let Some(core) = again.upgrade() {
                    core.attempt_again();
                }
            }),
            _interruptions: INTERRUPTIONS.map(|event| Listener::new(event, end.clone())),
            _deadline: Timeout::new(PATIENCE, end),
        }));
    }

    fn attempt_again(&self) {
        // The landing is taken out of the cell, because focus handlers may run arbitrary code.
        let Some(mut landing) = self.landing.take() else { return };
        if landing.attempt() {
            self.end_landing();
        } else {
            self.landing.replace(Some(landing));
        }
    }

    fn end_landing(&self) {
        self.landing.take();
        let watch = self.watch.take();
        drop(watch);
    }

    fn handle_scroll(self: &Rc<Self>) {
        // The scroll event belongs to no known page until the page of the new entry has been rendered.
        if entry(&self.navigation.0.history.location()) != *self.entry.borrow() {
            return;
        }
        self.take_position();
        if self.keeping.borrow().is_some() {
            return;
        }
        let core = Rc::downgrade(self);
        self.keeping.replace(Some(Timeout::new(KEEP_INTERVAL, move || {
            if let Some(core) = core.upgrade() {
                core.keep_position();
            }
        })));
    }

    fn take_position(&self) {
        let planned = self.landing.borrow().as_ref().and_then(Landing::position);
        self.position.replace(planned.unwrap_or_else(view::position));
    }

    fn keep_position(&self) {
        self.keeping.take();
        self.take_position();
        view::keep_position(&self.position.borrow());
    }
}

impl Guide for Arriving {
    fn leave(&self, is_for_top: bool) {
        self.keep_position();
        if is_for_top {
            // Runs before the next page is rendered, so that its middle is not visible even for a moment.
            view::scroll_to(&Position::TOP);
        }
    }

    fn show(self: Rc<Self>, place: &str) {
        Self::land(&self, Landing::on(place));
    }

    fn announce(&self, text: AttrValue) {
        let number = self.announcement.borrow().number + 1;
        self.announcement.replace(Announcement { number, text });
        self.update.force_update();
    }

    fn name(&self, title: AttrValue) {
        if self.needs_title.replace(false) {
            self.announce(title);
        } else {
            self.title.replace(Some(title));
        }
    }
}

/// Handles every arrival, and renders the announcements. The component stands before the pages, so that its effects run
/// after theirs.
#[component]
pub fn Arrivals() -> Html {
    let update = use_force_update();
    let navigation = use_navigation();
    let arriving = {
        let navigation = navigation.clone();
        use_memo((), move |()| Arriving::new(navigation, update))
    };
    {
        // Runs before the first render of the pages.
        let (navigation, guide) = (navigation.clone(), Rc::clone(&arriving));
        use_memo((), move |()| navigation.set_guide(Some(guide)));
    }
    {
        let arriving = Rc::clone(&arriving);
        use_effect_with((), move |()| {
            view::take_over_scroll_restoration();
            let scrolled = Listener::new(PageEvent::Scroll, move || arriving.handle_scroll());
            move || {
                navigation.set_guide(None);
                drop(scrolled);
            }
        });
    }
    let arrived = use_location().map(|location| (entry(&location), location.query_str().to_owned()));
    {
        let arriving = Rc::clone(&arriving);
        use_effect_with(arrived, move |arrived| {
            if let Some((entry, _)) = arrived {
                arriving.arrive(entry.clone());
            }
        });
    }
    let Announcement { number, text } = arriving.announcement.borrow().clone();
    html! {
        <div class="visually-hidden" role="status" data-testid="announcer">
            <p key={number} ~textContent={&*text} />
        </div>
    }
}
