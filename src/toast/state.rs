//! Which messages are shown, and how long: a pure machine that reads no clock.
//!
//! Each message has a time. While a pointer or the focus is in it the time stands still, and begins anew afterwards.
//! [`Toasts::timers`] says what has to be waited for; [`Toasts::expire`] is told when that is over.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// How long a message without an offer is shown.
const MESSAGE_DURATION: Duration = Duration::from_secs(8);

/// How long an offer stands.
const OFFER_DURATION: Duration = Duration::from_secs(10);

/// The most messages without an offer. The oldest makes room; an offer stands as long as it was promised.
const MAX_MESSAGES: usize = 4;

/// Identifies a message among all that were ever shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ToastId(u32);

impl std::fmt::Display for ToastId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Reasons for which the time of a message stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// A pointer is over it.
    Pointer,
    /// The focus is in it.
    Focus,
}

/// A message on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast<A> {
    /// Its identity.
    pub id: ToastId,
    /// Its text.
    pub text: Rc<str>,
    /// What can be done about it.
    pub offer: Option<A>,
    has_pointer: bool,
    has_focus: bool,
    /// How often its time has begun.
    run: u32,
}

/// A wait that has to be carried out: for this message, in this run of its time.
type Timer = (ToastId, u32, Duration);

/// The messages on the screen.
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
    /// The messages, the oldest first.
    pub fn shown(&self) -> impl Iterator<Item = &Toast<A>> {
        self.shown.iter()
    }

    /// Shows a text. The same text again begins its time anew.
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

    /// Takes a message away, and returns it if it was shown.
    pub fn remove(&mut self, id: ToastId) -> Option<Toast<A>> {
        let position = self.shown.iter().position(|toast| toast.id == id)?;
        self.shown.remove(position)
    }

    /// Takes all messages away, and returns them.
    pub fn clear(&mut self) -> impl Iterator<Item = Toast<A>> + use<A> {
        std::mem::take(&mut self.shown).into_iter()
    }

    /// A pointer or the focus has come into a message, or has left it.
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

    /// A wait is over. Returns the message if that ends it: a wait of an earlier run does not.
    pub fn expire(&mut self, id: ToastId, run: u32) -> Option<Toast<A>> {
        let is_due = self.timers().any(|(due, of, _)| (due, of) == (id, run));
        is_due.then(|| self.remove(id)).flatten()
    }

    /// The waits to be carried out, from the moment at which each is named first.
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

    /// The newest offer that still stands.
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

    /// Messages in a time that passes only when it is told to.
    #[derive(Default)]
    struct World {
        toasts: Toasts<&'static str>,
        now: Duration,
        /// What is waited for, and until when.
        waits: Vec<(ToastId, u32, Duration)>,
        /// The offers whose time is over.
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

        /// Lets time pass until so many milliseconds after the beginning.
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
