//! A browser: what its tabs share. One cookie, one memory of who is signed in, one network, and locks.

use std::collections::{BTreeMap, VecDeque};

use super::kept::Kept;
use super::network::Act;
use super::tab::TabId;
use super::world::World;
use crate::sse::LockNews;
use crate::unresolved::Unresolved;

/// A browser.
#[derive(Default)]
pub(super) struct Profile {
    pub(super) cookie: Option<u64>,
    /// Who is remembered to be signed in here.
    pub(super) remembered: Option<usize>,
    /// Whether the server does not know yet that somebody has signed out.
    pub(super) sign_out_pending: bool,
    /// Sign-ins and sign-outs that are under way: nobody begins another meanwhile.
    pub(super) signing: usize,
    /// Whether packets get through.
    pub(super) is_linked: bool,
    /// Whether the browser has locks.
    pub(super) has_locks: bool,
    pub(super) locks: BTreeMap<usize, Lock>,
    /// How much of the time that has passed its monotonic clock has not counted, in milliseconds.
    pub(super) uncounted: u64,
    /// How far its wall clock was set forward, in milliseconds.
    pub(super) set_by: i64,
    /// While its machine sleeps.
    pub(super) sleep: Option<Sleep>,
    /// What is not sent, by the place where it is written down.
    pub(super) kept: BTreeMap<u64, Kept>,
    /// What people have to decide on.
    pub(super) unresolved: Vec<(usize, Unresolved)>,
}

/// A machine sleeps: nothing in it runs.
pub(super) struct Sleep {
    pub(super) since: u64,
    pub(super) until: u64,
    /// Whether the monotonic clock stands still meanwhile.
    pub(super) stands_still: bool,
}

/// The lock of a person: who leads.
#[derive(Default)]
pub(super) struct Lock {
    pub(super) holder: Option<Holder>,
    queue: VecDeque<Holder>,
}

/// A tab, and the number of what it asked for the lock with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) tab: TabId,
    pub(super) hold: u64,
}

impl World {
    /// A tab asks for the lock of its person, instead of whatever it asked for before.
    pub(super) fn ask_lock(&mut self, t: TabId, steals: bool) {
        self.drop_lock(t);
        let hold = self.number();
        self.tabs[t].hold = Some(hold);
        let delay = self.rng.u64(0..4);
        self.at(delay, Act::AskLock { tab: t, hold, steals });
    }

    /// A tab gives up the lock, or its place in the queue.
    pub(super) fn drop_lock(&mut self, t: TabId) {
        if self.tabs[t].hold.take().is_none() {
            return;
        }
        let (profile, person) = (self.tabs[t].profile, self.tabs[t].person);
        let lock = self.profiles[profile].locks.entry(person).or_default();
        lock.queue.retain(|waiting| waiting.tab != t);
        if lock.holder.is_some_and(|holder| holder.tab == t) {
            lock.holder = None;
            self.promote(profile, person);
        }
    }

    /// The lock goes to whoever has waited longest.
    fn promote(&mut self, profile: usize, person: usize) {
        let lock = self.profiles[profile].locks.entry(person).or_default();
        if lock.holder.is_none()
            && let Some(next) = lock.queue.pop_front()
        {
            lock.holder = Some(next);
            self.tell_lock(next, LockNews::Granted);
        }
    }

    /// The browser looks at what a tab has asked.
    pub(super) fn look_at_lock(&mut self, tab: TabId, hold: u64, steals: bool) {
        let asker = Holder { tab, hold };
        if self.tabs[tab].hold != Some(hold) {
            return;
        }
        let (profile, person) = (self.tabs[tab].profile, self.tabs[tab].person);
        if !self.profiles[profile].has_locks {
            return self.tell_lock(asker, LockNews::Missing);
        }
        let lock = self.profiles[profile].locks.entry(person).or_default();
        if steals {
            let before = lock.holder.replace(asker);
            if let Some(before) = before {
                self.tell_lock(before, LockNews::Lost);
            }
            self.tell_lock(asker, LockNews::Granted);
        } else if lock.holder.is_none() && lock.queue.is_empty() {
            lock.holder = Some(asker);
            self.tell_lock(asker, LockNews::Granted);
        } else {
            lock.queue.push_back(asker);
            self.tell_lock(asker, LockNews::Taken);
            self.promote(profile, person);
        }
    }

    /// Tells a tab about its lock, in order.
    fn tell_lock(&mut self, Holder { tab, hold }: Holder, news: LockNews) {
        let due = (self.now + self.rng.u64(0..6)).max(self.tabs[tab].lock_due);
        self.tabs[tab].lock_due = due;
        self.at_moment(due, Act::Lock { tab, hold, news });
    }

    /// Whether this tab has the lock of its person, as the browser knows.
    pub(super) fn holds_lock(&self, t: TabId) -> bool {
        let tab = &self.tabs[t];
        let lock = self.profiles[tab.profile].locks.get(&tab.person);
        let holder = lock.and_then(|lock| lock.holder);
        holder.is_some_and(|holder| holder.tab == t && Some(holder.hold) == tab.hold)
    }

    /// Remembers who is signed in here, and tells the other tabs if that is news.
    pub(super) fn remember(&mut self, t: TabId, person: Option<usize>) {
        let profile = self.tabs[t].profile;
        if std::mem::replace(&mut self.profiles[profile].remembered, person) == person {
            return;
        }
        for other in self.tabs_of(profile) {
            // What is put away is not told.
            if other != t && !self.tabs[other].is_cached {
                let delay = self.rng.u64(0..3);
                self.at(delay, Act::Storage(other));
            }
        }
    }

    /// Says something to all other tabs of the same person, each in order.
    pub(super) fn broadcast(&mut self, t: TabId, text: &str) {
        let Some((person, _)) = self.tabs[t].channel else {
            return;
        };
        let text: std::rc::Rc<str> = text.into();
        for other in self.tabs_of(self.tabs[t].profile) {
            let Some((_, opened)) = self.tabs[other]
                .channel
                .filter(|(whose, _)| *whose == person && other != t)
            else {
                continue;
            };
            let most = self.weather.slowest_text;
            let due = self.now + self.rng.u64(0..=most);
            let due = due.max(self.tabs[other].heard_from.get(&t).copied().unwrap_or_default());
            self.tabs[other].heard_from.insert(t, due);
            self.tabs[other].texts_under_way += usize::from(carries(&text));
            let text = std::rc::Rc::clone(&text);
            self.at_moment(
                due,
                Act::Text {
                    tab: other,
                    opened,
                    text,
                },
            );
        }
    }
}

/// Whether a text welcomes this tab without taking up where it had come to. What it is told from then on may be what it
/// was told before: everything is read again.
pub(super) fn begins_anew(text: &str, t: TabId) -> bool {
    let lines: Vec<_> = text.split('\n').skip(3).take(3).collect();
    lines == [format!("tab{t}").as_str(), "welcome", "0"]
}

/// Whether a text carries what a stream has told, or changes who tells it: the others only ask and answer how the tabs
/// are, again and again.
pub(super) fn carries(text: &str) -> bool {
    let mut lines = text.split('\n').skip(3);
    match (lines.next(), lines.next()) {
        (Some(to), Some("lead")) => to.is_empty(),
        (_, word) => matches!(word, Some("join" | "welcome" | "message")),
    }
}
