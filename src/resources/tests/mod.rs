//! Mutations of rows in a tab: the real cache, outbox and API with a server whose answers the test scripts.

mod additions;
mod opaque;
mod plans;
mod undo;

use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde_json::json;
use wire::{Action, ActionId, CoachingSessionId, ItemStatus, Timestamp, UserId};

use super::*;
use crate::config::Config;
use crate::query::{
    AnyMutation, Cache, Chore, Departure, Effect, Mutation, MutationId, Outbox, Query, ResponseFuture, Settled, Value,
    Written,
};
use crate::simulation::script::{Reply, Script};
use crate::time::Instant;
use crate::unresolved::Problem;
use exchange::tests::{DONE, OPEN};

/// The id that the server assigns to the row that is added here.
const NAMED: u128 = 7;

fn action(id: u128, version: Option<u64>, body: &str, status: ItemStatus) -> Action {
    Action {
        id: ActionId::from_u128(id),
        ..exchange::tests::action(version, body, status)
    }
}

/// Returns an action with a temporary id.
fn draft(body: &str) -> Action {
    action(crate::draft::MARK << 64 | 1, None, body, OPEN)
}

fn row(row: &Action) -> Reply {
    Reply::Says(200, json!({ "status_code": 200, "data": row }))
}

/// Refuses a write with 412: the row has changed since it was seen. Holds the current row.
fn changed(row: &Action) -> Reply {
    Reply::Says(
        412,
        json!({ "status_code": 412, "data": row, "details": { "changed": {} } }),
    )
}

fn refusal(status: u16, message: &str) -> Reply {
    let body = json!({ "status_code": status, "error": "refused", "message": message });
    Reply::Says(status, body)
}

struct Page {
    api: Api,
    cache: Cache<ApiError>,
    outbox: Outbox<Api>,
    under_way: Vec<(MutationId, ResponseFuture<ApiError>)>,
    server: Rc<Script>,
    /// The unresolved changes of the person. Two changes of one row that can be decided on at once are merged.
    left: Vec<Unresolved>,
    /// The failures that the person was notified of.
    told: Vec<&'static str>,
    keys: u32,
    now: Instant,
}

impl Page {
    fn of(config: &str) -> Self {
        let api = Api::new(&Config::parse(config).unwrap());
        let server: Rc<Script> = Rc::default();
        server.serve(&api);
        let mut cache = Cache::new(7);
        cache.set_pushed(Instant::default(), true);
        Self {
            api,
            cache,
            outbox: Outbox::default(),
            under_way: Vec::new(),
            server,
            left: Vec::new(),
            told: Vec::new(),
            keys: 0,
            now: Instant::default(),
        }
    }

    /// Creates a tab with a server that patches, restores and recognizes repetitions.
    fn patching() -> Self {
        Self::of(r#"{"api_base":"","api_patch":true,"api_idempotency":true}"#)
    }

    /// Creates a tab with the coaching backend, which takes a repetition for another request.
    fn coaching() -> Self {
        Self::of(r#"{"api_base":"","api_patch":false,"api_idempotency":false}"#)
    }

    /// Makes a mutation. It is sent unless something holds it back, and is not answered yet.
    fn make(&mut self, mutation: impl Mutation<Backend = Api>) {
        self.keys += 1;
        let made = (AnyMutation::new(mutation), self.keys.to_string().into());
        let now = self.now;
        let Self { cache, outbox, api, .. } = self;
        let chores = outbox.mutate(cache, now, api, made, Box::new(|_| {}));
        self.go_on(chores);
    }

    /// Takes up a mutation that an earlier visit persisted.
    fn take_up(&mut self, mutation: impl Mutation<Backend = Api>, attempted: bool) {
        self.keys += 1;
        let written = Written {
            mutation: AnyMutation::new(mutation),
            key: self.keys.to_string().into(),
            attempted,
            place: Some("place".to_owned()),
        };
        let now = self.now;
        let Self { cache, outbox, api, .. } = self;
        let chores = outbox.take_up(cache, now, api, written);
        self.go_on(chores);
    }

    /// Carries out the outbox's chores, and sends the mutations that are due.
    fn go_on(&mut self, chores: Vec<Chore<Api>>) {
        for chore in chores {
            match chore {
                Chore::KeepLeftover(left) => self.keep(left),
                Chore::TellFailure(failure) => self.told.push(failure.attempt),
                Chore::Rename(..) | Chore::WriteDown(_) | Chore::StrikeOut(_) => {}
            }
        }
        for effect in self.cache.flush(self.now) {
            let Effect::Send { mutation } = effect else { continue };
            let departure = self.outbox.depart(&self.cache, &self.api, mutation).unwrap();
            let Departure {
                mutation: content,
                context,
                ..
            } = departure;
            let future = content.send(self.api.clone(), context);
            self.under_way.push((mutation, future));
        }
    }

    /// Shows the list of the rows on the screen.
    fn show(&mut self, rows: Vec<Action>) {
        let query = SessionActions(CoachingSessionId::from_u128(1));
        let (entry, _) = self.cache.observe(self.now, query.key(), query.options());
        let rows: List<Action> = rows.into_iter().map(Rc::new).collect();
        self.cache.restore(self.now, entry, Value::new(rows), 8);
    }

    /// Disconnects the network and the stream, or connects them again.
    fn set_online(&mut self, online: bool) {
        self.cache.set_pushed(self.now, online);
        self.cache.set_online(self.now, online);
        self.go_on(Vec::new());
    }

    /// Advances the time, and sends the mutations that were delayed until then.
    fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
        self.go_on(Vec::new());
    }

    fn keep(&mut self, left: Unresolved) {
        let joined = self.left.iter_mut().find_map(|each| Some((each.absorb(&left)?, each)));
        match joined {
            Some((both, each)) => *each = both,
            None => self.left.push(left),
        }
    }

    /// Answers the requests that are under way, and the ones that follow from the answers, one by one.
    fn answer(&mut self, replies: impl IntoIterator<Item = Reply>) -> &mut Self {
        self.server.replies.borrow_mut().extend(replies);
        while !self.under_way.is_empty() && !self.server.replies.borrow().is_empty() {
            let (id, mut future) = self.under_way.remove(0);
            let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
                panic!("it waits for something else");
            };
            let now = self.now;
            let Self { cache, outbox, api, .. } = self;
            let settled = match &result {
                Ok(answer) => outbox.answered(cache, now, id, answer),
                Err(error) => outbox.refused(cache, now, api, id, error),
            };
            let Settled { chores, .. } = settled.unwrap();
            self.go_on(chores);
        }
        assert!(self.server.replies.borrow().is_empty(), "nobody asks for the rest");
        self
    }

    /// Returns the requests since the last call.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.server.asked.borrow_mut())
    }

    /// Returns the texts of the rows in the unresolved changes.
    fn left_texts(&self) -> Vec<Option<String>> {
        let wanted = self.left.iter().map(Unresolved::wanted::<Action>);
        wanted.map(|row| row.and_then(|row| row.body)).collect()
    }
}

/// Returns the path of the row that the tests are about.
fn at(rest: &str) -> String {
    format!("/actions/{}{rest}", uuid::Uuid::from_u128(NAMED))
}
