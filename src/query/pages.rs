//! Queries that come in pages.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::client::source::{Landed, Source};
use super::effect::Plan;
use super::list::{Item, List};
use super::query::{Backend, Page, PageResult, PagedQuery};
use super::value::{Data, Diff, Value};

/// The pages of a query that are shown, one after the other.
#[derive(Debug, PartialEq)]
pub struct Pages<T, C> {
    /// What is on them.
    pub items: List<T>,
    marks: Vec<Mark<C>>,
    /// Where the page after the last begins.
    next: Option<C>,
}

/// One page among those that are shown.
#[derive(Clone, Debug, PartialEq)]
struct Mark<C> {
    /// Where it begins.
    from: Option<C>,
    /// How many items it has.
    count: usize,
}

impl<T: Item, C: Clone + PartialEq + 'static> Pages<T, C> {
    const fn none() -> Self {
        Self {
            items: List::new(),
            marks: Vec::new(),
            next: None,
        }
    }

    /// Whether there are more.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// How many are shown.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.marks.len()
    }

    /// These pages and one more, which begins where it was asked for; the first ones go if there are too many.
    fn with(&self, from: Option<C>, page: Page<T, C>, max: usize) -> Self {
        // What has moved on to this page meanwhile is shown once.
        let new: Vec<Rc<T>> = page
            .items
            .into_iter()
            .filter(|item| self.items.find(item.id()).is_none())
            .collect();
        let mut marks = self.marks.clone();
        marks.push(Mark { from, count: new.len() });
        let surplus = marks.len().saturating_sub(max.max(1));
        let gone: usize = marks.drain(..surplus).map(|mark| mark.count).sum();
        Self {
            items: self.items.iter().cloned().chain(new).skip(gone).collect(),
            marks,
            next: page.next,
        }
    }
}

impl<T: Item, C: Clone + PartialEq + 'static> Data for Pages<T, C> {
    fn share(before: &Self, mut fresh: Rc<Self>) -> Rc<Self> {
        if let Some(fresh) = Rc::get_mut(&mut fresh) {
            let items = std::mem::take(&mut fresh.items);
            fresh.items = (*List::share(&before.items, Rc::new(items))).clone();
        }
        fresh
    }

    fn diff(before: &Self, after: &Self) -> Diff {
        match List::diff(&before.items, &after.items) {
            Diff::Parts { ids, shape } => Diff::Parts {
                shape: shape || before.marks != after.marks || before.next != after.next,
                ids,
            },
            Diff::Everything => Diff::Everything,
        }
    }
}

/// Fetches the pages of one key.
pub(super) struct Paged<Q: PagedQuery> {
    query: Q,
    backend: Q::Backend,
}

type Fails<Q> = <<Q as PagedQuery>::Backend as Backend>::Error;

impl<Q: PagedQuery> Paged<Q> {
    pub(super) const fn new(query: Q, backend: Q::Backend) -> Self {
        Self { query, backend }
    }

    async fn fetch_page(&self, from: Option<Q::Cursor>) -> PageResult<Q> {
        self.query.clone().fetch_page(self.backend.clone(), from).await
    }

    /// As many pages as are shown, each from where the one before it ends now: a cursor of before may point nowhere.
    async fn walk(&self, from: Option<Q::Cursor>, count: usize) -> Result<Pages<Q::Item, Q::Cursor>, Fails<Q>> {
        let page = self.fetch_page(from.clone()).await?;
        let mut pages = Pages::none().with(from, page, usize::MAX);
        while pages.count() < count {
            let Some(next) = pages.next.clone() else { break };
            let page = self.fetch_page(Some(next.clone())).await?;
            pages = pages.with(Some(next), page, usize::MAX);
        }
        Ok(pages)
    }
}

impl<Q: PagedQuery> Source<Fails<Q>> for Paged<Q> {
    fn fetch(
        self: Rc<Self>,
        plan: Plan,
        shown: Option<Value>,
    ) -> Pin<Box<dyn Future<Output = Result<Landed, Fails<Q>>>>> {
        let shown = shown
            .and_then(|shown| shown.get::<Pages<Q::Item, Q::Cursor>>())
            .unwrap_or_else(|| Rc::new(Pages::none()));
        Box::pin(async move {
            let pages = match (plan, shown.next.clone()) {
                (Plan::More, None) => return Ok((Value::from_rc(shown), 0)),
                (Plan::More, Some(next)) => {
                    let page = self.fetch_page(Some(next.clone())).await?;
                    shown.with(Some(next), page, self.query.max_pages())
                }
                (Plan::Whole, _) => {
                    let first = shown.marks.first().and_then(|mark| mark.from.clone());
                    self.walk(first, shown.count()).await?
                }
            };
            Ok((Value::new(pages), 0))
        })
    }
}
