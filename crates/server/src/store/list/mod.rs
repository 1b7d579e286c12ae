//! Paged lists: in any order, limited in rows and bytes.
//!
//! A page begins after a position: the sort key, the time of creation and the id of the last row before the page
//! (keyset pagination). Rows that are added or removed elsewhere do not shift it. The query finds the rows of a page by
//! these three values alone, and reads the other columns only of rows for which the page has room.

use std::fmt;
use std::str::FromStr;

use futures_util::TryStreamExt as _;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};
use uuid::Uuid;

/// The sort key of a list. Equal rows are in order of creation. A missing value compares as the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    CreatedAt,
    UpdatedAt,
    Date,
    DueBy,
    Title,
    Body,
}

impl Key {
    /// Returns the SQL expression of the key. Only the beginning of a text is compared, because a position has to fit
    /// into a URL.
    const fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "item.created_at",
            Self::UpdatedAt => "item.updated_at",
            Self::Date => "item.date",
            Self::DueBy => "item.due_by",
            Self::Title => "substr(item.title, 1, 200)",
            Self::Body => "substr(item.body, 1, 200)",
        }
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// In order of creation.
    #[default]
    Creation,
    /// From the smallest key to the largest.
    Ascending(Key),
    /// From the largest key to the smallest.
    Descending(Key),
}

/// The value of the sort key of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Missing,
    Number(i64),
    Text(String),
}

/// The position of a row in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    value: Value,
    created_at: i64,
    id: Uuid,
}

impl fmt::Display for Position {
    /// Writes the position in characters that are allowed in a URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Missing => f.write_str("m")?,
            Value::Number(number) => write!(f, "n{number}")?,
            Value::Text(text) => {
                f.write_str("t")?;
                text.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            }
        }
        write!(f, ".{}.{}", self.created_at, self.id.simple())
    }
}

/// The error for a text that is not a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPosition;

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let mut parts = text.split('.');
        let (Some(value), Some(created_at), Some(id), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NoPosition);
        };
        let value = match value.split_at_checked(1).ok_or(NoPosition)? {
            ("m", "") => Value::Missing,
            ("n", number) => Value::Number(number.parse().or(Err(NoPosition))?),
            ("t", hex) => Value::Text(from_hex(hex).ok_or(NoPosition)?),
            _ => return Err(NoPosition),
        };
        Ok(Self {
            value,
            created_at: created_at.parse().or(Err(NoPosition))?,
            id: Uuid::try_parse(id).or(Err(NoPosition))?,
        })
    }
}

fn from_hex(hex: &str) -> Option<String> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    String::from_utf8(pairs.iter().map(byte).collect::<Option<_>>()?).ok()
}

impl Position {
    /// Returns a position among the rows of a parent, in order of creation.
    pub(super) fn within(parent: Uuid, created_at: i64, id: Uuid) -> Self {
        Self {
            value: Value::Text(parent.simple().to_string()),
            created_at,
            id,
        }
    }

    /// Returns the parent, if the position was made by [`Position::within`].
    pub(super) fn parent(&self) -> Option<Uuid> {
        match &self.value {
            Value::Text(text) => Uuid::try_parse(text).ok(),
            Value::Missing | Value::Number(_) => None,
        }
    }

    pub(super) const fn created_at(&self) -> i64 {
        self.created_at
    }

    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    fn of(row: &SqliteRow, order: Order) -> Result<Self, sqlx::Error> {
        let value = match order {
            Order::Creation => Value::Missing,
            Order::Ascending(Key::Title | Key::Body) | Order::Descending(Key::Title | Key::Body) => row
                .try_get::<Option<_>, _>("sort_key")?
                .map_or(Value::Missing, Value::Text),
            Order::Ascending(_) | Order::Descending(_) => row
                .try_get::<Option<_>, _>("sort_key")?
                .map_or(Value::Missing, Value::Number),
        };
        Ok(Self {
            value,
            created_at: row.try_get("sort_created_at")?,
            id: row.try_get("sort_id")?,
        })
    }
}

/// The limits of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// The maximum number of rows.
    pub rows: u32,
    /// The number of bytes of JSON after which the page gets no further row.
    pub bytes: usize,
}

/// The part of a list that a request asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) order: Order,
    /// The position after which the page begins. `None`: the beginning of the list.
    pub(crate) after: Option<Position>,
    pub(crate) size: PageSize,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    /// The rows, as a JSON array.
    pub(crate) json: Vec<u8>,
    /// The position after which the next page begins, if there is one.
    pub(crate) next: Option<Position>,
}

/// A query for a page, and its order.
pub(super) struct PageQuery {
    query: QueryBuilder<Sqlite>,
    wanted: Wanted,
}

