//! One tab: the real link and the real cache, and what the browser does for them. Like `sse::driver` and
//! `query::client`, without the browser.

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

/// Who a tab takes to be signed in.
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
    /// When its monotonic clock said zero, as that of its machine counts.
    pub(super) begun: u64,
    pub(super) is_dead: bool,
    /// Whether it gets no time, without being told.
    pub(super) is_starved: bool,
    /// Whether it will never get any again.
    pub(super) is_hung: bool,
    /// Whether it is put away: nothing in it runs.
    pub(super) is_away: bool,
    /// Whether it is put away because another page is shown in its place.
    pub(super) is_cached: bool,
    pub(super) is_visible: bool,
    pub(super) is_online: bool,
    /// What happens to it once it runs again.
    pub(super) parked: Vec<Act>,

    pub(super) link: Link,
    inputs: VecDeque<Input>,
    is_draining: bool,
    goes_on_later: bool,
    /// Whose stream it is.
    pub(super) person: usize,
    pub(super) stream: Option<StreamId>,
    /// Whose channel it listens to, and the number of when it was opened.
    pub(super) channel: Option<(usize, u64)>,
    pub(super) texts_under_way: usize,
    pub(super) heard_from: BTreeMap<TabId, u64>,
    pub(super) hold: Option<u64>,
    pub(super) lock_due: u64,
    pub(super) asking: u64,
    /// When it has tried to open a stream, lately and in this sign-in.
    pub(super) attempts: Vec<u64>,

    pub(super) session: Session,
    pub(super) turn: u64,
    /// Who was remembered to be signed in when it asked who is.
    pub(super) remembered: Option<usize>,
    pub(super) api_epoch: u64,
    pub(super) was_current: bool,
    /// Whether changes arrive as they happen and none was missed, as the link says.
    pub(super) is_current: bool,
    /// What was delivered of each row in this sign-in: when it was last written, or that it is gone.
    pub(super) delivered: BTreeMap<u128, Option<Timestamp>>,

    /// When each row was written that the server has confirmed to this tab.
    pub(super) own: BTreeMap<u128, Timestamp>,

    pub(super) cache: Cache<ApiError>,
    pub(super) shown: Vec<Shown>,
    pub(super) entries: HashMap<EntryId, Show>,
    pub(super) memos: HashMap<EntryId, Memo>,
    /// When each was read last, or shown first.
    pub(super) read_at: HashMap<EntryId, u64>,
    /// Since when it should have to ask what has changed, and can.
    pub(super) asks_since: Option<u64>,
    pub(super) flights: BTreeSet<FlightId>,
    pub(super) api: Api,
    pub(super) wire: Rc<Wire>,
    pub(super) outbox: Outbox<Api>,
    pub(super) exchanges: Vec<Exchange>,
    /// The number under which it keeps what is not sent, while somebody is signed in.
    pub(super) visit: Option<u64>,
    /// What the person might take back.
    pub(super) undo: Vec<Made>,
    /// The goals that it was told are linked, until an event or a read says so as well.
    pub(super) linked: BTreeSet<u128>,
    /// The last change of each row that it knows of.
    pub(super) known: BTreeMap<u128, u64>,
    /// The version of each row that is shown, while changes arrive as they happen.
    pub(super) versions: HashMap<EntryId, BTreeMap<u128, u64>>,
    /// While it knows that the server can not be reached.
    pub(super) gate: Option<Gate>,
}

/// Something that a component shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) show: Show,
    pub(super) entry: EntryId,
    pub(super) observer: ObserverId,
}

/// What happens to a link.
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

    /// Whether anything runs in it.
    pub(super) const fn runs(&self) -> bool {
        !self.is_dead && !self.is_starved && !self.is_away
    }

    /// Who is signed in.
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
    /// Something happens to a link. While something else is worked off it waits its turn.
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

    /// A component shows something from now on.
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

    /// Draws conclusions and carries them out.
    pub(super) fn flush(&mut self, t: TabId) {
        let now = self.instant(t);
        for effect in self.tabs[t].cache.flush(now) {
            match effect {
                Effect::Fetch { entry, flight, .. } => {
                    let show = self.tabs[t].entries.get(&entry).copied();
                    // Nobody has said how it is had: a mutation made the entry.
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

    /// What follows from whatever has happened to a tab.
    pub(super) fn settle(&mut self, t: TabId) {
        self.flush(t);
        self.check_tab(t);
    }
}
