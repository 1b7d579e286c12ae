//! The toasts and their timers: a pure machine that reads no clock.
//!
//! Each toast has a time limit. The timer is suspended while a pointer or the focus is inside the toast, and starts
//! again afterwards. [`Toasts::timers`] lists the timers to run; [`Toasts::expire`] receives the expired ones.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// The time that a toast without an offer is shown.
const MESSAGE_DURATION: Duration = Duration::from_secs(8);

/// The time that an offer is shown.
const OFFER_DURATION: Duration = Duration::from_secs(10);

/// The maximum number of toasts without an offer. The oldest one is removed for a new one. Offers are not removed
/// early.
const MAX_MESSAGES: usize = 4;

/// The identity of a toast, unique among all toasts ever shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ToastId(u32);

impl std::fmt::Display for ToastId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A reason for which the timer of a toast is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// A pointer is over the toast.
    Pointer,
    /// The focus is inside the toast.
    Focus,
}

/// A toast on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast<A> {
    /// The identity of the toast.
    pub id: ToastId,
    /// The text of the toast.
    pub text: Rc<str>,
    /// The offer, if there is one.
    pub offer: Option<A>,
    has_pointer: bool,
    has_focus: bool,
    /// The number of times that the timer has been restarted.
    run: u32,
}

/// A timer that must run: for this toast, in this run, with this duration.
type Timer = (ToastId, u32, Duration);

/// The toasts on the screen.
#[derive(Clone, Debug)]
pub struct Toasts<A> {
    shown: VecDeque<Toast<A>>,
    last: u32,
}

impl<A> Default for Toasts<A> {
    fn default() -> Self {
        Self {
            shown: VecDeque::new(),
            last: 0,
        }
    }
}

impl<A> Toasts<A> {
    /// Returns the toasts, the oldest first.
    pub fn shown(&self) -> impl Iterator<Item = &Toast<A>> {
        self.shown.iter()
    }

    /// Shows a text. The same text again restarts its timer.
    pub fn say(&mut self, text: &str) {
        self.shown.retain(|toast| toast.offer.is_some() || *toast.text != *text);
        let messages = self.shown.iter().filter(|toast| toast.offer.is_none());
        if messages.count() >= MAX_MESSAGES
            && let Some(oldest) = self.shown.iter().position(|toast| toast.offer.is_none())
        {
            self.shown.remove(oldest);
        }
        self.push(text, None);
    }

    /// Shows a text with an offer.
    pub fn offer(&mut self, text: &str, offer: A) -> ToastId {
        self.push(text, Some(offer))
    }

    fn push(&mut self, text: &str, offer: Option<A>) -> ToastId {
        self.last += 1;
        let id = ToastId(self.last);
        self.shown.push_back(Toast {
            id,
            text: text.into(),
            offer,
            has_pointer: false,
            has_focus: false,
            run: 0,
        });
        id
    }

    /// Removes a toast, and returns it if it was shown.
    pub fn remove(&mut self, id: ToastId) -> Option<Toast<A>> {
        let position = self.shown.iter().position(|toast| toast.id == id)?;
        self.shown.remove(position)
    }

    /// Removes all toasts, and returns them.
    pub fn clear(&mut self) -> impl Iterator<Item = Toast<A>> + use<A> {
        std::mem::take(&mut self.shown).into_iter()
    }

    /// Records that a pointer or the focus has entered or left a toast.
    pub fn hold(&mut self, id: ToastId, hold: Hold, is_held: bool) {
        let Some(toast) = self.shown.iter_mut().find(|toast| toast.id == id) else {
            return;
        };
        match hold {
            Hold::Pointer => toast.has_pointer = is_held,
            Hold::Focus => toast.has_focus = is_held,
        }
        toast.run += 1;
    }

    /// Ends a toast whose timer has expired, and returns it. The timer of an earlier run is ignored.
    pub fn expire(&mut self, id: ToastId, run: u32) -> Option<Toast<A>> {
        let is_due = self.timers().any(|(due, of, _)| (due, of) == (id, run));
        is_due.then(|| self.remove(id)).flatten()
    }

    /// Returns the timers that must run. Each starts when it is listed for the first time.
    pub fn timers(&self) -> impl Iterator<Item = Timer> {
        let running = self.shown.iter().filter(|toast| !toast.has_pointer && !toast.has_focus);
        running.map(|toast| {
            let duration = match toast.offer {
                Some(_) => OFFER_DURATION,
                None => MESSAGE_DURATION,
            };
            (toast.id, toast.run, duration)
        })
    }

    /// Returns the newest offer that is shown.
    #[must_use]
    pub fn newest_offer(&self) -> Option<ToastId> {
        let offers = self.shown.iter().rev().filter(|toast| toast.offer.is_some());
        offers.map(|toast| toast.id).next()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Hold, ToastId, Toasts};

