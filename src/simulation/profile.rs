//! A browser profile: the state that its tabs share, namely a cookie, the remembered person, a network, a disk and
//! locks.

use std::collections::{BTreeMap, VecDeque};

use super::kept::Kept;
use super::network::Act;
use super::tab::TabId;
use super::world::World;
use crate::sse::LockNews;
use crate::unresolved::Unresolved;

/// A browser profile.
#[derive(Default)]
pub(super) struct Profile {
    pub(super) cookie: Option<u64>,
    /// The person that the browser remembers as signed in.
    pub(super) remembered: Option<usize>,
    /// Whether the server has yet to be notified of a sign-out.
    pub(super) sign_out_pending: bool,
    /// The number of sign-ins and sign-outs that are under way. No other one begins meanwhile.
    pub(super) signing: usize,
    /// Whether packets get through.
    pub(super) is_linked: bool,
    /// Whether the browser supports locks.
    pub(super) has_locks: bool,
    pub(super) locks: BTreeMap<usize, Lock>,
    /// The time that the monotonic clock has not counted, in milliseconds.
    pub(super) uncounted: u64,
    /// The offset of the wall clock, in milliseconds.
    pub(super) set_by: i64,
    /// The current sleep of the machine, if any.
    pub(super) sleep: Option<Sleep>,
    /// The persisted mutations, by the place of each on the disk.
    pub(super) kept: BTreeMap<u64, Kept>,
    /// The unresolved changes, with the person of each.
    pub(super) unresolved: Vec<(usize, Unresolved)>,
}

/// A time in which the machine sleeps and runs nothing.
pub(super) struct Sleep {
    pub(super) since: u64,
    pub(super) until: u64,
    /// Whether the monotonic clock stands still meanwhile.
    pub(super) stands_still: bool,
}

/// The lock of a person, which decides on the leader.
#[derive(Default)]
pub(super) struct Lock {
    pub(super) holder: Option<Holder>,
    queue: VecDeque<Holder>,
}

/// A tab, and the number of its request for the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) tab: TabId,
    pub(super) hold: u64,
}

impl World {
    /// Requests the lock of the tab's person, in place of any earlier request of the tab.
    pub(super) fn ask_lock(&mut self, t: TabId, steals: bool) {
        self.drop_lock(t);
        let hold = self.number();
        self.tabs[t].hold = Some(hold);
        let delay = self.rng.u64(0..4);
        self.at(delay, Act::AskLock { tab: t, hold, steals });
    }

    /// Releases a tab's lock, or its place in the queue.
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

    /// Grants the lock to the tab that has waited longest.
    fn promote(&mut self, profile: usize, person: usize) {
        let lock = self.profiles[profile].locks.entry(person).or_default();
        if lock.holder.is_none()
            && let Some(next) = lock.queue.pop_front()
        {
            lock.holder = Some(next);
            self.tell_lock(next, LockNews::Granted);
        }
    }

    /// Handles a tab's request for the lock in the browser.
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

    /// Notifies a tab about its lock, in order.
    fn tell_lock(&mut self, Holder { tab, hold }: Holder, news: LockNews) {
        let due = (self.now + self.rng.u64(0..6)).max(self.tabs[tab].lock_due);
        self.tabs[tab].lock_due = due;
        self.at_moment(due, Act::Lock { tab, hold, news });
    }

    /// Whether the browser has granted this tab the lock of its person.
    pub(super) fn holds_lock(&self, t: TabId) -> bool {
        let tab = &self.tabs[t];
        let lock = self.profiles[tab.profile].locks.get(&tab.person);
        let holder = lock.and_then(|lock| lock.holder);
        holder.is_some_and(|holder| holder.tab == t && Some(holder.hold) == tab.hold)
    }

    /// Remembers the signed-in person, and notifies the other tabs if it is another one than before.
    pub(super) fn remember(&mut self, t: TabId, person: Option<usize>) {
        let profile = self.tabs[t].profile;
        if std::mem::replace(&mut self.profiles[profile].remembered, person) == person {
            return;
        }
        for other in self.tabs_of(profile) {
            // A page in the back/forward cache is not notified.
            if other != t && !self.tabs[other].is_cached {
                let delay = self.rng.u64(0..3);
                self.at(delay, Act::Storage(other));
            }
        }
    }

    /// Broadcasts a text to all other tabs of the same person. Each tab receives the texts in order.
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

/// Whether a text welcomes this tab without a position from which it could resume. Later events may repeat earlier ones
/// then, and everything is fetched again.
pub(super) fn begins_anew(text: &str, t: TabId) -> bool {
    let lines: Vec<_> = text.split('\n').skip(3).take(3).collect();
    lines == [format!("tab{t}").as_str(), "welcome", "0"]
}

/// Whether a text carries content of a stream, or changes the leader. The other texts only ask for and report the state
/// of the tabs, again and again.
pub(super) fn carries(text: &str) -> bool {
    let mut lines = text.split('\n').skip(3);
    match (lines.next(), lines.next()) {
        (Some(to), Some("lead")) => to.is_empty(),
        (_, word) => matches!(word, Some("join" | "welcome" | "message")),
    }
}
