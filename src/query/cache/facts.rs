//! What the cache is told. Each of these records a fact; [`Cache::flush`] decides.

use std::time::Duration;

use super::super::effect::{Effect, EntryId, FlightId, ObserverId};
use super::super::entry::{Entry, Weather};
use super::super::index::Index;
use super::super::journal::Input;
use super::super::key::Key;
use super::super::outage::Request;
use super::super::policy::{Fault, Options};
use super::super::selector::Selector;
use super::super::value::{Patch, Value};
use super::{Cache, HOLD};
use crate::time::Instant;

/// The least time between two returns to the page that count.
const RETURN_THROTTLE: Duration = Duration::from_secs(10);
/// How long a fetch may have been under way when pushing begins before it is taken for one that hangs.
const HUNG: Duration = Duration::from_secs(5);

/// How long fetches wait for what outlives the page.
const RECALL: Duration = Duration::from_millis(500);

impl<E: Fault> Cache<E> {
    /// Somebody wants to see this key.
    pub fn observe(&mut self, now: Instant, key: Key, options: Options) -> (EntryId, ObserverId) {
        self.note(now, || Input::Observe(key.clone(), options));
        let id = self.entry(now, key, options);
        let observer = ObserverId(self.take_number());
        let weather = self.weather;
        self.touch(id, |entry| entry.observe(observer, options, now, weather));
        (id, observer)
    }

    /// Somebody no longer does.
    pub fn release(&mut self, now: Instant, id: EntryId, observer: ObserverId) {
        self.note(now, || Input::Release(id, observer));
        self.touch(id, |entry| entry.release(observer, now));
    }

    /// Somebody will want to see this key soon: it is fetched if it is not fresh, once, whether that works or not.
    pub fn prefetch(&mut self, now: Instant, key: Key, options: Options) -> EntryId {
        self.note(now, || Input::Prefetch(key.clone(), options));
        let id = self.entry(now, key, options);
        let weather = self.weather;
        self.touch(id, |entry| entry.prefetch(options, now, weather));
        id
    }

    /// An entry of which nothing is known is remembered from an earlier visit. It counts as stale.
    pub fn restore(&mut self, now: Instant, id: EntryId, value: Value, weight: usize) {
        self.note(now, || Input::Restore(id, value.clone(), weight));
        self.touch(id, |entry| entry.restore(value, weight));
    }

    /// What these keys hold has changed on the server, because of what `cause` names. Returns how many there are.
    ///
    /// A fetch that is under way is left alone and shown when it lands; one more follows it.
    pub fn invalidate(&mut self, now: Instant, selector: &Selector, cause: &'static str) -> usize {
        self.note(now, || Input::Invalidate(selector.clone(), cause));
        self.touch_matches(selector, |entry| entry.invalidate(cause))
    }

    /// What these keys hold has changed on the server in this way, as far as was told. It is shown at once, and
    /// confirmed or corrected by a fetch. Returns how many keys there are.
    pub fn paint(&mut self, now: Instant, selector: &Selector, patch: &Patch, cause: &'static str) -> usize {
        self.note(now, || Input::Paint(selector.clone(), patch.clone(), cause));
        self.touch_matches(selector, |entry| entry.paint(patch, cause, now))
    }

    /// The person has come back to the page: a good moment to look again at what is old. Leafing through tabs
    /// counts once in ten seconds.
    pub fn revalidate(&mut self, now: Instant) {
        self.note(now, || Input::Revalidate);
        self.come_back(now);
    }

    /// The machine has slept. `slept` is how much of that `now` does not count. Data is as much older, and what is looked
    /// at is read again if it is old now.
    pub fn revalidate_after_sleep(&mut self, now: Instant, slept: Duration) {
        self.note(now, || Input::RevalidateAfterSleep(slept));
        if !slept.is_zero() {
            self.touch_matches(&Selector::all(), |entry| entry.grow_older(slept));
        }
        self.touch_active(|entry, weather| entry.revalidate(now, weather));
    }

    fn come_back(&mut self, now: Instant) {
        if self.last_return.is_some_and(|last| now.since(last) < RETURN_THROTTLE) {
            return;
        }
        self.last_return = Some(now);
        self.touch_active(|entry, weather| entry.revalidate(now, weather));
    }

    /// Somebody asks for fresh data.
    pub fn refetch(&mut self, now: Instant, id: EntryId) {
        self.note(now, || Input::Refetch(id));
        self.touch(id, Entry::refetch);
    }

