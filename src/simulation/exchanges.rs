//! The mutations of a tab: the real outbox, mutations and API on a model of the network. Like `query::client::sending`,
//! without the browser.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use wire::{Action, Agreement, Goal, Timestamp};

use super::ledger::{Fate, Made, Wish};
use super::people;
use super::requests::Ask;
use super::show::{self, Show};
use super::stock::Stock;
use super::tab::{Tab, TabId};
use super::world::World;
use crate::api::{Api, ApiError, Transport};
use crate::browser::fetch::{FetchError, Request, Response, Verb};
use crate::query::{Chore, Departure, Item, List, MutationId, ResponseFuture, Settled, Value};
use crate::resources::{Restored, Saved};
use crate::unresolved::Unresolved;

/// The requests of a tab's API that wait to be sent, and the answers that it has not taken yet.
#[derive(Default)]
pub(super) struct Wire {
    asked: RefCell<Vec<(u64, Request)>>,
    answers: RefCell<HashMap<u64, Result<Response, FetchError>>>,
    count: Cell<u64>,
}

impl Wire {
    pub(super) fn transport(self: &Rc<Self>) -> Transport {
        let wire = Rc::clone(self);
        Rc::new(move |request| {
            let call = wire.count.replace(wire.count.get() + 1);
            wire.asked.borrow_mut().push((call, request));
            let wire = Rc::clone(&wire);
            Box::pin(poll_fn(move |_| {
                let answer = wire.answers.borrow_mut().remove(&call);
                answer.map_or(Poll::Pending, Poll::Ready)
            }))
        })
    }
}

/// A mutation under way.
pub(super) struct Exchange {
    pub(super) mutation: MutationId,
    /// The number of sign-ins and sign-outs in this tab when the mutation was sent.
    epoch: u64,
    /// The number of server changes when the row was read for this mutation.
    pub(super) read: Option<u64>,
    has_asked: bool,
    future: ResponseFuture<ApiError>,
}

impl World {
    /// Makes a change of a person.
    pub(super) fn mutate(&mut self, t: TabId, made: &Made) {
        let (now, key) = (self.instant(t), self.number());
        self.note(|| format!("tab {t} changes {made:?}, as {key}"));
        let tab = &mut self.tabs[t];
        let (_, lane) = tab.outbox.renamed(made.mutation.clone()).edits();
        let earlier = lane.and_then(|lane| tab.cache.unsent_in(lane));
        let earlier = earlier.and_then(|id| key_of(&tab.outbox.get(id)?.key));
        let meant = meant(tab, made);
        let made = meant.as_ref().unwrap_or(made);
        let before = tab.cache.pending();
        let named = (made.mutation.clone(), key.to_string().into());
        let chores = tab
            .outbox
            .mutate(&mut tab.cache, now, &tab.api, named, Box::new(|_| {}));
        let after = tab.cache.pending();
        let who = (tab.person, tab.profile, t);
        let begun = match self.server.kind.patches {
            true => self.server.stored.changes,
            // Without conditional writes, the mutation may rely only on the data that the tab has read.
            false => tab.known.get(&made.row).copied().unwrap_or_default(),
        };
        let check = match earlier.filter(|_| after <= before) {
            // The screen already showed every wanted value.
            _ if meant.is_none() && after == before => Ok(()),
            None => {
                self.ledger.begin(key, who, begun, made);
                Ok(())
            }
            Some(earlier) if after == before => {
                self.tally.deeds.folded += 1;
                self.ledger.add(earlier, made);
                Ok(())
            }
            Some(earlier) => self.ledger.take_back(earlier, made),
        };
        self.must(check);
        self.do_chores(t, chores);
    }

    fn must(&self, check: Result<(), String>) {
        if let Err(why) = check {
            self.fail(&why);
        }
    }

    /// Carries out the chores of an outbox. Returns the unresolved changes.
    pub(super) fn do_chores(&mut self, t: TabId, chores: Vec<Chore<Api>>) -> Vec<Rc<Unresolved>> {
        let mut leftovers = Vec::new();
        for chore in chores {
            match chore {
                Chore::Rename(..) => {}
                Chore::WriteDown(id) => self.write_down(t, id),
                Chore::StrikeOut(place) => self.strike_out(t, &place),
                Chore::KeepLeftover(leftover) => {
                    let leftover = Rc::new(leftover);
                    self.keep_leftover(t, &leftover);
                    leftovers.push(leftover);
                }
                Chore::TellFailure(failure) => self.note(|| format!("tab {t}: {failure:?}")),
            }
        }
        leftovers
    }

