//! Mutations of rows in a page: the real cache, outbox and API before a server that says what the test tells it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::ready;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use serde_json::{Value, json};
use wire::{Action, ActionId, CoachingSessionId, ItemStatus, Timestamp, UserId};

use super::*;
use crate::browser::fetch::{FetchError, Response, Verb};
use crate::config::Config;
use crate::query::{
    AnyMutation, Cache, Chore, Departure, Effect, Mutation, MutationId, Outbox, ResponseFuture, Settled, Written,
};
use crate::time::Instant;
use crate::unresolved::Problem;

const OPEN: ItemStatus = ItemStatus::InProgress;
const DONE: ItemStatus = ItemStatus::Completed;
/// What the server calls the row that is added here.
const NAMED: u128 = 7;

fn action(id: u128, version: Option<u64>, body: &str, status: ItemStatus) -> Action {
    let then = Timestamp::default();
    Action {
        id: ActionId::from_u128(id),
        coaching_session_id: CoachingSessionId::from_u128(1),
        goal_id: None,
        user_id: UserId::from_u128(2),
        body: Some(body.to_owned()),
        due_by: None,
        status,
        status_changed_at: then,
        created_at: then,
        updated_at: then,
        assignee_ids: Vec::new(),
        version,
    }
}

/// An action that the server has not named yet.
fn draft(body: &str) -> Action {
    action(crate::draft::MARK << 64 | 1, None, body, OPEN)
}

/// What the server answers.
type Reply = Result<(u16, Value), FetchError>;

fn row(row: &Action) -> Reply {
    Ok((200, json!({ "status_code": 200, "data": row })))
}

fn refusal(status: u16, message: &str) -> Reply {
    Ok((
        status,
        json!({ "status_code": status, "error": "refused", "message": message }),
    ))
}

struct Page {
    api: Api,
    cache: Cache<ApiError>,
    outbox: Outbox<Api>,
    under_way: Vec<(MutationId, ResponseFuture<ApiError>)>,
    replies: Rc<RefCell<VecDeque<Reply>>>,
    /// The requests, as "PATCH /actions/7 {"body":"b"}".
    asked: Rc<RefCell<Vec<String>>>,
    /// What the person has to decide on; two of one row that can be decided on at once are one.
    left: Vec<Unresolved>,
    /// What the person was told.
    told: Vec<&'static str>,
    keys: u32,
}

impl Page {
    fn of(config: &str) -> Self {
        let api = Api::new(&Config::parse(config).unwrap());
        let (replies, asked): (Rc<RefCell<VecDeque<Reply>>>, Rc<RefCell<Vec<String>>>) = Default::default();
        let (all_replies, all_asked) = (Rc::clone(&replies), Rc::clone(&asked));
        api.set_transport(Rc::new(move |request| {
            let verb = match request.method {
                Verb::Get => "GET",
                Verb::Post => "POST",
                Verb::Put => "PUT",
                Verb::Patch => "PATCH",
                Verb::Delete => "DELETE",
            };
            let body = request.body.map(|(_, body)| format!(" {body}")).unwrap_or_default();
            all_asked.borrow_mut().push(format!("{verb} {}{body}", request.url));
            let reply = all_replies.borrow_mut().pop_front().expect("a reply");
            Box::pin(ready(reply.map(|(status, body)| Response {
                status,
                retry_after: None,
                event_cursor: None,
                body: body.to_string().into_bytes(),
            })))
        }));
        let mut cache = Cache::new(7);
        cache.set_pushed(Instant::default(), true);
        Self {
            api,
            cache,
            outbox: Outbox::default(),
            under_way: Vec::new(),
            replies,
            asked,
            left: Vec::new(),
            told: Vec::new(),
            keys: 0,
        }
    }

