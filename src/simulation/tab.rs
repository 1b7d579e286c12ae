//! One tab: the real link and the real cache, with a model of the browser. Like `sse::driver` and `query::client`,
//! without the browser.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use wire::{Cursor, Timestamp};

use super::exchanges::{Exchange, Wire};
use super::gate::Gate;
use super::ledger::Made;
use super::network::Act;
use super::profile::{begins_anew, carries};
use super::requests::Ask;
use super::show::{Memo, Show};
use super::streams::StreamId;
use super::world::World;
use crate::api::{Api, ApiError};
use crate::query::{Cache, Effect, EntryId, FlightId, ObserverId, Outbox};
use crate::sse::{Answer, Generation, Link, LockNews, Raw, Settings, Task};
use crate::time::Now;

pub(super) type TabId = usize;

/// The session as a tab knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    Restoring,
    Unknown,
    SignedOut,
    SignedIn(usize),
}

/// A tab.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Tab {
    pub(super) profile: usize,
    /// The time at which the tab's monotonic clock was zero, without the time that its machine has not counted.
    pub(super) begun: u64,
    pub(super) is_dead: bool,
    /// Whether the tab gets no time, without being notified.
    pub(super) is_starved: bool,
    /// Whether the tab never gets time again.
    pub(super) is_hung: bool,
    /// Whether the tab is frozen.
    pub(super) is_away: bool,
    /// Whether the tab is frozen in the back/forward cache.
    pub(super) is_cached: bool,
    pub(super) is_visible: bool,
    pub(super) is_online: bool,
    /// The acts that wait until the tab runs again.
    pub(super) parked: Vec<Act>,

    pub(super) link: Link,
    inputs: VecDeque<Input>,
    is_draining: bool,
    goes_on_later: bool,
    /// The person of the tab's stream.
    pub(super) person: usize,
    pub(super) stream: Option<StreamId>,
    /// The person of the channel that the tab listens to, and the number of its opening.
    pub(super) channel: Option<(usize, u64)>,
    pub(super) texts_under_way: usize,
    pub(super) heard_from: BTreeMap<TabId, u64>,
    pub(super) hold: Option<u64>,
    pub(super) lock_due: u64,
    pub(super) asking: u64,
    /// The times of the last attempts to open a stream in this sign-in.
    pub(super) attempts: Vec<u64>,

    pub(super) session: Session,
    pub(super) turn: u64,
    /// The person that the browser remembered when the tab asked for the signed-in person.
    pub(super) remembered: Option<usize>,
    pub(super) api_epoch: u64,
    pub(super) was_current: bool,
    /// Whether the link reports that changes arrive as they happen and that none was missed.
    pub(super) is_current: bool,
    /// The delivered state of each row in this sign-in: the time of its last write, or `None` if it is deleted.
    pub(super) delivered: BTreeMap<u128, Option<Timestamp>>,

    /// The time of the last write of each row that the server has confirmed to this tab's mutations.
    pub(super) own: BTreeMap<u128, Timestamp>,

    pub(super) cache: Cache<ApiError>,
    pub(super) shown: Vec<Shown>,
    pub(super) entries: HashMap<EntryId, Show>,
    pub(super) memos: HashMap<EntryId, Memo>,
    /// The time at which each entry was last read, or last mounted.
    pub(super) read_at: HashMap<EntryId, u64>,
    /// The time since which the tab has to poll and can.
    pub(super) asks_since: Option<u64>,
    pub(super) flights: BTreeSet<FlightId>,
    pub(super) api: Api,
    pub(super) wire: Rc<Wire>,
    pub(super) outbox: Outbox<Api>,
    pub(super) exchanges: Vec<Exchange>,
    /// The number of the visit under which mutations are persisted, while a person is signed in.
    pub(super) visit: Option<u64>,
    /// The changes that the person can undo.
    pub(super) undo: Vec<Made>,
    /// The goals whose link the server has confirmed to this tab, until an event announces the link.
    pub(super) linked: BTreeSet<u128>,
    /// The number of the last change of each row that the tab knows of.
    pub(super) known: BTreeMap<u128, u64>,
    /// The version of each row that is shown, while changes arrive as they happen.
    pub(super) versions: HashMap<EntryId, BTreeMap<u128, u64>>,
    /// The requests since the tab knows that the server can not be reached; `None` while it can.
    pub(super) gate: Option<Gate>,
}

/// An entry that a component shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) show: Show,
    pub(super) entry: EntryId,
    pub(super) observer: ObserverId,
}

