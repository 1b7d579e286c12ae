//! Requests: the request of a tab, its effect on the server, and the handling of the answer. Like `api::Api` and
//! `query::client`, without the browser.

use std::rc::Rc;
use std::time::Duration;

use wire::Cursor;

use super::backend::{Effect, response};
use super::exchanges::{is_read, row_of};
use super::network::Act;
use super::show::Show;
use super::tab::{Input, TabId};
use super::world::World;
use crate::api::{ApiError, Kind};
use crate::browser::fetch::{FetchError, Request, Response};
use crate::query::{EntryId, FlightId, MutationId};
use crate::session::Farewell;
use crate::sse::{Answer, Generation};

/// A request with its sender.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) tab: TabId,
    cookie: Option<u64>,
    /// The number of sign-ins and sign-outs in this tab when the request was sent.
    epoch: u64,
    pub(super) ask: Ask,
}

/// The kinds of requests.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Read {
        entry: EntryId,
        flight: FlightId,
        show: Show,
    },
    /// A request of a mutation.
    Send {
        mutation: MutationId,
        call: u64,
        /// The key of the change that the request belongs to.
        key: Option<u64>,
        /// The number of the last change of the row that the tab knew of.
        known: u64,
        /// Whether it is the first request of this attempt.
        is_first: bool,
        request: Rc<Request>,
    },
    /// Asks for the signed-in person, for this reason.
    Who(Why),
    SignIn(usize),
    SignOut {
        then_restore: bool,
    },
    /// Asks for the reason why a stream was refused.
    Probe(Generation, u64),
    Ticket(Generation, u64),
}

/// The reason why a tab asks for the signed-in person.
#[derive(Clone, Copy, Debug)]
pub(super) enum Why {
    /// The page was just loaded. Holds the number of the attempt.
    Restore(u64),
    /// The tab checks that the person is still signed in, and notifies the connection of that if `refreshes` is set.
    Check { person: usize, refreshes: bool },
}

/// The outcome of a request.
pub(super) type Outcome = Result<Answered, Kind>;

/// The server's answer.
#[derive(Clone, Debug)]
pub(super) enum Answered {
    /// The body, its position, and the number of changes that it reflects.
    Read(Rc<[u8]>, Cursor, u64),
    Response(Box<Response>, u64),
    Person(usize),
    Done,
    Ticket(String),
}

/// The time limit of a request, in milliseconds.
const TIME_LIMIT: u64 = 20_000;

impl World {
    /// Sends a request of a tab.
    pub(super) fn ask(&mut self, t: TabId, ask: Ask) {
        self.check_asking(t, &ask);
        let profile = self.tabs[t].profile;
        if matches!(ask, Ask::SignIn(_) | Ask::SignOut { .. }) {
            self.profiles[profile].signing += 1;
        }
        let asked = Asked {
            tab: t,
            cookie: self.profiles[profile].cookie,
            epoch: self.tabs[t].api_epoch,
            ask,
        };
        self.check_gate(t, &asked.ask);
        self.note(|| format!("tab {t} asks {:?}", asked.ask));
        if self.loses(profile) {
            self.lose(asked);
        } else {
            let delay = self.latency();
            self.at(delay, Act::Arrive(asked));
        }
    }

    /// Ends a request without an answer. The tab is notified at once, or after the time limit.
    fn lose(&mut self, asked: Asked) {
        let (delay, kind) = match self.rng.bool() {
            true => (self.latency(), Kind::Unreachable),
            false => (TIME_LIMIT, Kind::TimedOut),
        };
        self.give(delay, asked, None, Err(kind));
    }

    /// Delivers the outcome of a request to its tab.
    fn give(&mut self, delay: u64, asked: Asked, put: Option<u64>, outcome: Outcome) {
        if let Ask::SignIn(_) | Ask::SignOut { .. } = asked.ask {
            let (profile, drop) = (self.tabs[asked.tab].profile, asked.cookie);
            let drop = drop.filter(|_| outcome.is_ok() && put.is_none());
            self.at(delay, Act::Cookie { profile, put, drop });
        }
        self.at(delay, Act::Answer(asked, outcome));
    }

    pub(super) fn take_cookie(&mut self, profile: usize, put: Option<u64>, drop: Option<u64>) {
        let profile = &mut self.profiles[profile];
        profile.signing -= 1;
        if put.is_some() {
            profile.cookie = put;
        } else if drop.is_some() && profile.cookie == drop {
            profile.cookie = None;
        }
    }

    /// Handles a request on its arrival at the server, in one step.
    pub(super) fn serve(&mut self, asked: Asked) {
        let (profile, mut put) = (self.tabs[asked.tab].profile, None);
        let outcome = self.do_as_asked(&asked, &mut put);
        self.note(|| format!("server: {:?} of tab {} → {}", asked.ask, asked.tab, told(&outcome)));
        if self.loses(profile) {
            return self.lose(asked);
        }
        let delay = self.latency();
        self.give(delay, asked, put, outcome);
    }