    /// Sends a mutation.
    pub(super) fn send_mutation(&mut self, t: TabId, mutation: MutationId) {
        let tab = &mut self.tabs[t];
        let departure = tab.outbox.depart(&tab.cache, &tab.api, mutation);
        let Some(Departure {
            mutation: content,
            context,
            chores,
        }) = departure
        else {
            return;
        };
        let exchange = Exchange {
            mutation,
            epoch: tab.api_epoch,
            read: None,
            has_asked: false,
            future: content.send(tab.api.clone(), context),
        };
        tab.exchanges.push(exchange);
        self.do_chores(t, chores);
        self.go_on_exchanging(t, mutation);
    }

    /// Continues a mutation that is under way: it sends another request, or it is done.
    fn go_on_exchanging(&mut self, t: TabId, mutation: MutationId) {
        let tab = &mut self.tabs[t];
        let Some(at) = tab.exchanges.iter().position(|exchange| exchange.mutation == mutation) else {
            return;
        };
        let poll = tab.exchanges[at]
            .future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        let read = tab.exchanges[at].read;
        let mut is_first = !tab.exchanges[at].has_asked;
        let (is_over, key) = (
            tab.exchanges[at].epoch != tab.api_epoch,
            tab.outbox.get(mutation).and_then(|sending| key_of(&sending.key)),
        );
        let asked = std::mem::take(&mut *tab.wire.asked.borrow_mut());
        for (call, request) in asked {
            let row = row_of(&request);
            let known = self.tabs[t].known.get(&row).copied().unwrap_or_default();
            let known = read.unwrap_or(known);
            self.ask(
                t,
                Ask::Send {
                    mutation,
                    call,
                    key,
                    known,
                    is_first: std::mem::take(&mut is_first),
                    request: Rc::new(request),
                },
            );
        }
        if let Some(exchange) = self.tabs[t].exchanges.get_mut(at) {
            exchange.has_asked |= !is_first;
        }
        let Poll::Ready(result) = poll else { return };
        self.tabs[t].exchanges.remove(at);
        if !is_over {
            self.settle_mutation(t, mutation, result.as_ref());
        }
    }

    /// Handles the answer to a request of a mutation, or its failure.
    pub(super) fn hear_of_mutation(
        &mut self,
        t: TabId,
        mutation: MutationId,
        call: u64,
        answer: Result<Response, FetchError>,
    ) {
        self.tabs[t].wire.answers.borrow_mut().insert(call, answer);
        self.go_on_exchanging(t, mutation);
    }

    fn settle_mutation(&mut self, t: TabId, mutation: MutationId, result: Result<&Rc<dyn Any>, &ApiError>) {
        self.note(|| format!("tab {t}: {mutation:?} ends, {:?}", result.err()));
        let now = self.instant(t);
        self.tally.reasons += 8;
        self.note_gate(t, result.err());
        let tab = &mut self.tabs[t];
        let key = tab.outbox.get(mutation).and_then(|sending| key_of(&sending.key));
        let before: Vec<u64> = tab
            .outbox
            .iter()
            .filter_map(|(_, sending)| key_of(&sending.key))
            .collect();
        let settled = match result {
            Ok(answer) => tab.outbox.answered(&mut tab.cache, now, mutation, answer),
            Err(error) => tab.outbox.refused(&mut tab.cache, now, &tab.api, mutation, error),
        };
        let Some(Settled { chores, .. }) = settled else { return };
        let leftovers = self.do_chores(t, chores);
        // A mutation that is not idempotent is left over as uncertain instead.
        let is_given_up = result.err().is_some_and(ApiError::is_unreachable) && leftovers.is_empty();
        let is_open = self.tabs[t].outbox.get(mutation).is_some();
        let Some(key) = key.filter(|_| !is_open) else { return };
        if result.is_ok() {
            self.tally.changes += 1;
            self.note_own(t, key, result.map(|answer| &**answer));
            self.tally.deeds.unresolved += u64::from(!leftovers.is_empty());
            let check = self.ledger.settle(key, &leftovers, &self.server.stored.history);
            self.must(check);
        } else {
            if is_given_up {
                self.fail(&format!("{key} is given up for want of a server"));
            }
            self.tally.deeds.refused += 1;
            let fate = if leftovers.is_empty() {
                Fate::Refused
            } else {
                Fate::Unresolved
            };
            // Later mutations that depend on this one were dropped with it.
            let is_here = |key: &u64| {
                let mut sendings = self.tabs[t].outbox.iter();
                sendings.any(|(_, sending)| key_of(&sending.key) == Some(*key))
            };
            let gone: Vec<u64> = before.into_iter().filter(|key| !is_here(key)).collect();
            for key in gone {
                self.ledger.set_fate(key, fate);
            }
        }
    }
}

