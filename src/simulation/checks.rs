//! Invariants that hold at any time.

use std::collections::BTreeMap;
use std::rc::Rc;

use wire::{Event, Timestamp};

use super::people::{self, pair_of};
use super::requests::Ask;
use super::rows::reader_mark;
use super::show::{self, Show};
use super::tab::{Session, TabId};
use super::world::{Truth, World};
use crate::query::{EntryId, Value};
use crate::sse::State;

/// The maximum time after which a tab without a stream reads again what it shows, in milliseconds: the longest polling
/// interval, a request that times out and is retried, and a margin.
const POLLS_WITHIN: u64 = 70_000;

/// The maximum number of streams that a tab may try to open within a minute. People and the network cause more attempts
/// than the backoff.
const MOST_ATTEMPTS: usize = 20;

impl World {
    /// Checks that a tab without a signed-in person sends only requests about the session.
    pub(super) fn check_asking(&self, t: TabId, ask: &Ask) {
        let is_for_members = match ask {
            Ask::Read { .. } | Ask::Send { .. } | Ask::Probe(..) | Ask::Ticket(..) => true,
            Ask::Who(_) | Ask::SignIn(_) | Ask::SignOut { .. } => false,
        };
        if is_for_members && self.tabs[t].user().is_none() {
            self.fail(&format!("tab {t} asks {ask:?} after its person has signed out"));
        }
    }

    /// Checks that only a tab with a signed-in person opens a stream.
    pub(super) fn check_opening(&mut self, t: TabId) {
        if self.tabs[t].user().is_none() {
            self.fail(&format!("tab {t} opens a stream after its person has signed out"));
        }
        self.tally.opens += 1;
    }

    /// Checks that attempts to open a stream are at least a second apart, and not too many in a minute.
    pub(super) fn check_attempt(&mut self, t: TabId) {
        let now = self.now;
        let attempts = &mut self.tabs[t].attempts;
        attempts.retain(|at| now - at < 60_000);
        let is_hasty = attempts.last().is_some_and(|last| now < last + 1_000);
        attempts.push(now);
        if is_hasty || attempts.len() > MOST_ATTEMPTS {
            self.fail(&format!("tab {t} tries to open one stream right after another"));
        }
    }

    /// Checks that an event is delivered only to the people of its pair.
    pub(super) fn check_delivery(&self, t: TabId, event: &Event) {
        let person = self.tabs[t].user();
        if let Some((person, pair)) = person.zip(Self::pair_of_event(event))
            && pair_of(person) != pair
        {
            self.fail(&format!("tab {t} of person {person} is told what concerns pair {pair}"));
        }
    }

    /// Checks the invariants of a tab after each input.
    pub(super) fn check_tab(&self, t: TabId) {
        let tab = &self.tabs[t];
        if tab.is_dead {
            return;
        }
        if tab.user().is_none() && (tab.stream.is_some() || !tab.flights.is_empty() || tab.is_current) {
            self.fail(&format!("tab {t} goes on after its person has signed out"));
        }
        if tab.user().is_none() && (tab.hold.is_some() || tab.channel.is_some()) {
            self.fail(&format!(
                "tab {t} listens to the others after its person has signed out"
            ));
        }
        if tab.stream.is_some() {
            self.check_streams(t);
        }
        if tab.is_current || !self.paints {
            for shown in &tab.shown {
                self.check_freshness(t, shown.show, shown.entry);
            }
        }
    }

    /// Checks that tabs share at most one stream. A tab with a stream has the lock, or is not yet notified that another
    /// tab has taken it.
    fn check_streams(&self, t: TabId) {
        let tab = &self.tabs[t];
        if !self.leads(t) {
            return;
        }
        let rivals = self.tabs_of(tab.profile).into_iter().filter(|other| {
            let rival = &self.tabs[*other];
            rival.stream.is_some() && rival.person == tab.person && self.holds_lock(*other)
        });
        if rivals.count() > 1 {
            self.fail("two streams of one person");
        }
        if !self.holds_lock(t) && !self.is_robbed(t) {
            self.fail(&format!("tab {t} has a stream and does not lead"));
        }
    }