    /// Nobody tells of changes: reads again what is looked at. A fetch that is under way will do.
    pub fn refetch_active(&mut self, now: Instant) {
        self.note(now, || Input::RefetchActive);
        self.touch_active(|entry, _| entry.refetch());
    }

    /// Somebody asks for the page after the last that is shown.
    pub fn fetch_more(&mut self, now: Instant, id: EntryId) {
        self.note(now, || Input::FetchMore(id));
        self.touch(id, Entry::fetch_more);
    }

    /// The network has come or gone. Without it nothing starts, and nothing is forgotten.
    pub fn set_online(&mut self, now: Instant, online: bool) {
        self.note(now, || Input::SetOnline(online));
        self.change_weather(now, online, |weather| weather.online = online);
        if online {
            self.touch_active(|entry, weather| entry.revalidate(now, weather));
        }
    }

    /// The page is hidden, or can be seen again. What can not be seen is not fetched, only known to be old.
    pub fn set_visible(&mut self, now: Instant, visible: bool) {
        self.note(now, || Input::SetVisible(visible));
        self.change_weather(now, false, |weather| weather.visible = visible);
        if visible {
            self.come_back(now);
        }
    }

    /// Whether changes are pushed from now on. While they are, data is fresh until told otherwise, and a mutation
    /// leaves it to the push to say what else it has changed.
    ///
    /// A fetch that has been under way for long when pushing begins is given up and asked for again: it may have gone
    /// out over a connection that has died since, and would keep what is pushed off the screen until its time is up.
    pub fn set_pushed(&mut self, now: Instant, pushed: bool) {
        self.note(now, || Input::SetPushed(pushed));
        let begins = pushed && !self.weather.pushed;
        self.change_weather(now, pushed, |weather| weather.pushed = pushed);
        if pushed {
            let mut hung = Vec::new();
            self.touch_active(|entry, _| {
                entry.try_again();
                hung.extend(begins.then(|| entry.give_up_hung(HUNG, now)).flatten());
            });
            self.effects
                .extend(hung.into_iter().map(|flight| Effect::Abort { flight }));
        }
    }

    fn change_weather(&mut self, now: Instant, is_good_news: bool, change: impl FnOnce(&mut Weather)) {
        change(&mut self.weather);
        if is_good_news {
            if let Some(outage) = &mut self.weather.outage {
                outage.expedite(now);
            }
            // A stream that is connected proves that the server is there.
            if self.weather.pushed {
                self.weather.outage = None;
            }
            if self.queue.is_draining() {
                self.queue.hurry();
                self.weather.held_until = Some(now + HOLD);
            }
        }
        self.touch_active(|_, _| {});
    }

    /// What outlives the page is being looked for, or was found: until then, and not for long, nothing is fetched, since
    /// changes of an earlier visit go first.
    pub fn set_recalling(&mut self, now: Instant, recalling: bool) {
        self.note(now, || Input::SetRecalling(recalling));
        if recalling {
            self.weather.held_until = Some(now + RECALL);
        } else {
            self.stop_holding();
        }
    }

    /// How many bytes of data that nobody observes are kept.
    pub fn set_budget(&mut self, now: Instant, bytes: usize) {
        self.note(now, || Input::SetBudget(bytes));
        self.budget = bytes;
    }

    /// A fetch has ended: with a value and what it weighs in bytes, or with an error. One that was superseded has no
    /// effect, be it by value or by error.
    pub fn land(&mut self, now: Instant, id: EntryId, flight: FlightId, result: Result<(Value, usize), E>) {
        self.note(now, || Input::Land(id, flight, result.clone()));
        self.note_reachability(now, Request::Fetch(flight), result.as_ref().err());
        let chance = self.rng.f64();
        self.touch(id, |entry| entry.land(flight, result, now, chance));
    }

    /// Forgets everything. Nothing that is under way can bring any of it back.
    pub fn clear(&mut self, now: Instant) {
        self.note(now, || Input::Clear);
        for (id, entry) in self.entries.drain() {
            self.effects
                .extend(entry.flight().map(|flight| Effect::Abort { flight }));
            self.effects.push(Effect::Evict { entry: id });
        }
        self.ids.clear();
        self.index = Index::default();
        self.touched.clear();
        self.active.clear();
        self.idle.clear();
        self.idle_weight = 0;
        self.alarms.clear();
        self.queue.clear();
        self.weather.held_until = None;
        self.weather.outage = None;
    }
}
