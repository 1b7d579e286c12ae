//! The faults of the network, the streams, the server and the pages.

use serde_json::json;
use wire::Event;

use super::network::Act;
use super::people::{PAIRS, PEOPLE};
use super::server::Audience;
use super::streams::Sent;
use super::tab::{Input, TabId};
use super::world::World;
use crate::api::Kind;

/// A fault on the way between all browsers and the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) until: u64,
    way: usize,
}

/// The errors with which an outage ends requests.
const OUTAGES: [Kind; 6] = [
    Kind::Unreachable,
    Kind::TimedOut,
    Kind::Server(502),
    Kind::Unavailable(None),
    Kind::Server(504),
    Kind::Intercepted,
];

impl Outage {
    pub(super) fn kind(self) -> Kind {
        OUTAGES[self.way].clone()
    }
}

impl World {
    pub(super) fn disturb_network(&mut self) {
        let profile = self.rng.usize(..self.profiles.len());
        match self.rng.u8(..8) {
            0..2 => {
                self.weather.lost = [0, 0, 100, 400][self.rng.usize(..4)];
                self.note(|| format!("{:?}", self.weather));
            }
            2..5 => {
                let is_linked = !self.profiles[profile].is_linked;
                self.set_linked(profile, is_linked);
            }
            // Browsers sometimes report a wrong network state.
            _ => {
                if let Some(t) = self.some_tab() {
                    let online = self.rng.bool();
                    self.set_online(t, online);
                    self.settle(t);
                }
            }
        }
    }

    pub(super) fn set_linked(&mut self, profile: usize, is_linked: bool) {
        self.note(|| format!("the network of browser {profile}: {is_linked}"));
        self.profiles[profile].is_linked = is_linked;
        if !is_linked {
            for t in self.tabs_of(profile) {
                self.break_stream(t);
            }
        }
        if self.rng.u8(..4) > 0 {
            for t in self.tabs_of(profile) {
                if self.tabs[t].runs() {
                    self.set_online(t, is_linked);
                    self.settle(t);
                }
            }
        }
    }

    /// Breaks the stream of a tab: nothing that is sent on it from now on arrives. The tab may be notified.
    fn break_stream(&mut self, t: TabId) {
        if let Some(id) = self.tabs[t].stream {
            self.note(|| format!("the stream of tab {t} breaks"));
            if self.rng.bool() {
                self.send(id, Sent::Lost);
            } else {
                self.streams[id].is_broken = true;
            }
        }
    }

    pub(super) fn set_online(&mut self, t: TabId, online: bool) {
        if std::mem::replace(&mut self.tabs[t].is_online, online) != online {
            self.tally.reasons += 12;
            self.tell(t, Input::Online(online));
            let now = self.instant(t);
            self.tabs[t].cache.set_online(now, online);
            self.note_good_news(t, online);
        }
    }