    /// Whether this tab shares a stream with other tabs.
    fn leads(&self, t: TabId) -> bool {
        self.tabs[t].channel.is_some() && self.profiles[self.tabs[t].profile].has_locks
    }

    /// Whether another tab has taken the lock of this one, which is not yet notified.
    fn is_robbed(&self, t: TabId) -> bool {
        let Some(hold) = self.tabs[t].hold else { return false };
        let is_news = |act: &super::network::Act| matches!(act, super::network::Act::Lock { hold: lost, news: crate::sse::LockNews::Lost, .. } if *lost == hold);
        self.acts.values().any(is_news) || self.tabs[t].parked.iter().any(is_news)
    }

    /// Checks that a person sees only rows of their own pair.
    pub(super) fn check_entry(&mut self, t: TabId, entry: EntryId) {
        let tab = &self.tabs[t];
        let Some(person) = tab.user() else { return };
        let data = tab
            .cache
            .snapshot(self.instant(t), entry)
            .and_then(|snapshot| snapshot.data);
        let (Some(data), Some(show)) = (data, tab.entries.get(&entry)) else {
            return;
        };
        let pair = pair_of(person);
        let is_own = |session| people::sessions_of(pair).any(|at| people::session(at) == session);
        let all_own = show::actions(&data).is_none_or(|list| list.iter().all(|row| is_own(row.coaching_session_id)))
            && show::agreements(&data).is_none_or(|list| list.iter().all(|row| is_own(row.coaching_session_id)))
            && show::goals(&data).is_none_or(|list| {
                list.iter()
                    .all(|row| row.coaching_relationship_id == people::relationship(pair))
            })
            && data
                .get::<wire::CoachingSession>()
                .is_none_or(|session| is_own(session.id) && session.provider == Some(reader_mark(person)));
        if !all_own {
            self.fail(&format!(
                "tab {t} shows person {person} what is somebody else's: {show:?}"
            ));
        }
        self.check_versions(t, entry, &data);
    }

    /// Checks that no row returns to an earlier version while the tab has a working stream.
    fn check_versions(&mut self, t: TabId, entry: EntryId, data: &Value) {
        // While a goal is being linked, its list shows it as it was when the person linked it.
        let is_linking = |show: &Show| matches!(show, Show::SessionGoals(_)) && self.tabs[t].cache.pending() > 0;
        if !self.tabs[t].is_current || self.tabs[t].entries.get(&entry).is_some_and(is_linking) {
            return;
        }
        let before = self.tabs[t].versions.remove(&entry).unwrap_or_default();
        let mut shown = BTreeMap::new();
        for (id, version) in show::versions(data) {
            let before = before.get(&id).copied();
            // Restored rows are exempt: the event of a deletion carries no version, so it can not be ordered against
            // the versions before and after it.
            if version.is_some_and(|version| before.is_some_and(|before| version < before))
                && !self.server.stored.history.is_restored(id)
            {
                self.fail(&format!("tab {t} goes back to {version:?} of {id}, after {before:?}"));
            }
            shown.extend(version.or(before).map(|version| (id, version)));
        }
        self.tabs[t].versions.insert(entry, shown);
    }