/// An input of a link.
#[derive(Debug)]
pub(super) enum Input {
    Start,
    Stop,
    Suspend,
    Resume,
    Online(bool),
    Visible(bool),
    Retry,
    Refreshed,
    Read(Option<Cursor>),
    Ticket(Generation, Result<String, Answer>),
    Answer(Generation, Answer),
    Lock(LockNews),
    Text(Rc<str>),
    Receive(Generation, Raw),
    Timeout,
    Nothing,
}

impl Tab {
    pub(super) fn new(profile: usize, begun: u64, settings: Settings, seed: u64, me: Option<String>, api: Api) -> Self {
        let wire = Rc::<Wire>::default();
        api.set_transport(wire.transport());
        Self {
            profile,
            begun,
            is_dead: false,
            is_starved: false,
            is_hung: false,
            is_away: false,
            is_cached: false,
            is_visible: true,
            is_online: true,
            parked: Vec::new(),
            link: Link::new(settings, seed, me),
            inputs: VecDeque::new(),
            is_draining: false,
            goes_on_later: false,
            person: 0,
            stream: None,
            channel: None,
            texts_under_way: 0,
            heard_from: BTreeMap::new(),
            hold: None,
            lock_due: 0,
            asking: 0,
            attempts: Vec::new(),
            session: Session::Restoring,
            turn: 0,
            remembered: None,
            api_epoch: 0,
            was_current: false,
            is_current: false,
            delivered: BTreeMap::new(),
            own: BTreeMap::new(),
            cache: Cache::new(seed),
            shown: Vec::new(),
            entries: HashMap::new(),
            memos: HashMap::new(),
            read_at: HashMap::new(),
            asks_since: None,
            flights: BTreeSet::new(),
            api,
            wire,
            outbox: Outbox::default(),
            exchanges: Vec::new(),
            visit: None,
            undo: Vec::new(),
            linked: BTreeSet::new(),
            known: BTreeMap::new(),
            versions: HashMap::new(),
            gate: None,
        }
    }

    /// Whether anything runs in the tab.
    pub(super) const fn runs(&self) -> bool {
        !self.is_dead && !self.is_starved && !self.is_away
    }

    /// Returns the signed-in person.
    pub(super) const fn user(&self) -> Option<usize> {
        match self.session {
            Session::SignedIn(person) => Some(person),
            Session::Restoring | Session::Unknown | Session::SignedOut => None,
        }
    }

    fn take(&mut self, now: Now, input: Input) {
        let link = &mut self.link;
        link.read_clocks(now);
        let now = now.monotonic;
        match input {
            Input::Start => link.start(now),
            Input::Stop => link.stop(now),
            Input::Suspend => link.suspend(now),
            Input::Resume => link.resume(now),
            Input::Online(online) => link.set_online(now, online),
            Input::Visible(visible) => link.set_visible(now, visible),
            Input::Retry => link.retry(now),
            Input::Refreshed => link.handle_refreshed(now),
            Input::Read(position) => link.handle_read(now, position),
            Input::Ticket(generation, ticket) => link.handle_ticket(now, generation, ticket),
            Input::Answer(generation, answer) => link.handle_answer(now, generation, answer),
            Input::Lock(news) => link.handle_lock(now, news),
            Input::Text(text) => link.handle_text(now, &text),
            Input::Receive(generation, raw) => link.receive(generation, raw),
            Input::Timeout => link.handle_timeout(now),
            Input::Nothing => {}
        }
    }
}

impl World {
    /// Passes an input to the link of a tab. The input is queued while another one is processed.
    pub(super) fn tell(&mut self, t: TabId, input: Input) {
        self.note(|| format!("tab {t} ← {input:?}"));
        self.tabs[t].inputs.push_back(input);
        if std::mem::replace(&mut self.tabs[t].is_draining, true) {
            return;
        }
        loop {
            while let Some(input) = self.tabs[t].inputs.pop_front() {
                let now = self.clocks(t);
                self.tabs[t].take(now, input);
                self.carry_out_all(t);
            }
            if !self.tabs[t].link.has_work() || self.tabs[t].goes_on_later {
                break;
            }
            if self.rng.u8(..16) == 0 {
                self.tabs[t].goes_on_later = true;
                let delay = self.rng.u64(0..8);
                self.at(delay, Act::Work(t));
                break;
            }
            let now = self.instant(t);
            self.tabs[t].link.work(now);
            self.carry_out_all(t);
        }
        self.tabs[t].is_draining = false;
    }

