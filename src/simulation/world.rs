//! The world: the browsers, the network and the server, and the time that passes for all of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::backend::Kind;
use super::ledger::Ledger;
use super::network::{Act, Weather};
use super::outages::Outage;
use super::people::PEOPLE;
use super::profile::Profile;
use super::server::Server;
use super::show::{Memo, Show};
use super::streams::Stream;
use super::tab::{Input, Tab, TabId};
use super::tally::Tally;
use crate::api::Api;
use crate::config::Config;
use crate::query::Value;
use crate::sse::Settings;
use crate::time::{EpochMillis, Instant, Now};

/// The time at which a world begins, in milliseconds.
const BEGINNING: u64 = 1_000_000;
/// The wall-clock time at the world's time zero, in milliseconds since the Unix epoch.
const WALL: u64 = 1_700_000_000_000;
/// The number below all regular numbers.
const FIRST_NUMBER: u64 = 1_000_000;
/// The maximum length of a note, in characters.
const MOST_TOLD: usize = 320;

#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) rng: fastrand::Rng,
    pub(super) now: u64,
    number: u64,
    /// The last used number below all others. An act with such a number precedes other acts of the same moment.
    pub(super) firsts: u64,
    pub(super) acts: BTreeMap<(u64, u64), Act>,
    pub(super) server: Server,
    pub(super) streams: Vec<Stream>,
    pub(super) profiles: Vec<Profile>,
    pub(super) tabs: Vec<Tab>,
    pub(super) weather: Weather,
    /// The time until which something between browser and server swallows streams, and nothing else.
    pub(super) swallows_until: u64,
    pub(super) faults: Faults,
    settings: Settings,
    config: Config,
    shares: bool,
    pub(super) paints: bool,
    pub(super) tally: Tally,
    /// The changes that people have made, and their outcomes.
    pub(super) ledger: Ledger,
    /// The outage between the browsers and the server, if any.
    pub(super) outage: Option<Outage>,
    /// Whether people decide on unresolved changes.
    pub(super) resolves: bool,
    /// The server's data in the form that tabs show.
    pub(super) truths: RefCell<BTreeMap<(Show, usize), Truth>>,
    tells: bool,
}

/// The server's data of one query at the last check.
#[derive(Default)]
pub(super) struct Truth {
    pub(super) read: Option<Rc<[u8]>>,
    pub(super) memo: Memo,
    pub(super) value: Option<Value>,
}

/// The faults that can occur in this world.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub(super) struct Faults {
    /// Requests are lost, packets are slow, networks disconnect.
    pub(super) network: bool,
    /// Streams break, restart, skip, end.
    pub(super) streams: bool,
    /// The server restarts, is busy, loses its log.
    pub(super) server: bool,
    /// Pages are hidden, frozen, starved and reloaded, and machines sleep.
    pub(super) pages: bool,
    /// People sign out, and the same or other people sign in.
    pub(super) people: bool,
    /// Events arrive with content that can not be decoded.
    pub(super) garbles: bool,
    /// Wall clocks are set back and forward.
    pub(super) clocks: bool,
}