    /// Checks that fresh data includes every delivered event. Checks also that confirmed mutations are shown, unless
    /// the tab applies events before a fetch: an event may be older than the mutation.
    fn check_freshness(&self, t: TabId, show: Show, entry: EntryId) {
        let tab = &self.tabs[t];
        let Some(snapshot) = tab.cache.snapshot(self.instant(t), entry) else {
            return;
        };
        let Some(data) = snapshot.data.filter(|_| tab.cache.pending() == 0) else {
            return;
        };
        let is_edited = matches!(show, Show::Actions(_) | Show::Agreements(_) | Show::Goals(_));
        let is_linked = |id| matches!(show, Show::SessionGoals(_)) && tab.linked.contains(&id);
        let is_behind = |row: Timestamp, id: u128| match tab.delivered.get(&id) {
            Some(Some(told)) if !snapshot.stale && row < *told => !is_linked(id),
            Some(None) if !snapshot.stale => !self.server.stored.history.is_restored(id),
            _ => !self.paints && is_edited && tab.own.get(&id).is_some_and(|own| row < *own),
        };
        let is_old = show::actions(&data)
            .is_some_and(|list| list.iter().any(|row| is_behind(row.updated_at, row.id.as_u128())))
            || show::agreements(&data)
                .is_some_and(|list| list.iter().any(|row| is_behind(row.updated_at, row.id.as_u128())))
            || show::goals(&data)
                .is_some_and(|list| list.iter().any(|row| is_behind(row.updated_at, row.id.as_u128())));
        if is_old {
            self.fail(&format!(
                "tab {t} shows {show:?} as it was before it was told otherwise"
            ));
        }
    }

    /// Checks that fresh data equals the server's data in every tab that has received everything that was sent.
    pub(super) fn check_calm(&self) {
        for t in 0..self.tabs.len() {
            if self.is_calm(t) {
                for shown in &self.tabs[t].shown {
                    self.check_truth(t, shown.show, shown.entry);
                }
            }
        }
    }

    fn is_calm(&self, t: TabId) -> bool {
        let tab = &self.tabs[t];
        if !tab.runs() || !tab.is_current || tab.user().is_none() || tab.cache.pending() > 0 || tab.link.has_work() {
            return false;
        }
        let all = self.tabs_of(tab.profile).into_iter();
        let mut mates = all.filter(|other| self.tabs[*other].person == tab.person && *other != t);
        let mut leaders = self.tabs_of(tab.profile).into_iter().filter(|other| {
            let leader = &self.tabs[*other];
            leader.person == tab.person && leader.stream.is_some() && (*other == t || tab.stream.is_none())
        });
        let leader = leaders.next();
        let hears = leader.and_then(|leader| self.tabs[leader].stream).is_some_and(|id| {
            let stream = &self.streams[id];
            stream.is_told && stream.is_heard && !stream.is_broken && stream.under_way == 0
        });
        hears
            && leaders.next().is_none()
            && tab.texts_under_way == 0
            && mates.all(|mate| {
                let mate = &self.tabs[mate];
                mate.is_away || (mate.runs() && mate.texts_under_way == 0 && !mate.link.has_work())
            })
    }

    /// Checks that a visible tab without a stream polls within the time limit while the server can be reached.
    pub(super) fn watch_polling(&mut self) {
        let is_server_well =
            self.server.is_up && !self.is_away() && self.server.busy_until <= self.now && self.weather.lost == 0;
        for t in 0..self.tabs.len() {
            let tab = &self.tabs[t];
            let asks = is_server_well
                && !tab.is_current
                && tab.runs()
                && tab.is_visible
                && tab.is_online
                && self.profiles[tab.profile].is_linked
                && tab.user().is_some()
                && tab.cache.pending() == 0
                && tab.link.status().state != State::Connected;
            let since = asks.then(|| tab.asks_since.unwrap_or(self.now));
            if let Some(long_ago) = self.now.checked_sub(POLLS_WITHIN)
                && since.is_some_and(|since| since < long_ago)
                && let Some(shown) = tab.shown.iter().find(|shown| tab.read_at[&shown.entry] < long_ago)
            {
                self.fail(&format!(
                    "tab {t} is not told of changes and does not ask: {:?}",
                    shown.show
                ));
            }
            self.tabs[t].asks_since = since;
        }
    }