    pub(super) fn go_on(&mut self, t: TabId) {
        self.tabs[t].goes_on_later = false;
        self.tell(t, Input::Nothing);
    }

    fn carry_out_all(&mut self, t: TabId) {
        while let Some(task) = self.tabs[t].link.poll() {
            self.note(|| format!("tab {t} → {task:?}"));
            self.carry_out(t, task);
        }
    }

    fn carry_out(&mut self, t: TabId, task: Task) {
        match task {
            Task::Open {
                generation,
                cursor,
                ticket,
            } => {
                self.check_opening(t);
                if ticket.is_none() {
                    self.check_attempt(t);
                }
                self.open_stream(t, generation, cursor, ticket.as_deref());
            }
            Task::Close => self.close_stream(t),
            Task::Probe(generation) => {
                let asking = self.next_asking(t);
                self.ask(t, Ask::Probe(generation, asking));
            }
            Task::FetchTicket(generation) => {
                self.check_attempt(t);
                let asking = self.next_asking(t);
                self.ask(t, Ask::Ticket(generation, asking));
            }
            Task::Seek => {
                if self.tabs[t].channel.is_none() {
                    let opened = self.number();
                    self.tabs[t].channel = Some((self.tabs[t].person, opened));
                }
                self.ask_lock(t, false);
            }
            Task::Steal => {
                self.tally.steals += 1;
                self.ask_lock(t, true);
            }
            Task::Leave => {
                self.drop_lock(t);
                self.tabs[t].channel = None;
            }
            Task::Say(text) => {
                self.tally.retold += u64::from(carries(&text));
                self.broadcast(t, &text);
            }
            Task::Report(report) => self.report(t, &report),
        }
    }

    fn next_asking(&mut self, t: TabId) -> u64 {
        self.tabs[t].asking = self.number();
        self.tabs[t].asking
    }

    pub(super) fn hear_lock(&mut self, t: TabId, hold: u64, news: LockNews) {
        if self.tabs[t].hold == Some(hold) {
            self.tell(t, Input::Lock(news));
        }
    }

    pub(super) fn hear_text(&mut self, t: TabId, opened: u64, text: &Rc<str>) {
        self.tabs[t].texts_under_way -= usize::from(carries(text));
        if self.tabs[t].channel.is_some_and(|(_, now_open)| now_open == opened) {
            if begins_anew(text, t) {
                self.tabs[t].delivered.clear();
            }
            self.tell(t, Input::Text(Rc::clone(text)));
        }
    }

    /// Mounts a component that shows this data.
    pub(super) fn mount(&mut self, t: TabId, show: Show) {
        let now = self.instant(t);
        let (entry, observer) = self.tabs[t].cache.observe(now, show.key(), show.options());
        let tab = &mut self.tabs[t];
        tab.shown.push(Shown { show, entry, observer });
        tab.entries.insert(entry, show);
        tab.read_at.insert(entry, self.now);
        self.tally.reasons += 1;
    }

    pub(super) fn unmount(&mut self, t: TabId, at: usize) {
        let now = self.instant(t);
        let Shown { entry, observer, .. } = self.tabs[t].shown.swap_remove(at);
        self.tabs[t].cache.release(now, entry, observer);
    }

    /// Flushes the cache of a tab and carries out its effects.
    pub(super) fn flush(&mut self, t: TabId) {
        let now = self.instant(t);
        for effect in self.tabs[t].cache.flush(now) {
            match effect {
                Effect::Fetch { entry, flight, .. } => {
                    let show = self.tabs[t].entries.get(&entry).copied();
                    // A mutation has created the entry, so that no query is known for it.
                    let Some(show) = show else { continue };
                    self.tabs[t].flights.insert(flight);
                    self.tally.reads += 1;
                    self.ask(t, Ask::Read { entry, flight, show });
                }
                Effect::Abort { flight } => _ = self.tabs[t].flights.remove(&flight),
                Effect::Send { mutation } => self.send_mutation(t, mutation),
                Effect::Notify { entry, .. } => self.check_entry(t, entry),
                Effect::Evict { entry } => {
                    self.tabs[t].entries.remove(&entry);
                    self.tabs[t].memos.remove(&entry);
                }
            }
        }
    }

    /// Flushes the cache of a tab after an act in it, and checks the tab.
    pub(super) fn settle(&mut self, t: TabId) {
        self.flush(t);
        self.check_tab(t);
    }
}