impl World {
    /// Records the rows that the server has confirmed to a tab.
    fn note_own(&mut self, t: TabId, key: u64, answer: Result<&dyn Any, &ApiError>) {
        let Ok(answer) = answer else { return };
        let written = [
            written::<Action>(answer),
            written::<Agreement>(answer),
            written::<Goal>(answer),
        ];
        for (id, at) in written.into_iter().flatten() {
            self.tabs[t].own.insert(id, at);
            // The row was deleted, and is restored.
            if self.tabs[t].delivered.get(&id) == Some(&None) {
                self.tabs[t].delivered.remove(&id);
            }
        }
        self.tabs[t].linked.extend(self.ledger.linked(key));
    }

    /// Records the number of server changes at which a row was read for a mutation.
    pub(super) fn note_read_for(&mut self, t: TabId, mutation: MutationId, changes: u64) {
        let mut exchanges = self.tabs[t].exchanges.iter_mut();
        if let Some(exchange) = exchanges.find(|exchange| exchange.mutation == mutation) {
            exchange.read = Some(changes);
        }
    }

    /// Records that a tab knows all changes of a row up to this one.
    pub(super) fn note_known_row(&mut self, t: TabId, row: u128, number: u64) {
        let known = self.tabs[t].known.entry(row).or_default();
        *known = number.max(*known);
    }

    /// Records that a tab has read the home list of rows, at this number of server changes.
    pub(super) fn note_known(&mut self, t: TabId, value: &Value, show: Show, changes: u64) {
        if self.server.kind.patches {
            return;
        }
        let ids: Vec<u128> = match show {
            Show::Actions(_) => ids(show::actions(value)),
            Show::Agreements(_) => ids(show::agreements(value)),
            Show::Goals(_) => ids(show::goals(value)),
            Show::Session(at) => vec![people::session(at).as_u128()],
            Show::SessionGoals(_) | Show::UserActions(_) => Vec::new(),
        };
        for id in ids {
            self.note_known_row(t, id, changes);
        }
    }
}

/// Returns the part of a change that differs from the screen. Returns `None` if nothing differs.
fn meant(tab: &Tab, made: &Made) -> Option<Made> {
    let Wish::Update(changes, screen) = &made.wish else {
        return Some(made.clone());
    };
    let mutation = tab.outbox.renamed(made.mutation.clone());
    let (edits, lane) = mutation.edits();
    let shown = edits.iter().flat_map(|edit| tab.cache.shown(&edit.target));
    let row = lane.and_then(|lane| shown.into_iter().find_map(|shown| show::fields(&shown, lane)));
    let is_news =
        |(field, _, to): &&(String, intent::Value, intent::Value)| row.as_ref().is_none_or(|row| row[field] != *to);
    let changes: Vec<_> = changes.iter().filter(is_news).cloned().collect();
    (!changes.is_empty()).then(|| Made {
        wish: Wish::Update(changes, screen.clone()),
        ..made.clone()
    })
}

/// Returns the id of the row in an answer, and the time of its last write.
fn written<T: Stock>(answer: &dyn Any) -> Option<(u128, Timestamp)> {
    let restored = answer.downcast_ref::<Restored<T>>().map(|Restored(saved)| saved);
    let saved = answer.downcast_ref::<Saved<T>>().or(restored);
    let saved = saved.and_then(|saved| match saved {
        Saved::Row { row, .. } => Some(row),
        Saved::Gone(_) => None,
    });
    let row = answer.downcast_ref::<T>().or(saved)?;
    Some((row.id(), row.written_at()))
}

fn ids<T: Item>(list: Option<Rc<List<T>>>) -> Vec<u128> {
    list.iter().flat_map(|list| list.iter()).map(|row| row.id()).collect()
}

/// Parses the number that is the key of a mutation.
pub(super) fn key_of(key: &str) -> Option<u64> {
    key.parse().ok()
}

/// Returns the id of the row that a request concerns.
pub(super) fn row_of(request: &Request) -> u128 {
    let mut segments = request.url.split(['/', '?']).skip(2);
    let id = segments.next().and_then(|id| uuid::Uuid::parse_str(id).ok());
    id.filter(|_| segments.next() != Some("goals"))
        .map_or(0, |id| id.as_u128())
}

/// Whether a request only reads.
pub(super) fn is_read(request: &Request) -> bool {
    request.method == Verb::Get
}