    fn do_as_asked(&mut self, asked: &Asked, put: &mut Option<u64>) -> Outcome {
        if !self.server.is_up {
            return Err(Kind::Unreachable);
        }
        if let Some(outage) = self.outage.filter(|outage| outage.until > self.now) {
            return Err(outage.kind());
        }
        if self.server.busy_until > self.now {
            let wait = (self.server.busy_until - self.now).div_ceil(1_000);
            return Err(Kind::Unavailable(Some(Duration::from_secs(wait))));
        }
        if let Ask::SignIn(person) = asked.ask {
            *put = Some(self.server.sign_in(person));
            return Ok(Answered::Person(person));
        }
        let Some(person) = self.server.person(self.now, asked.cookie) else {
            return match asked.ask {
                // There is no session to end.
                Ask::SignOut { .. } => Ok(Answered::Done),
                _ => Err(Kind::Unauthorized),
            };
        };
        match &asked.ask {
            Ask::Read { show, .. } => match self.server.read(person, *show) {
                Ok((body, cursor)) => Ok(Answered::Read(body, cursor, self.server.stored.changes)),
                Err(status) => Err(kind(status)),
            },
            Ask::Send {
                key, known, request, ..
            } => Ok(self.do_as_sent(person, *key, *known, request)),
            Ask::Who(_) => {
                // The request renews the session.
                if let Some(cookie) = asked.cookie {
                    self.server.set_end(cookie, None);
                }
                Ok(Answered::Person(person))
            }
            Ask::SignOut { .. } => {
                if let Some(cookie) = asked.cookie {
                    self.end_sign_in(cookie);
                }
                Ok(Answered::Done)
            }
            Ask::Ticket(..) => Ok(Answered::Ticket(asked.cookie.unwrap_or_default().to_string())),
            Ask::Probe(..) | Ask::SignIn(_) => Ok(Answered::Done),
        }
    }

    /// Carries out a request of a mutation, and checks that no change that its author has not seen is lost.
    fn do_as_sent(&mut self, person: usize, key: Option<u64>, known: u64, request: &Request) -> Answered {
        let (mut response, told, effect) = self.server.handle(person, request);
        if let Some(key) = key {
            let known = (!self.server.kind.patches).then_some(known);
            let check = match &effect {
                Effect::Created(id) => self.ledger.note_created(key, *id, &self.server.stored.history),
                Effect::Overwrote(overwritten) => self.ledger.check_overwritten(key, overwritten, known),
                Effect::Nothing => Ok(()),
                Effect::Mistaken => Err(format!("a key names two requests, one of them {request:?}")),
            };
            if let Err(why) = check {
                self.fail(&why);
            }
        }
        self.publish(&told);
        if is_read(request) {
            response.event_cursor = Some(self.server.cursor().to_string());
        }
        Answered::Response(Box::new(response), self.server.stored.changes)
    }

    /// Handles an answer on its arrival at a tab.
    pub(super) fn answer(&mut self, asked: Asked, outcome: Outcome) {
        let Asked { tab: t, epoch, ask, .. } = asked;
        // Answers that the tab no longer waits for are ignored.
        let is_awaited = match &ask {
            Ask::Read { flight, .. } => self.tabs[t].flights.contains(flight),
            Ask::Probe(_, asking) | Ask::Ticket(_, asking) => self.tabs[t].asking == *asking,
            Ask::Send { .. } | Ask::Who(_) | Ask::SignIn(_) | Ask::SignOut { .. } => true,
        };
        if !is_awaited {
            return;
        }
        self.note(|| format!("tab {t} hears of {ask:?}: {}", told(&outcome)));
        let is_api = matches!(ask, Ask::Read { .. } | Ask::Who(_) | Ask::SignOut { .. });
        if let Ask::Read { .. } = ask {
            self.note_gate(t, outcome.as_ref().err().cloned().map(ApiError::from).as_ref());
        }
        if is_api && epoch == self.tabs[t].api_epoch {
            match &outcome {
                Ok(Answered::Read(_, position, _)) => self.tell(t, Input::Read(Some(position.clone()))),
                Ok(Answered::Person(_)) => self.tell(t, Input::Read(None)),
                Err(Kind::Unauthorized) => self.leave(t, &Farewell::Expired),
                Ok(_) | Err(_) => {}
            }
        }
        match ask {
            Ask::Read { entry, flight, show } => self.land(t, entry, flight, show, outcome),
            Ask::Send {
                mutation,
                call,
                request,
                ..
            } => {
                let is_here = epoch == self.tabs[t].api_epoch;
                self.hear_of_send(t, (mutation, call), &request, outcome, is_here);
            }
            Ask::Who(why) => self.learn_who(t, why, outcome),
            Ask::SignIn(_) => {
                if let Ok(Answered::Person(person)) = outcome {
                    let profile = self.tabs[t].profile;
                    self.profiles[profile].sign_out_pending = false;
                    self.enter(t, person);
                }
            }
            Ask::SignOut { then_restore } => {
                let profile = self.tabs[t].profile;
                if outcome.is_ok() {
                    self.profiles[profile].sign_out_pending = false;
                }
                if then_restore {
                    self.go_on_restoring(t, outcome.is_ok());
                }
            }
            Ask::Probe(generation, _) => self.tell(t, Input::Answer(generation, answer(&outcome))),
            Ask::Ticket(generation, _) => {
                let ticket = match &outcome {
                    Ok(Answered::Ticket(ticket)) => Ok(ticket.clone()),
                    other => Err(answer(other)),
                };
                self.tell(t, Input::Ticket(generation, ticket));
            }
        }
    }

