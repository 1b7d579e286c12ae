//! Paged lists: their order, their position, and the link to the next page.
//!
//! A list that is too long for one response is split into pages. Each page names the address of the next one in `Link`
//! (RFC 8288, relation `next`). The address is relative, so that it is valid behind any proxy.

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, LINK};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wire::{Cursor, Envelope};

use super::reply::with_cursor;
use crate::error::Error;
use crate::extract::Query;
use crate::state::AppState;
use crate::store::list::{Key, Order, Page, PageSize, Position, Wanted};

/// The direction of a sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    #[default]
    Asc,
    Desc,
}

/// The requested sort of a list, by the fields of `F`. If the query names only the direction, the default field
/// applies.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct By<F> {
    sort_by: Option<F>,
    sort_order: Option<Direction>,
}

/// The sort of a list that is always in order of creation.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Unsorted {}

/// The part of a query that determines the order of a list.
pub(super) trait Sort: DeserializeOwned + Send {
    fn order(self) -> Order;
}

impl<F: DeserializeOwned + Default + Into<Key> + Send> Sort for By<F> {
    fn order(self) -> Order {
        if self.sort_by.is_none() && self.sort_order.is_none() {
            return Order::Creation;
        }
        match (
            self.sort_by.unwrap_or_default().into(),
            self.sort_order.unwrap_or_default(),
        ) {
            (Key::CreatedAt, Direction::Asc) => Order::Creation,
            (key, Direction::Asc) => Order::Ascending(key),
            (key, Direction::Desc) => Order::Descending(key),
        }
    }
}

impl Sort for Unsorted {
    fn order(self) -> Order {
        Order::Creation
    }
}

/// The part of a list that a query asks for.
#[derive(Debug)]
pub(super) struct List<S> {
    sort: S,
    after: Option<Position>,
    size: PageSize,
    /// The query without the position.
    query: String,
}

#[derive(Debug, Deserialize)]
struct After {
    after: Option<String>,
}

impl<S: Sort> FromRequestParts<AppState> for List<S> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let Query(sort) = Query::from_request_parts(parts, state).await?;
        let Query(After { after }) = Query::from_request_parts(parts, state).await?;
        let refusal = |_| Error::BadRequest("after is no position of this list".to_owned());
        let query = parts.uri.query().unwrap_or_default();
        let others = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
        Ok(Self {
            sort,
            after: after.map(|text| text.parse()).transpose().map_err(refusal)?,
            size: state.tuning.page_size,
            query: others.map(|pair| format!("{pair}&")).collect(),
        })
    }
}

impl<S: Sort + Copy> List<S> {
    /// Returns the order, position and size to read.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            order: self.sort.order(),
            after: self.after.clone(),
            size: self.size,
        }
    }

    /// Returns the response with this page, as of this position of the event log.
    pub(super) fn reply(&self, cursor: Cursor, page: Page) -> Result<ListReply, Error> {
        let [before, after] = SURROUNDINGS;
        let body = [before, &page.json, after].concat();
        self.reply_with(cursor, body, page.next)
    }

    /// Returns a response like [`List::reply`], with data that is more than a list.
    pub(super) fn reply_data(
        &self,
        cursor: Cursor,
        data: impl Serialize,
        next: Option<Position>,
    ) -> Result<ListReply, Error> {
        let envelope = Envelope { status_code: 200, data };
        let body = serde_json::to_vec(&envelope).or(Err(Error::Internal("a list is no JSON")))?;
        self.reply_with(cursor, body, next)
    }

    fn reply_with(&self, cursor: Cursor, body: Vec<u8>, next: Option<Position>) -> Result<ListReply, Error> {
        let link = |next| HeaderValue::try_from(format!("<?{}after={next}>; rel=\"next\"", self.query));
        Ok(ListReply {
            cursor,
            body,
            link: next
                .map(link)
                .transpose()
                .or(Err(Error::Internal("a position is no header")))?,
        })
    }
}

/// The bytes before and after a list in the envelope.
const SURROUNDINGS: [&[u8]; 2] = [b"{\"status_code\":200,\"data\":", b"}"];

/// The response with one page of a list.
#[derive(Debug)]
pub(super) struct ListReply {
    cursor: Cursor,
    body: Vec<u8>,
    link: Option<HeaderValue>,
}

impl IntoResponse for ListReply {
    fn into_response(self) -> Response {
        let head = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (head, self.body).into_response();
        if let Some(link) = self.link {
            response.headers_mut().insert(LINK, link);
        }
        with_cursor(response, Some(self.cursor))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{By, Direction, Envelope, Key, Order, SURROUNDINGS, Sort as _};

    #[derive(Clone, Copy, Default, Deserialize)]
    struct Due;

    impl From<Due> for Key {
        fn from(Due: Due) -> Self {
            Self::DueBy
        }
    }

    #[test]
    fn direction_without_field_sorts_by_the_default() {
        let order = |sort_by, sort_order| By { sort_by, sort_order }.order();
        assert_eq!(order(None, None), Order::Creation);
        assert_eq!(order(Some(Due), None), Order::Ascending(Key::DueBy));
        assert_eq!(order(None, Some(Direction::Desc)), Order::Descending(Key::DueBy));
    }

    #[test]
    fn list_stands_in_the_envelope() {
        let list: [u8; 0] = [];
        let envelope = Envelope {
            status_code: 200,
            data: list,
        };
        let [before, after] = SURROUNDINGS;
        assert_eq!(serde_json::to_vec(&envelope).unwrap(), [before, b"[]", after].concat());
    }
}
