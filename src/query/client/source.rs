//! How an entry's data is had: the part of the client that knows which query it serves.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::super::effect::Plan;
use super::super::query::{Fails, Query};
use super::super::value::Value;

/// A value, and what it weighs in bytes.
pub(in crate::query) type Landed = (Value, usize);

/// Fetches one key's data.
pub(in crate::query) trait Source<E> {
    /// Fetches it. `shown` is what is shown now.
    fn fetch(self: Rc<Self>, plan: Plan, shown: Option<Value>) -> Pin<Box<dyn Future<Output = Result<Landed, E>>>>;

    /// Reads what was kept from an earlier visit.
    fn restore(&self, body: Vec<u8>) -> Option<Landed> {
        _ = body;
        None
    }

    /// What is to be kept for the next visit.
    fn body(&self) -> Option<Vec<u8>> {
        None
    }
}

/// The source of a query that is read as a whole.
pub(in crate::query) struct Whole<Q: Query> {
    query: Q,
    backend: Q::Backend,
    memo: RefCell<Option<Q::Memo>>,
}

impl<Q: Query> Whole<Q> {
    pub(in crate::query) const fn new(query: Q, backend: Q::Backend) -> Self {
        Self {
            query,
            backend,
            memo: RefCell::new(None),
        }
    }

    fn read(&self, body: Vec<u8>) -> Result<Landed, Fails<Q>> {
        let weight = body.len();
        let mut memo = self.memo.borrow_mut();
        let (data, next) = Q::read(body, memo.as_ref())?;
        *memo = Some(next);
        Ok((Value::from_rc(data), weight))
    }
}

impl<Q: Query> Source<Fails<Q>> for Whole<Q> {
    fn fetch(self: Rc<Self>, _: Plan, _: Option<Value>) -> Pin<Box<dyn Future<Output = Result<Landed, Fails<Q>>>>> {
        let fetching = self.query.clone().fetch(self.backend.clone());
        Box::pin(async move { self.read(fetching.await?) })
    }

    fn restore(&self, body: Vec<u8>) -> Option<Landed> {
        // What was read on this visit is newer.
        let is_new = self.memo.borrow().is_none();
        is_new.then(|| self.read(body).ok()).flatten()
    }

    fn body(&self) -> Option<Vec<u8>> {
        self.memo.borrow().as_ref().and_then(Q::body).map(<[u8]>::to_vec)
    }
}