/// The SQL of a list. The alias of the sorted rows is `item`.
pub(super) struct Listing {
    /// The columns to read for each row of the page.
    pub(super) columns: &'static str,
    /// The table of the rows and its joins, for the rows of the page: `actions item ON item.id = p.sort_id`.
    pub(super) tables: &'static str,
}

impl PageQuery {
    /// Creates a query for a page of the rows that `from` describes. `from` pushes the SQL after `FROM`, with a `WHERE`
    /// clause to which conditions can be added.
    pub(super) fn new(wanted: Wanted, listing: &Listing, from: impl FnOnce(&mut QueryBuilder<Sqlite>)) -> Self {
        let (key, direction) = match wanted.order {
            Order::Creation => ("NULL", None),
            Order::Ascending(key) => (key.column(), Some("ASC NULLS LAST")),
            Order::Descending(key) => (key.column(), Some("DESC NULLS FIRST")),
        };
        let mut query = QueryBuilder::new("SELECT ");
        query.push(listing.columns).push(
            ", p.sort_key, p.sort_created_at, p.sort_id
             FROM (SELECT item.id AS sort_id, item.created_at AS sort_created_at, ",
        );
        query.push(key).push(" AS sort_key FROM ");
        from(&mut query);
        if let Some(after) = &wanted.after {
            begin_after(&mut query, wanted.order, key, after);
        }
        query.push(" ORDER BY ");
        if let Some(direction) = direction {
            query.push(key).push(" ").push(direction).push(", ");
        }
        // One row more than the limit, to know whether there is a next page.
        query
            .push("item.created_at, item.id LIMIT ")
            .push_bind(i64::from(wanted.size.rows) + 1);
        // SQLite joins the tables of a CROSS JOIN in the written order, so the rows come in the order of the page:
        // https://sqlite.org/optoverview.html#manual_control_of_query_plans_using_cross_join
        query.push(") p CROSS JOIN ").push(listing.tables);
        Self { query, wanted }
    }

    /// Reads rows until the page is full.
    pub(super) async fn read<T: Serialize>(
        mut self,
        db: &mut SqliteConnection,
        read: fn(&SqliteRow) -> Result<T, sqlx::Error>,
    ) -> Result<Page, sqlx::Error> {
        let Wanted { order, size, .. } = self.wanted;
        let mut rows = self.query.build().fetch(db);
        let (mut json, mut count, mut last) = (vec![b'['], 0, None);
        while let Some(row) = rows.try_next().await? {
            if last.is_some() && (count >= size.rows || json.len() >= size.bytes) {
                json.push(b']');
                return Ok(Page { json, next: last });
            }
            if last.is_some() {
                json.push(b',');
            }
            last = Some(Position::of(&row, order)?);
            count += 1;
            serde_json::to_writer(&mut json, &read(&row)?).map_err(|error| sqlx::Error::Encode(error.into()))?;
        }
        json.push(b']');
        Ok(Page { json, next: None })
    }
}

/// Excludes the rows up to and including the row at a position.
fn begin_after(query: &mut QueryBuilder<Sqlite>, order: Order, key: &'static str, after: &Position) {
    query.push(" AND (");
    let equal = match (order, &after.value) {
        (Order::Creation, _) => None,
        (Order::Ascending(_), Value::Missing) => Some(" IS NULL"),
        (Order::Ascending(_), value) => {
            query.push(key).push(" IS NULL OR ").push(key).push(" > ");
            bind(query, value);
            query.push(" OR ");
            Some(" = ")
        }
        (Order::Descending(_), Value::Missing) => {
            query.push(key).push(" IS NOT NULL OR ");
            Some(" IS NULL")
        }
        (Order::Descending(_), value) => {
            query.push(key).push(" < ");
            bind(query, value);
            query.push(" OR ");
            Some(" = ")
        }
    };
    if let Some(equal) = equal {
        query.push(key).push(equal);
        if after.value != Value::Missing {
            bind(query, &after.value);
        }
        query.push(" AND ");
    }
    query.push("(item.created_at, item.id) > (").push_bind(after.created_at);
    query.push(", ").push_bind(after.id).push("))");
}

/// Restricts a query to rows with this value in a column. `None` does not restrict it.
pub(super) fn narrow<'q, T>(query: &mut QueryBuilder<Sqlite>, column: &'static str, value: Option<T>)
where
    T: sqlx::Encode<'q, Sqlite> + sqlx::Type<Sqlite> + 'q,
{
    if let Some(value) = value {
        query.push(" AND ").push(column).push(" = ").push_bind(value);
    }
}

fn bind(query: &mut QueryBuilder<Sqlite>, value: &Value) {
    match value {
        Value::Missing => query.push("NULL"),
        Value::Number(number) => query.push_bind(*number),
        Value::Text(text) => query.push_bind(text.clone()),
    };
}

#[cfg(test)]
mod tests;
