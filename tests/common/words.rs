//! A backend of words. It answers when the test says so.

#![allow(dead_code, clippy::allow_attributes, reason = "not every test file uses all of it")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use freshet::query::{Backend, Edits, Fault, Key, Mutation, Query, Retry, SendContext};
use futures_channel::oneshot;
use serde::{Deserialize, Serialize};

/// A backend that answers when the test says so.
#[derive(Clone, Default)]
pub(crate) struct Server(
    /// The unanswered requests.
    pub(crate) Rc<RefCell<VecDeque<Asked>>>,
    /// The keys of the mutations that arrived.
    pub(crate) Rc<RefCell<Vec<Rc<str>>>>,
    /// Whether the backend treats a repeated mutation as a second one.
    pub(crate) Rc<Cell<bool>>,
);

pub(crate) type Asked = (u128, oneshot::Sender<Result<String, Refused>>);

impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Server {
    pub(crate) async fn ask(self, id: u128) -> Result<String, Refused> {
        let (answer, answered) = oneshot::channel();
        self.0.borrow_mut().push_back((id, answer));
        answered.await.unwrap_or(Err(Refused))
    }

    pub(crate) fn open(&self) -> usize {
        self.0.borrow().len()
    }

    /// Answers the oldest request. Returns whether the caller still waits for the answer.
    pub(crate) fn answer(&self, answer: Result<&str, Refused>) -> bool {
        let (_, sender) = self.0.borrow_mut().pop_front().unwrap();
        sender.send(answer.map(str::to_owned)).is_ok()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Refused;

impl Fault for Refused {
    fn retry(&self) -> Retry {
        Retry::Never
    }
}

impl Backend for Server {
    type Error = Refused;
    type Leftover = ();
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Word(pub(crate) u128);

impl Query for Word {
    type Backend = Server;
    type Data = String;
    type Memo = Vec<u8>;

    fn key(&self) -> Key {
        Key::of::<Self>().segment("words").segment(self.0).build()
    }

    async fn fetch(self, server: Server) -> Result<Vec<u8>, Refused> {
        server.ask(self.0).await.map(String::into_bytes)
    }

    fn read(body: Vec<u8>, _: Option<&Vec<u8>>) -> Result<(Rc<String>, Vec<u8>), Refused> {
        let word = String::from_utf8(body.clone()).ok().ok_or(Refused)?;
        Ok((Rc::new(word), body))
    }

    fn body(body: &Vec<u8>) -> Option<&[u8]> {
        Some(body)
    }
}

/// Replaces a word by another one.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Write(pub(crate) u128, pub(crate) String);

impl Mutation for Write {
    type Backend = Server;
    type Output = String;

    const NAME: &'static str = "write";
    const ATTEMPT: &'static str = "write the word";

    fn edits(&self) -> Edits<String> {
        let text = self.1.clone();
        Edits::default().in_lane(1).edit(
            &Word(self.0),
            move |_| text.clone(),
            |written: &String| {
                let written = written.clone();
                move |_| written.clone()
            },
        )
    }

    fn is_repeatable(&self, server: &Server) -> bool {
        !server.2.get()
    }

    async fn send(self, server: Server, context: SendContext) -> Result<String, Refused> {
        server.1.borrow_mut().push(context.key);
        server.ask(0).await
    }
}