    fn land(&mut self, t: TabId, entry: EntryId, flight: FlightId, show: Show, outcome: Outcome) {
        // The handling of the answer above may have cleared the cache.
        if !self.tabs[t].flights.remove(&flight) {
            return;
        }
        let result = match outcome {
            Ok(Answered::Read(body, _, changes)) => {
                let weight = body.len();
                let memo = self.tabs[t].memos.entry(entry).or_default();
                show.read(body.to_vec(), memo).map(|value| (value, weight, changes))
            }
            Ok(_) => return,
            Err(kind) => Err(ApiError::from(kind)),
        };
        if result.is_err() {
            self.tally.reasons += 2;
        }
        let result = result.map(|(value, weight, changes)| {
            self.note_known(t, &value, show, changes);
            (value, weight)
        });
        let now = self.instant(t);
        if result.is_ok() {
            self.tabs[t].read_at.insert(entry, self.now);
        }
        self.tabs[t].cache.land(now, entry, flight, result);
    }

    /// Handles the outcome of a mutation's request. The end of the session is handled after it, as in the API.
    fn hear_of_send(
        &mut self,
        t: TabId,
        (mutation, call): (MutationId, u64),
        request: &Request,
        outcome: Outcome,
        is_here: bool,
    ) {
        let answer = match outcome {
            Ok(Answered::Response(response, changes)) => {
                if matches!(response.status, 200 | 412) {
                    self.note_known_row(t, row_of(request), changes);
                    if is_read(request) {
                        self.note_read_for(t, mutation, changes);
                    }
                }
                Ok(*response)
            }
            Err(Kind::TimedOut) => Err(FetchError::Timeout),
            Err(kind) => answered(&kind).ok_or(FetchError::Network),
            Ok(_) => return,
        };
        let is_over = matches!(&answer, Ok(response) if response.status == 401);
        if let (Ok(response), true, true) = (&answer, is_read(request), is_here)
            && response.status < 400
        {
            let position = response.event_cursor.as_deref().and_then(|text| text.parse().ok());
            self.tell(t, Input::Read(position));
        }
        self.hear_of_mutation(t, mutation, call, answer);
        if is_over && is_here {
            self.leave(t, &Farewell::Expired);
        }
    }
}

/// Returns the response of a failure, if one arrives.
fn answered(kind: &Kind) -> Option<Response> {
    let status = match kind {
        Kind::Unauthorized => 401,
        Kind::Unavailable(_) => 503,
        Kind::Server(status) => *status,
        Kind::Intercepted => 200,
        _ => return None,
    };
    let mut response = response(status, &serde_json::Value::Null);
    if let Kind::Unavailable(Some(wait)) = kind {
        response.retry_after = Some(wait.as_secs().to_string());
    }
    response.body = match kind {
        Kind::Intercepted => b"<!doctype html><title>Sign in to the network</title>".to_vec(),
        _ => Vec::new(),
    };
    Some(response)
}

fn kind(status: u16) -> Kind {
    match status {
        403 => Kind::Forbidden,
        404 => Kind::NotFound,
        status => Kind::Server(status),
    }
}

fn answer(outcome: &Outcome) -> Answer {
    match outcome {
        Ok(_) => Answer::Unclear,
        Err(Kind::Unauthorized) => Answer::Unauthorized,
        Err(Kind::Unavailable(Some(wait))) => Answer::Later(*wait),
        Err(_) => Answer::Unreachable,
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Ok(Answered::Read(body, position, _)) => format!("{} bytes at {position}", body.len()),
        Ok(Answered::Response(response, _)) => {
            format!("{} {}", response.status, String::from_utf8_lossy(&response.body))
        }
        Ok(other) => format!("{other:?}"),
        Err(kind) => format!("{kind:?}"),
    }
}