impl World {
    pub(super) fn new(seed: u64, tells: bool) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        // Of sixteen worlds, the first has no faults, the next seven have one kind of fault each, and the others have a
        // random combination.
        let faults = match seed % 16 {
            0 => Faults::default(),
            one @ 1..=7 => faults_of(1 << (one - 1)),
            _ => faults_of(rng.u8(..)),
        };
        let settings = Settings {
            needs_ticket: rng.u8(..8) == 0,
            ..Settings::DEFAULT
        };
        let keeps = [3, 10, 1_000][rng.usize(..3)];
        let kind = kind_of(&mut rng);
        Self {
            seed,
            now: BEGINNING,
            number: FIRST_NUMBER,
            firsts: 0,
            acts: BTreeMap::new(),
            server: Server::new(keeps, kind),
            streams: Vec::new(),
            profiles: Vec::new(),
            tabs: Vec::new(),
            weather: Weather {
                lost: 0,
                slowest: [30, 200, 3_000][rng.usize(..3)],
                slowest_text: [1, 30, 500][rng.usize(..3)],
                throttle: [1, 1_000, 60_000][rng.usize(..3)],
            },
            swallows_until: 0,
            faults,
            settings,
            config: config_of(kind),
            shares: rng.u8(..8) > 0,
            paints: rng.u8(..8) > 0,
            tally: Tally::default(),
            ledger: Ledger::default(),
            outage: None,
            resolves: rng.bool(),
            truths: RefCell::default(),
            tells,
            rng,
        }
    }

    /// Runs the world. Returns its counters.
    pub(super) fn run(mut self) -> Tally {
        self.note_beginning();
        let profiles = 1 + usize::from(self.rng.bool());
        for at in 0..profiles {
            // In most worlds the people belong to one pair.
            let person = if self.rng.u8(..8) == 0 {
                self.rng.usize(..PEOPLE)
            } else {
                at
            };
            let cookie = self.server.sign_in(person);
            self.profiles.push(Profile {
                cookie: Some(cookie),
                remembered: Some(person),
                is_linked: true,
                has_locks: self.rng.u8(..16) > 0,
                ..Profile::default()
            });
            for _ in 0..[1, 1, 2, 3][self.rng.usize(..4)] {
                self.open_tab(at);
            }
        }
        let most = [12, 24, 64][self.rng.usize(..3)];
        for _ in 0..12 + self.rng.u32(..most) {
            let pause = self.pause();
            self.pass_time(self.now + pause);
            self.disturb();
            self.check_calm();
        }
        self.heal();
        self.tally
    }

    /// Returns the time until the next disturbance.
    fn pause(&mut self) -> u64 {
        if self.is_away() && self.rng.u8(..3) == 0 {
            return self.rng.u64(..40_000);
        }
        match self.rng.u8(..32) {
            0..20 => self.rng.u64(..60),
            20..28 => self.rng.u64(..1_500),
            28..31 => self.rng.u64(..8_000),
            _ => self.rng.u64(..50_000),
        }
    }

    pub(super) fn open_tab(&mut self, profile: usize) {
        let t = self.tabs.len();
        let me = self.shares.then(|| format!("tab{t}"));
        let begun = self.now - self.profiles[profile].uncounted - self.rng.u64(..5_000);
        self.note(|| format!("tab {t} is opened in browser {profile}"));
        self.tabs.push(Tab::new(
            profile,
            begun,
            self.settings,
            self.seed ^ t as u64,
            me,
            Api::new(&self.config),
        ));
        self.boot(t);
        self.settle(t);
    }

    /// Returns the difference between the world's time and the monotonic clock of a tab, in milliseconds.
    fn lag(&self, t: TabId) -> u64 {
        self.tabs[t].begun + self.profiles[self.tabs[t].profile].uncounted
    }

    /// Returns the clocks of a tab.
    pub(super) fn clocks(&self, t: TabId) -> Now {
        let set_by = self.profiles[self.tabs[t].profile].set_by;
        Now {
            monotonic: Instant::from_millis(self.now - self.lag(t)),
            wall: EpochMillis::from_millis((WALL + self.now).saturating_add_signed(set_by)),
        }
    }

    /// Returns the monotonic time of a tab.
    pub(super) fn instant(&self, t: TabId) -> Instant {
        self.clocks(t).monotonic
    }

    /// Returns an unused number.
    pub(super) fn number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Returns the tabs of a browser profile.
    pub(super) fn tabs_of(&self, profile: usize) -> Vec<TabId> {
        let all = self.tabs.iter().enumerate();
        let own = all.filter(|(_, tab)| tab.profile == profile && !tab.is_dead);
        own.map(|(t, _)| t).collect()
    }

    /// Returns the due time of a tab's next timer, and whether the timer is of the link.
    fn timer_of(&self, t: TabId) -> Option<(u64, bool)> {
        let tab = &self.tabs[t];
        if !tab.runs() {
            return None;
        }
        let late = |due: Instant| {
            let due = (due.as_millis() + self.lag(t)).max(self.now);
            // Browsers align and delay the timers of hidden pages.
            if tab.is_visible {
                due
            } else {
                due.next_multiple_of(self.weather.throttle)
            }
        };
        let link = tab.link.poll_timeout().map(|due| (late(due), true));
        let cache = tab.cache.poll_timeout().map(|due| (late(due), false));
        link.into_iter().chain(cache).min()
    }

    /// Carries out the next act or timer, unless it is due after `until`. Returns whether there was one.
    pub(super) fn step(&mut self, until: u64) -> bool {
        let timers = (0..self.tabs.len()).filter_map(|t| Some((self.timer_of(t)?, t)));
        let timer = timers.min();
        let act = self.acts.first_key_value().map(|((due, _), _)| *due);
        let due = timer.map(|((due, _), _)| due).into_iter().chain(act).min();
        let Some(due) = due.filter(|due| *due <= until) else {
            self.now = self.now.max(until);
            return false;
        };
        self.now = self.now.max(due);
        self.tally.steps += 1;
        if self.tally.steps > 300_000 {
            self.fail("this never ends");
        }
        match timer {
            Some(((at, of_link), t)) if act.is_none_or(|act| at < act) => {
                if of_link {
                    self.tell(t, Input::Timeout);
                }
                self.settle(t);
            }
            _ => {
                if let Some((_, act)) = self.acts.pop_first() {
                    self.act(act);
                }
            }
        }
        self.watch_polling();
        true
    }

    pub(super) fn pass_time(&mut self, until: u64) {
        while self.step(until) {}
    }

    /// Prints a note if this seed is run alone.
    pub(super) fn note(&self, text: impl FnOnce() -> String) {
        if self.tells {
            let since = self.now - BEGINNING;
            // Bodies and messages can be long.
            let text: String = text().chars().take(MOST_TOLD).collect();
            println!("{:>5}.{:03}  {text}", since / 1_000, since % 1_000);
        }
    }

    fn note_beginning(&self) {
        self.note(|| {
            let Self {
                faults,
                weather,
                settings,
                ..
            } = self;
            let (tickets, kind) = (settings.needs_ticket, self.server.kind);
            format!(
                "{faults:?} {weather:?} {kind:?}, tickets: {tickets}, tabs share: {}",
                self.shares
            )
        });
    }

    /// Fails the world because of a broken invariant.
    #[track_caller]
    pub(super) fn fail(&self, what: &str) -> ! {
        self.note(|| format!("BROKEN: {what}"));
        panic!(
            "{what}\n  at {} ms in this world; all that happens in it is told by\n  \
             FRESHET_SEED={} cargo test -p freshet --lib simulation -- --nocapture\n",
            self.now - BEGINNING,
            self.seed
        );
    }
}

/// Returns the configuration that describes the server to the app.
fn config_of(kind: Kind) -> Config {
    let Kind {
        patches, honours_keys, ..
    } = kind;
    let config = format!(r#"{{"api_base":"","api_patch":{patches},"api_idempotency":{honours_keys}}}"#);
    Config::parse(&config).unwrap()
}

/// Returns a random kind of server. Half of the servers support `PATCH`; the others are like the coaching backend.
fn kind_of(rng: &mut fastrand::Rng) -> Kind {
    let patches = rng.bool();
    Kind {
        patches,
        honours_keys: patches || rng.u8(..4) == 0,
        keeps_refusals: rng.bool(),
        has_status_route: rng.bool(),
    }
}

fn faults_of(bits: u8) -> Faults {
    let has = |bit: u8| bits & (1 << bit) != 0;
    Faults {
        network: has(0),
        streams: has(1),
        server: has(2),
        pages: has(3),
        people: has(4),
        garbles: has(5),
        clocks: has(6),
    }
}
