//! What becomes of bytes: pages that are read one after the other, and bytes that can not be read.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::client::source::{Source, Whole};
use super::super::pages::Paged;
use super::super::{Backend, Item, Page, PagedQuery, Pages, Query};
use super::*;

#[derive(Debug, PartialEq)]
struct Row(u128);

impl Item for Row {
    fn id(&self) -> u128 {
        self.0
    }
}

/// A server whose list changes, and which answers at once.
#[derive(Clone, Default)]
struct Server(Rc<Inside>);

#[derive(Default)]
struct Inside {
    rows: RefCell<Vec<u128>>,
    /// Where the pages began that were asked for.
    asked: RefCell<Vec<Option<usize>>>,
    fails_at: Cell<Option<usize>>,
}

impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Backend for Server {
    type Error = Fail;
    type Leftover = ();
}

impl Server {
    fn new(rows: &[u128]) -> Self {
        let server = Self::default();
        server.set(rows);
        server
    }

    fn set(&self, rows: &[u128]) {
        *self.0.rows.borrow_mut() = rows.to_vec();
    }

    fn asked(&self) -> Vec<Option<usize>> {
        self.0.asked.take()
    }
}

/// All rows, two on a page.
#[derive(Clone, PartialEq)]
struct Rows {
    max_pages: usize,
}

impl PagedQuery for Rows {
    type Backend = Server;
    type Item = Row;
    type Cursor = usize;

    fn key(&self) -> Key {
        Key::of::<Self>().segment("rows").build()
    }

    fn max_pages(&self) -> usize {
        self.max_pages
    }

    async fn fetch_page(self, server: Server, from: Option<usize>) -> Result<Page<Row, usize>, Fail> {
        server.0.asked.borrow_mut().push(from);
        let (rows, start) = (server.0.rows.borrow(), from.unwrap_or(0));
        if server.0.fails_at.get() == Some(start) {
            return Err(Fail::Passing);
        }
        let items = rows.iter().skip(start).take(2).map(|id| Rc::new(Row(*id))).collect();
        let next = Some(start + 2).filter(|next| *next < rows.len());
        Ok(Page { items, next })
    }
}

type Shown = Rc<Pages<Row, usize>>;

/// What a reader of the pages has on the screen.
struct Reader {
    server: Server,
    source: Rc<Paged<Rows>>,
    shown: Option<Shown>,
}

impl Reader {
    fn new(rows: &[u128], max_pages: usize) -> Self {
        let server = Server::new(rows);
        Self {
            source: Rc::new(Paged::new(Rows { max_pages }, server.clone())),
            server,
            shown: None,
        }
    }

    fn fetch(&mut self, plan: Plan) -> Result<Shown, Fail> {
        let shown = self.shown.clone().map(Value::from_rc);
        let (value, _) = now(Rc::clone(&self.source).fetch(plan, shown))?;
        let pages = value.get::<Pages<Row, usize>>().unwrap();
        self.shown = Some(Rc::clone(&pages));
        Ok(pages)
    }

    fn ids(&mut self, plan: Plan) -> Vec<u128> {
        let pages = self.fetch(plan).unwrap();
        pages.items.iter().map(|row| row.id()).collect()
    }
}

/// What a future comes to that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it waits for something"),
    }
}

#[test]
fn next_pages_follow_the_first() {
    let mut reader = Reader::new(&[1, 2, 3, 4, 5], usize::MAX);
    assert_eq!(reader.ids(Plan::Whole), [1, 2]);
    assert_eq!(reader.ids(Plan::More), [1, 2, 3, 4]);
    assert!(reader.shown.as_ref().unwrap().has_more());
    assert_eq!(reader.ids(Plan::More), [1, 2, 3, 4, 5]);
    assert!(!reader.shown.as_ref().unwrap().has_more());
    assert_eq!(
        reader.server.asked(),
        [None, Some(2), Some(4)],
        "each was asked for once"
    );
}

#[test]
fn refetch_rereads_pages_in_sequence() {
    let mut reader = Reader::new(&[1, 2, 3, 4, 5], usize::MAX);
    reader.ids(Plan::Whole);
    reader.ids(Plan::More);
    reader.server.asked();
    reader.server.set(&[9, 1, 2, 3, 4, 5]);
    assert_eq!(reader.ids(Plan::Whole), [9, 1, 2, 3], "as many as were shown");
    assert_eq!(reader.server.asked(), [None, Some(2)]);
    reader.server.set(&[5]);
    assert_eq!(reader.ids(Plan::Whole), [5]);
    assert_eq!(reader.server.asked(), [None], "there is no second page any more");
}

#[test]
fn item_moved_between_pages_shows_once() {
    let mut reader = Reader::new(&[1, 2, 3, 4], usize::MAX);
    reader.ids(Plan::Whole);
    reader.server.set(&[9, 1, 2, 3, 4]);
    assert_eq!(reader.ids(Plan::More), [1, 2, 3]);
}

#[test]
fn max_pages_drops_the_first_pages() {
    let mut reader = Reader::new(&[1, 2, 3, 4, 5, 6, 7], 2);
    reader.ids(Plan::Whole);
    reader.ids(Plan::More);
    assert_eq!(reader.ids(Plan::More), [3, 4, 5, 6]);
    reader.server.asked();
    assert_eq!(reader.ids(Plan::Whole), [3, 4, 5, 6]);
    assert_eq!(reader.server.asked(), [Some(2), Some(4)]);
}

#[test]
fn failed_page_keeps_earlier_pages() {
    let mut reader = Reader::new(&[1, 2, 3, 4, 5, 6], usize::MAX);
    for plan in [Plan::Whole, Plan::More, Plan::More] {
        reader.ids(plan);
    }
    reader.server.asked();
    reader.server.0.fails_at.set(Some(2));
    assert_eq!(reader.fetch(Plan::Whole), Err(Fail::Passing));
    assert_eq!(reader.server.asked(), [None, Some(2)], "what follows is not asked for");
    assert_eq!(reader.shown.as_ref().unwrap().count(), 3);
}

/// A number, in digits.
#[derive(Clone, PartialEq)]
struct Number;

impl Query for Number {
    type Backend = Server;
    type Data = u64;
    type Memo = Vec<u8>;

    fn key(&self) -> Key {
        Key::of::<Self>().segment("number").build()
    }

    async fn fetch(self, _: Server) -> Result<Vec<u8>, Fail> {
        Ok(b"7".to_vec())
    }

    fn read(body: Vec<u8>, _: Option<&Vec<u8>>) -> Result<(Rc<u64>, Vec<u8>), Fail> {
        let number = str::from_utf8(&body).ok().and_then(|text| text.parse().ok());
        Ok((Rc::new(number.ok_or(Fail::Final)?), body))
    }

    fn body(memo: &Vec<u8>) -> Option<&[u8]> {
        Some(memo)
    }
}

#[test]
fn unreadable_persisted_data_is_ignored() {
    let source = Rc::new(Whole::new(Number, Server::default()));
    assert!(source.restore(b"seven".to_vec()).is_none());
    assert_eq!(source.body(), None, "nor is it kept again");
    let (value, weight) = source.restore(b"12".to_vec()).unwrap();
    assert_eq!((value.get::<u64>().as_deref(), weight), (Some(&12), 2));
}

#[test]
fn what_was_read_last_is_what_is_kept() {
    let source = Rc::new(Whole::new(Number, Server::default()));
    source.restore(b"12".to_vec()).unwrap();
    now(Rc::clone(&source).fetch(Plan::Whole, None)).unwrap();
    assert_eq!(source.body().as_deref(), Some(b"7".as_slice()));
}