    /// Checks that fresh data equals the server's data.
    pub(super) fn check_truth(&self, t: TabId, show: Show, entry: EntryId) {
        let tab = &self.tabs[t];
        let Some(snapshot) = tab.cache.snapshot(self.instant(t), entry) else {
            return;
        };
        let (Some(data), false, false) = (snapshot.data, snapshot.stale, snapshot.fetching) else {
            return;
        };
        let person = tab.user().unwrap_or_default();
        if data != self.truth(show, person) {
            self.fail(&format!(
                "tab {t} shows {show:?} as fresh, and the server has something else"
            ));
        }
    }

    /// Returns the server's data.
    fn truth(&self, show: Show, person: usize) -> Value {
        let body = self.server.stored.body(show, person);
        let mut truths = self.truths.borrow_mut();
        let Truth { read, memo, value } = truths.entry((show, person)).or_default();
        match value {
            Some(value) if read.as_ref().is_some_and(|read| Rc::ptr_eq(read, &body)) => value.clone(),
            _ => {
                let fresh = show.read(body.to_vec(), memo).unwrap();
                (*read, *value) = (Some(body), Some(fresh.clone()));
                fresh
            }
        }
    }

    /// Returns the reason why the world is not quiet, if it is not. In a quiet world all tabs are connected, nothing is
    /// under way, and all screens are fresh.
    pub(super) fn why_not_quiet(&self) -> Option<String> {
        for (t, tab) in self.tabs.iter().enumerate().filter(|(_, tab)| tab.runs()) {
            if tab.session == Session::Restoring {
                return Some(format!("tab {t} does not know who is signed in"));
            }
            if tab.user().is_none() {
                continue;
            }
            let status = tab.link.status();
            if status.state != State::Connected || status.is_polling || !tab.is_current {
                return Some(format!("tab {t} is {status:?}"));
            }
            if tab.cache.pending() > 0 || !tab.flights.is_empty() || tab.texts_under_way > 0 || tab.link.has_work() {
                let (pending, flights) = (tab.cache.pending(), tab.flights.len());
                return Some(format!(
                    "tab {t} waits for {pending} changes, {flights} reads, or another tab"
                ));
            }
            for shown in &tab.shown {
                let snapshot = tab.cache.snapshot(self.instant(t), shown.entry);
                let is_at_rest = snapshot.as_ref().is_some_and(|snapshot| {
                    !snapshot.stale
                        && !snapshot.fetching
                        && !snapshot.paused
                        && snapshot.error.is_none()
                        && snapshot.data.is_some()
                });
                if !is_at_rest {
                    return Some(format!("{:?} of tab {t} is not at rest: {snapshot:?}", shown.show));
                }
            }
        }
        if let Some(why) = self.why_not_one_stream_each() {
            return Some(why);
        }
        let mut heard = self
            .streams
            .iter()
            .filter(|stream| stream.is_heard && self.tabs[stream.tab].runs());
        let is_well = heard.all(|stream| stream.is_told && !stream.is_broken && stream.under_way == 0);
        (!is_well).then(|| "a stream is broken, or has something under way".to_owned())
    }

    /// Checks that the tabs of one browser and person share one stream, if they can share. Returns the violation, if
    /// any.
    fn why_not_one_stream_each(&self) -> Option<String> {
        for profile in 0..self.profiles.len() {
            let mut tabs: Vec<TabId> = self.tabs_of(profile);
            tabs.retain(|t| self.tabs[*t].runs());
            for person in 0..people::PEOPLE {
                let own: Vec<TabId> = tabs
                    .iter()
                    .copied()
                    .filter(|t| self.tabs[*t].user() == Some(person))
                    .collect();
                let open = own.iter().filter(|t| self.tabs[**t].stream.is_some()).count();
                let shared = own.first().is_some_and(|t| self.leads(*t));
                let wanted = if shared {
                    usize::from(!own.is_empty())
                } else {
                    own.len()
                };
                if open != wanted {
                    return Some(format!(
                        "{open} streams of person {person} in browser {profile}, not {wanted}"
                    ));
                }
            }
        }
        None
    }
}