    pub(super) fn disturb_stream(&mut self) {
        let told = self.told_streams(|stream| stream.is_heard);
        let Some(id) = self.rng.choice(told) else { return };
        match self.rng.u8(..16) {
            0..2 => self.break_stream(self.streams[id].tab),
            2 => {
                let time = self.rng.u64(10_000..150_000);
                self.note(|| format!("something swallows streams for {time} ms"));
                self.swallows_until = self.now + time;
                for id in self.told_streams(|_| true) {
                    self.send(id, Sent::Lost);
                }
            }
            3..6 => self.send(id, Sent::Lost),
            6 | 7 => {
                let retry = self.rng.u64(100..3_000);
                self.send_control(
                    id,
                    "shutdown",
                    &json!({"type": "shutdown", "data": {"retry_ms": retry}}),
                );
                self.send(id, Sent::Lost);
            }
            // The server leaves out an event, and sends a resync.
            8 | 9 => {
                self.streams[id].is_told = false;
                self.change_elsewhere();
                self.streams[id].is_told = true;
                let at = Some(self.server.cursor().to_string().into());
                let data = r#"{"type":"resync","data":{}}"#.into();
                self.send(
                    id,
                    Sent::Message {
                        name: "resync",
                        data,
                        id: at,
                    },
                );
            }
            10 | 11 => {
                let in_ms = self.rng.u64(5_000..60_000);
                if let Some(cookie) = self.streams[id].cookie {
                    let ends_at = self.now + in_ms;
                    self.server.set_end(cookie, Some(ends_at));
                    self.at_moment(ends_at, Act::Expire(cookie));
                    let data = json!({"type": "auth_expiring", "data": {"in_ms": in_ms}});
                    self.send_control(id, "auth_expiring", &data);
                }
            }
            // An event of a newer server: of an unknown kind, or of a known kind with content that can not be decoded.
            _ => {
                let pair = Audience::Pair(self.rng.usize(..PAIRS));
                let (name, data) = match self.rng.bool() {
                    true => ("tea_is_ready", r#"{"type":"tea_is_ready","data":{"cups":2}}"#),
                    false => ("topics_changed", r#"{"type":"topics_changed","data":7}"#),
                };
                let told = self.server.log_text(pair, name, data);
                self.publish(&[told]);
            }
        }
    }

    pub(super) fn disturb_server(&mut self) {
        match self.rng.u8(..11) {
            0..3 => self.stop_server(),
            3 => self.busy_server(),
            8.. => self.begin_outage(),
            4 => {
                let head = self.rng.u64(..8);
                self.note(|| "the server begins a new log".to_owned());
                self.server.change_epoch(head);
                self.stop_server();
            }
            // A person is signed out on all devices, with or without an event.
            kind => {
                let person = self.rng.usize(..PEOPLE);
                self.note(|| format!("the server signs out person {person}, kind {kind}"));
                let cookies = self.server.cookies_of(person);
                if kind > 5 && !cookies.is_empty() {
                    let reason = "because".to_owned();
                    let told = self
                        .server
                        .log(Audience::Person(person), &Event::ForceLogout { reason });
                    self.publish(&[told]);
                }
                for cookie in cookies {
                    self.end_sign_in(cookie);
                }
            }
        }
    }

    fn busy_server(&mut self) {
        let seconds = self.rng.u64(1..15);
        self.note(|| format!("the server is busy for {seconds} s"));
        self.server.busy_until = self.now + seconds * 1_000;
    }

    /// Begins an outage: for minutes no request reaches the server, while the browsers report that there is a network.
    fn begin_outage(&mut self) {
        let time = self.rng.u64(20_000..300_000);
        let until = self.now + time;
        let outage = Outage {
            until,
            way: self.rng.usize(..OUTAGES.len()),
        };
        self.note(|| {
            format!(
                "for {time} ms, what is asked of the server ends with {:?}",
                outage.kind()
            )
        });
        self.outage = Some(outage);
        self.tally.deeds.outages += 1;
        for id in self.told_streams(|_| true) {
            self.send(id, Sent::Lost);
        }
    }

    /// Whether an outage keeps all requests from the server.
    pub(super) fn is_away(&self) -> bool {
        self.outage.is_some_and(|outage| outage.until > self.now)
    }

    /// Stops the server for a short time. The streams end, with or without a shutdown event.
    fn stop_server(&mut self) {
        self.note(|| "the server restarts".to_owned());
        let says_so = self.rng.bool();
        for id in self.told_streams(|_| true) {
            if says_so {
                let retry = self.rng.u64(500..3_000);
                self.send_control(
                    id,
                    "shutdown",
                    &json!({"type": "shutdown", "data": {"retry_ms": retry}}),
                );
            }
            self.send(id, Sent::Lost);
        }
        self.server.is_up = false;
        let long = [300, 3_000, 30_000][self.rng.usize(..3)];
        let delay = self.rng.u64(..long);
        self.at(delay, Act::Start);
    }

    /// Ends a sign-in and its streams.
    pub(super) fn end_sign_in(&mut self, cookie: u64) {
        self.server.sign_out(cookie);
        for id in self.streams_of(cookie) {
            self.send(id, Sent::Lost);
        }
    }

    pub(super) fn expire(&mut self, cookie: u64) {
        if self.server.ends_at(cookie).is_some_and(|ends_at| ends_at <= self.now) {
            self.end_sign_in(cookie);
        }
    }

    pub(super) fn disturb_page(&mut self) {
        let profile = self.rng.usize(..self.profiles.len());
        if self.is_asleep(profile) {
            return;
        }
        let tabs = self.tabs_of(profile);
        // A person who is signing in or out keeps the tab in the foreground.
        let is_signing = self.profiles[profile].signing > 0;
        let Some(t) = self.rng.choice(tabs.iter().copied()) else {
            return self.open_tab(profile);
        };
        match self.rng.u8(..16) {
            0..5 if self.tabs[t].runs() => self.set_visible(t, !self.tabs[t].is_visible),
            5 | 6 if !is_signing => self.put_away(t),
            7 if self.tabs[t].is_away => self.bring_back(t),
            8 | 9 if !is_signing => self.starve(t),
            // The tab gets no time while more events arrive than it could process one by one.
            15 if self.rng.u8(..48) == 0 => {
                self.starve_for(t, 2_000);
                self.change_often(self.tabs[t].person, 700);
            }
            // The tab hangs for ever.
            14 | 15 if !is_signing && self.tabs[t].runs() && self.rng.bool() => {
                self.starve_for(t, u64::MAX / 2);
                self.tabs[t].is_hung = true;
            }
            10 if !is_signing => {
                let time = self.rng.u64(1_000..90_000);
                self.sleep(profile, time);
                for t in tabs {
                    self.starve_for(t, time);
                    self.break_stream(t);
                }
            }
            11 if tabs.len() < 4 => self.open_tab(profile),
            12 => self.close_tab(t),
            13 if !self.tabs[t].is_away => {
                self.close_tab(t);
                self.open_tab(profile);
            }
            _ => {}
        }
    }

    pub(super) fn set_visible(&mut self, t: TabId, visible: bool) {
        self.tabs[t].is_visible = visible;
        self.tally.reasons += 12;
        self.tell(t, Input::Visible(visible));
        let now = self.instant(t);
        self.tabs[t].cache.set_visible(now, visible);
        self.settle(t);
    }

    /// Freezes the page, or puts it into the back/forward cache behind another page.
    fn put_away(&mut self, t: TabId) {
        if !self.tabs[t].runs() {
            return;
        }
        let is_cached = self.rng.bool();
        self.note(|| format!("tab {t} is put away, in place of another: {is_cached}"));
        self.tell(t, Input::Suspend);
        self.settle(t);
        self.tabs[t].is_cached = is_cached;
        self.tabs[t].is_away = true;
    }

    pub(super) fn bring_back(&mut self, t: TabId) {
        if !std::mem::replace(&mut self.tabs[t].is_away, false) {
            return;
        }
        self.note(|| format!("tab {t} is brought back"));
        self.tabs[t].asks_since = None;
        let is_cached = std::mem::replace(&mut self.tabs[t].is_cached, false);
        self.unpark(t);
        self.tell(t, Input::Resume);
        if is_cached {
            let (now, visible) = (self.instant(t), self.tabs[t].is_visible);
            self.tabs[t].cache.set_visible(now, visible);
            self.tally.reasons += 12;
            self.check_session(t, false);
            if self.tabs[t].session == super::tab::Session::Restoring {
                self.restore(t);
            }
        }
        self.settle(t);
    }

    /// Gives the tab no time for a while, without notifying it.
    fn starve(&mut self, t: TabId) {
        let long = [500, 5_000, 40_000][self.rng.usize(..3)];
        let until = self.rng.u64(..long);
        self.starve_for(t, until);
    }

    fn starve_for(&mut self, t: TabId, time: u64) {
        if self.tabs[t].runs() {
            self.note(|| format!("tab {t} gets no time for {time} ms"));
            self.tabs[t].is_starved = true;
            self.at(time, Act::Wake(t));
        }
    }

    pub(super) fn wake(&mut self, t: TabId) {
        let profile = self.tabs[t].profile;
        if self.is_asleep(profile)
            && let Some(sleep) = &self.profiles[profile].sleep
        {
            return self.at_moment(sleep.until, Act::Wake(t));
        }
        if !self.tabs[t].is_hung && std::mem::replace(&mut self.tabs[t].is_starved, false) {
            self.note(|| format!("tab {t} gets time again"));
            // The polling check starts again, since the tab could not poll meanwhile.
            self.tabs[t].asks_since = None;
            self.unpark(t);
        }
    }

    fn close_tab(&mut self, t: TabId) {
        self.note(|| format!("tab {t} is closed"));
        self.tabs[t].visit = None;
        self.tabs[t].exchanges.clear();
        self.close_stream(t);
        self.drop_lock(t);
        self.tabs[t].channel = None;
        self.tabs[t].is_dead = true;
    }
}
