//! A model of the server: the stored rows, the event log and the sign-ins. Every request is handled in one step.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use wire::{Cursor, Event};

use super::backend::{self, Effect, Kind, header};
use super::people::pair_of;
use super::rows::Stored;
use super::show::Show;
use crate::browser::fetch::{Request, Response};

/// The server. Its streams are in `streams`.
pub(super) struct Server {
    pub(super) stored: Stored,
    epoch: u64,
    /// The newest position of the log.
    pub(super) head: u64,
    log: VecDeque<Logged>,
    /// The maximum number of events in the log.
    keeps: usize,
    sign_ins: BTreeMap<u64, SignIn>,
    next_sign_in: u64,
    /// The answers to mutations, by person and key.
    answers: BTreeMap<(usize, String), (Request, Response)>,
    pub(super) kind: Kind,
    pub(super) is_up: bool,
    /// The time until which the server answers that it is busy.
    pub(super) busy_until: u64,
}

/// An event in the log.
#[derive(Clone, Debug)]
pub(super) struct Logged {
    pub(super) at: Cursor,
    pub(super) audience: Audience,
    pub(super) name: &'static str,
    pub(super) data: Rc<str>,
}

/// The people that receive an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Pair(usize),
    /// One person. Such an event is not sent again to later streams: it ends the sign-ins of the person.
    Person(usize),
}

impl Audience {
    pub(super) const fn includes(self, person: usize) -> bool {
        match self {
            Self::Pair(pair) => pair == pair_of(person),
            Self::Person(one) => one == person,
        }
    }
}

struct SignIn {
    person: usize,
    ends_at: Option<u64>,
}

/// The beginning of a stream.
pub(super) struct Beginning {
    pub(super) resumed: bool,
    pub(super) after: Cursor,
    pub(super) missed: Vec<Logged>,
}

impl Server {
    pub(super) fn new(keeps: usize, kind: Kind) -> Self {
        Self {
            stored: Stored::new(kind.patches),
            kind,
            epoch: 1,
            head: 0,
            log: VecDeque::new(),
            keeps,
            sign_ins: BTreeMap::new(),
            next_sign_in: 1,
            answers: BTreeMap::new(),
            is_up: true,
            busy_until: 0,
        }
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.at(self.head)
    }

    fn at(&self, seq: u64) -> Cursor {
        Cursor {
            epoch: format!("log{}", self.epoch),
            seq,
        }
    }

    /// Returns the person of a cookie.
    pub(super) fn person(&self, now: u64, cookie: Option<u64>) -> Option<usize> {
        let sign_in = self.sign_ins.get(&cookie?)?;
        sign_in
            .ends_at
            .is_none_or(|ends_at| now < ends_at)
            .then_some(sign_in.person)
    }

    pub(super) fn sign_in(&mut self, person: usize) -> u64 {
        let cookie = self.next_sign_in;
        self.next_sign_in += 1;
        self.sign_ins.insert(cookie, SignIn { person, ends_at: None });
        cookie
    }

    pub(super) fn sign_out(&mut self, cookie: u64) {
        self.sign_ins.remove(&cookie);
    }

    /// Returns the cookies of this person.
    pub(super) fn cookies_of(&self, person: usize) -> Vec<u64> {
        let own = self.sign_ins.iter().filter(|(_, sign_in)| sign_in.person == person);
        own.map(|(cookie, _)| *cookie).collect()
    }

    /// Sets the time at which a sign-in ends. `None` removes the end.
    pub(super) fn set_end(&mut self, cookie: u64, ends_at: Option<u64>) {
        if let Some(sign_in) = self.sign_ins.get_mut(&cookie) {
            sign_in.ends_at = ends_at;
        }
    }

    pub(super) fn ends_at(&self, cookie: u64) -> Option<u64> {
        self.sign_ins.get(&cookie)?.ends_at
    }

    /// Reads data. Returns the body and the position that it reflects.
    pub(super) fn read(&self, person: usize, show: Show) -> Result<(Rc<[u8]>, Cursor), u16> {
        if !show.is_allowed_for(person) {
            return Err(403);
        }
        Ok((self.stored.body(show, person), self.cursor()))
    }

    /// Carries out a request, unless it is a repetition, and writes its events into the log, in one step.
    pub(super) fn handle(&mut self, person: usize, request: &Request) -> (Response, Vec<Logged>, Effect) {
        let key = header(request, "idempotency-key").filter(|_| self.kind.honours_keys);
        let key = key.map(|key| (person, key.to_owned()));
        if let Some((before, response)) = key.as_ref().and_then(|key| self.answers.get(key)) {
            let is_same = (&before.url, &before.body) == (&request.url, &request.body);
            if !is_same {
                return (response.clone(), Vec::new(), Effect::Mistaken);
            }
            return (response.clone(), Vec::new(), Effect::Nothing);
        }
        let handled = backend::handle(&mut self.stored, self.kind, person, request);
        if let Some(key) = key
            && (handled.response.status < 400 || self.kind.keeps_refusals)
        {
            self.answers.insert(key, (request.clone(), handled.response.clone()));
        }
        let told = self.log_all(person, &handled.told);
        (handled.response, told, handled.effect)
    }

    /// Writes the events of a person's change into the log.
    pub(super) fn log_all(&mut self, person: usize, events: &[Event]) -> Vec<Logged> {
        let audience = Audience::Pair(pair_of(person));
        events.iter().map(|event| self.log(audience, event)).collect()
    }

    /// Writes an event into the log.
    pub(super) fn log(&mut self, audience: Audience, event: &Event) -> Logged {
        let data = serde_json::to_string(event).unwrap();
        self.log_text(audience, event.kind().name(), &data)
    }

    pub(super) fn log_text(&mut self, audience: Audience, name: &'static str, data: &str) -> Logged {
        self.head += 1;
        let logged = Logged {
            at: self.cursor(),
            audience,
            name,
            data: Rc::from(data),
        };
        self.log.push_back(logged.clone());
        if self.log.len() > self.keeps {
            self.log.pop_front();
        }
        logged
    }

    /// Begins a new log.
    pub(super) fn change_epoch(&mut self, head: u64) {
        self.epoch += 1;
        self.head = head;
        self.log.clear();
    }

    /// Returns the beginning of a stream of this person that asks for all events after a position.
    pub(super) fn begin(&self, person: usize, asked: Option<&Cursor>) -> Beginning {
        let oldest = self.head - self.log.len() as u64;
        let resumable = asked.filter(|asked| asked.is_covered_by(&self.cursor()) && asked.seq >= oldest);
        let Some(after) = resumable else {
            return Beginning {
                resumed: false,
                after: self.cursor(),
                missed: Vec::new(),
            };
        };
        let is_missed =
            |logged: &&Logged| !logged.at.is_covered_by(after) && logged.audience == Audience::Pair(pair_of(person));
        Beginning {
            resumed: true,
            after: after.clone(),
            missed: self.log.iter().filter(is_missed).cloned().collect(),
        }
    }
}