    /// Toasts in virtual time.
    #[derive(Default)]
    struct World {
        toasts: Toasts<&'static str>,
        now: Duration,
        /// The running timers, with their deadlines.
        waits: Vec<(ToastId, u32, Duration)>,
        /// The offers that have expired.
        lapsed: Vec<&'static str>,
    }

    impl World {
        fn say(&mut self, text: &str) {
            self.toasts.say(text);
            self.arm();
        }

        fn offer(&mut self, offer: &'static str) -> ToastId {
            let id = self.toasts.offer("Deleted", offer);
            self.arm();
            id
        }

        fn hold(&mut self, id: ToastId, hold: Hold, is_held: bool) {
            self.toasts.hold(id, hold, is_held);
            self.arm();
        }

        fn arm(&mut self) {
            let timers: Vec<_> = self.toasts.timers().collect();
            let is_wanted = |id, run| timers.iter().any(|(other, of, _)| (*other, *of) == (id, run));
            self.waits.retain(|(id, run, _)| is_wanted(*id, *run));
            for (id, run, duration) in timers {
                if !self.waits.iter().any(|(other, of, _)| (*other, *of) == (id, run)) {
                    self.waits.push((id, run, self.now + duration));
                }
            }
        }

        /// Advances the time to so many milliseconds after the beginning. Returns the shown toasts.
        fn at(&mut self, millis: u64) -> Vec<String> {
            self.now = Duration::from_millis(millis);
            let now = self.now;
            let (due, waits) = self.waits.drain(..).partition(|(_, _, until)| *until <= now);
            self.waits = waits;
            let due: Vec<_> = due;
            for (id, run, _) in due {
                let expired = self.toasts.expire(id, run);
                self.lapsed.extend(expired.and_then(|toast| toast.offer));
            }
            self.arm();
            let texts = self
                .toasts
                .shown()
                .map(|toast| toast.offer.unwrap_or(&toast.text).to_owned());
            texts.collect()
        }
    }

    #[test]
    fn message_ends_after_eight_seconds() {
        let mut world = World::default();
        world.say("Could not save");
        assert_eq!(world.at(7_999), ["Could not save"]);
        assert_eq!(world.at(8_000), [""; 0]);
    }

    #[test]
    fn same_message_again_begins_anew() {
        let mut world = World::default();
        world.say("Could not save");
        world.at(5_000);
        world.say("Could not save");
        assert_eq!(world.at(12_999), ["Could not save"]);
        assert_eq!(world.at(13_000), [""; 0]);
    }

    #[test]
    fn offer_stands_ten_seconds() {
        let mut world = World::default();
        world.offer("first");
        world.at(4_000);
        world.offer("second");
        assert_eq!(world.at(9_999), ["first", "second"]);
        assert_eq!(world.at(10_000), ["second"]);
        assert_eq!(world.at(14_000), [""; 0]);
        assert_eq!(world.lapsed, ["first", "second"]);
    }

    #[test]
    fn offer_waits_while_held_and_begins_anew() {
        let mut world = World::default();
        let id = world.offer("undo");
        world.at(9_000);
        world.hold(id, Hold::Pointer, true);
        world.hold(id, Hold::Focus, true);
        assert_eq!(world.at(60_000), ["undo"]);
        world.hold(id, Hold::Pointer, false);
        assert_eq!(world.at(100_000), ["undo"], "it still has the focus");
        world.hold(id, Hold::Focus, false);
        assert_eq!(world.at(109_999), ["undo"]);
        assert_eq!(world.at(110_000), [""; 0]);
    }

    #[test]
    fn newest_living_offer_comes_first() {
        let mut world = World::default();
        let first = world.offer("first");
        world.at(3_000);
        let second = world.offer("second");
        world.say("Something else");
        assert_eq!(world.toasts.newest_offer(), Some(second));
        assert!(world.toasts.remove(second).is_some());
        assert_eq!(world.toasts.newest_offer(), Some(first));
        world.at(10_000);
        assert_eq!(world.toasts.newest_offer(), None);
        assert!(world.toasts.remove(second).is_none(), "it was accepted once");
    }

    #[test]
    fn messages_make_room_and_offers_do_not() {
        let mut world = World::default();
        for offer in ["a", "b", "c", "d", "e"] {
            world.offer(offer);
        }
        for message in ["1", "2", "3", "4", "5"] {
            world.say(message);
        }
        assert_eq!(world.at(1), ["a", "b", "c", "d", "e", "2", "3", "4", "5"]);
        assert_eq!(world.lapsed, [""; 0]);
    }
}