    /// Before a server that patches, restores and knows repetitions.
    fn patching() -> Self {
        Self::of(r#"{"api_base":"","api_patch":true,"api_idempotency":true}"#)
    }

    /// Before the coaching backend, which takes a repetition for another request.
    fn coaching() -> Self {
        Self::of(r#"{"api_base":"","api_patch":false,"api_idempotency":false}"#)
    }

    /// A person changes something: it leaves if nothing keeps it, and is not answered yet.
    fn make(&mut self, mutation: impl Mutation<Backend = Api>) {
        self.keys += 1;
        let made = (AnyMutation::new(mutation), self.keys.to_string().into());
        let Self { cache, outbox, api, .. } = self;
        let chores = outbox.mutate(cache, Instant::default(), api, made, Box::new(|_| {}));
        self.go_on(chores);
    }

    /// What was written down on an earlier visit is found.
    fn take_up(&mut self, mutation: impl Mutation<Backend = Api>, attempted: bool) {
        self.keys += 1;
        let written = Written {
            mutation: AnyMutation::new(mutation),
            key: self.keys.to_string().into(),
            attempted,
            place: Some("place".to_owned()),
        };
        let Self { cache, outbox, api, .. } = self;
        let chores = outbox.take_up(cache, Instant::default(), api, written);
        self.go_on(chores);
    }

    /// Does the chores, and sends what is to be sent.
    fn go_on(&mut self, chores: Vec<Chore<Api>>) {
        for chore in chores {
            match chore {
                Chore::KeepLeftover(left) => self.keep(left),
                Chore::TellFailure(failure) => self.told.push(failure.attempt),
                Chore::WriteDown(_) | Chore::StrikeOut(_) => {}
            }
        }
        for effect in self.cache.flush(Instant::default()) {
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

    fn keep(&mut self, left: Unresolved) {
        let joined = self.left.iter_mut().find_map(|each| Some((each.absorb(&left)?, each)));
        match joined {
            Some((both, each)) => *each = both,
            None => self.left.push(left),
        }
    }

    /// The server answers what is under way and what follows from it, request by request.
    fn answer(&mut self, replies: impl IntoIterator<Item = Reply>) -> &mut Self {
        self.replies.borrow_mut().extend(replies);
        while !self.under_way.is_empty() && !self.replies.borrow().is_empty() {
            let (id, mut future) = self.under_way.remove(0);
            let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
                panic!("it waits for something else");
            };
            let now = Instant::default();
            let Self { cache, outbox, api, .. } = self;
            let settled = match &result {
                Ok(answer) => outbox.answered(cache, now, id, answer),
                Err(error) => outbox.refused(cache, now, api, id, error),
            };
            let Settled { chores, .. } = settled.unwrap();
            self.go_on(chores);
        }
        assert!(self.replies.borrow().is_empty(), "nobody asks for the rest");
        self
    }

    /// What was asked since this was called last.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.borrow_mut())
    }

    /// The texts in the rows that the person has to decide on.
    fn left_texts(&self) -> Vec<Option<String>> {
        let wanted = self.left.iter().map(|left| left.wanted::<Action>());
        wanted.map(|row| row.and_then(|row| row.body)).collect()
    }
}

/// The address of the row that the tests are about.
fn at(rest: &str) -> String {
    format!("/actions/{}{rest}", uuid::Uuid::from_u128(NAMED))
}

/// The words of a person, typed after a tick that is on its way, and then deleted with their row. Returns the row as
/// the person saw it last.
fn delete_with_words(page: &mut Page) -> Action {
    let seen = action(NAMED, Some(1), "a", OPEN);
    page.make(Update::between(&seen, &action(NAMED, Some(1), "a", DONE)));
    let shown = action(NAMED, None, "words", DONE);
    page.make(Update::between(&action(NAMED, None, "a", DONE), &shown));
    page.make(Delete::of(shown.clone()));
    page.answer([row(&action(NAMED, Some(2), "a", DONE))]);
    page.asked();
    shown
}

fn deleted() -> Reply {
    Ok((200, json!({ "status_code": 200, "data": { "id": "7" } })))
}

/// The replies to a deletion of a row whose version is not known.
fn read_and_deleted() -> [Reply; 2] {
    [row(&action(NAMED, Some(2), "a", DONE)), deleted()]
}

#[test]
fn undo_brings_words_back_after_the_deletion() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.answer(read_and_deleted()).asked();
    page.make(Restore::of(shown));
    page.answer([
        row(&action(NAMED, Some(4), "a", DONE)),
        row(&action(NAMED, Some(5), "words", DONE)),
    ]);
    let patch = at(r#" {"body":"words"}"#);
    assert_eq!(
        page.asked(),
        [format!("POST {} null", at("/restore")), format!("PATCH {patch}")]
    );
    assert!(page.left.is_empty() && page.told.is_empty());
}

#[test]
fn undo_during_the_deletion_brings_words_back() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.make(Restore::of(shown));
    page.answer(read_and_deleted()).asked();
    page.answer([
        row(&action(NAMED, Some(4), "a", DONE)),
        row(&action(NAMED, Some(5), "words", DONE)),
    ]);
    assert_eq!(
        page.asked().last(),
        Some(&format!("PATCH {}", at(r#" {"body":"words"}"#)))
    );
}

#[test]
fn later_undo_does_not_repeat_an_earlier_one() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.answer(read_and_deleted());
    page.make(Restore::of(shown));
    page.answer([
        row(&action(NAMED, Some(4), "a", DONE)),
        row(&action(NAMED, Some(5), "words", DONE)),
    ]);
    let reworded = action(NAMED, Some(6), "other words", DONE);
    page.make(Delete::of(reworded.clone()));
    page.answer([deleted()]).asked();
    page.make(Restore::of(reworded.clone()));
    page.answer([row(&action(NAMED, Some(8), "other words", DONE))]);
    assert_eq!(page.asked(), [format!("POST {} null", at("/restore"))]);
    // Nor does one of a row that another person has deleted.
    page.make(Restore::of(reworded));
    page.answer([row(&action(NAMED, Some(10), "other words", DONE))]);
    assert_eq!(page.asked(), [format!("POST {} null", at("/restore"))]);
}

#[test]
fn words_that_can_not_come_back_are_left_over() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.answer(read_and_deleted());
    page.make(Restore::of(shown));
    // The other person has other words in the row.
    let theirs = action(NAMED, Some(4), "theirs", DONE);
    page.answer([row(&theirs), row(&theirs)]);
    let [left] = &*page.left else { panic!("{:?}", page.left) };
    assert!(matches!(&left.problem, Problem::BothChanged { fields } if fields[0].mine == "words"));
}

#[test]
fn refused_undo_keeps_the_words() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    page.answer(read_and_deleted());
    page.make(Restore::of(shown));
    page.answer([refusal(404, "It is too old.")]);
    assert_eq!(page.left_texts(), [Some("words".to_owned())]);
}

#[test]
fn refused_deletion_keeps_the_words_it_held() {
    let mut page = Page::patching();
    delete_with_words(&mut page);
    page.answer([refusal(403, "Not you.")]);
    assert_eq!(page.left_texts(), [Some("words".to_owned())]);
    assert!(page.told.is_empty());
    // One that held nothing is told, as before.
    page.make(Delete::of(action(NAMED, Some(2), "a", DONE)));
    page.answer([refusal(403, "Not you.")]);
    assert_eq!((page.left.len(), &*page.told), (1, &["delete the action"][..]));
}

#[test]
fn deletion_that_was_overtaken_keeps_the_words() {
    let mut page = Page::patching();
    let shown = delete_with_words(&mut page);
    let theirs = action(NAMED, Some(3), "a", OPEN);
    page.answer([row(&theirs)]);
    let [left] = &*page.left else { panic!("{:?}", page.left) };
    assert_eq!(left.problem, Problem::ChangedThere);
    // Their status, and the own words.
    let wanted = left.wanted::<Action>().unwrap();
    assert_eq!((wanted.body.as_deref(), wanted.status), (Some("words"), OPEN));
    page.asked();
    page.make(Restore::of(shown));
    page.answer([row(&theirs), row(&action(NAMED, Some(4), "words", OPEN))]);
    assert_eq!(
        page.asked().last(),
        Some(&format!("PATCH {}", at(r#" {"body":"words"}"#)))
    );
}

#[test]
fn undo_written_down_by_an_earlier_app_is_read() {
    let row = action(NAMED, Some(1), "a", OPEN);
    let content = serde_json::to_vec(&row).unwrap();
    let read = kinds().read("restore_action", &content).unwrap();
    assert_eq!(read.content(), AnyMutation::new(Restore::of(row)).content());
}
