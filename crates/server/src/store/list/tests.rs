//! Tests of the order of pages, and of the indexes that SQLite uses for them.

use std::cmp::Reverse;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, SqliteConnection};
use uuid::Uuid;
use wire::{CoachingRelationshipId, CoachingSessionId, UserId};

use super::{Key, Listing, NoPosition, Order, PageQuery, PageSize, Position, Value, Wanted};
use crate::sse::Hub;
use crate::store::actions::{self, Whose};
use crate::store::session_goals::{self, Sessions};
use crate::store::{Db, coaching_sessions};

/// A row: id, due date, text and time of creation.
type Thing = (u128, Option<i64>, Option<&'static str>, i64);

/// Eleven rows: some are equal, some lack a value, and there are two times of creation.
const ROWS: [Thing; 11] = [
    (1, Some(5), Some("b"), 1),
    (2, None, None, 1),
    (3, Some(4), Some(""), 1),
    (4, Some(5), Some("b"), 1),
    (5, None, Some("é"), 1),
    (6, Some(-7), Some("a\u{0}b"), 1),
    (9, Some(5), None, 1),
    (7, Some(5), Some("b"), 2),
    (8, Some(i64::MAX), Some("B"), 2),
    (10, None, Some("b"), 2),
    (11, Some(4), Some("%"), 2),
];

async fn page(db: &mut SqliteConnection, wanted: Wanted) -> (Vec<u128>, Option<Position>) {
    let listing = Listing {
        columns: "item.id",
        tables: "things item ON item.id = p.sort_id",
    };
    let query = PageQuery::new(wanted, &listing, |from| {
        from.push("things item WHERE 1 = 1");
    });
    let page = query
        .read(db, |row: &SqliteRow| {
            Ok(row.try_get::<Uuid, _>("id")?.as_u128().to_string())
        })
        .await
        .unwrap();
    let ids: Vec<String> = serde_json::from_slice(&page.json).unwrap();
    (ids.iter().map(|id| id.parse().unwrap()).collect(), page.next)
}

#[tokio::test]
async fn pages_of_any_size_are_the_whole_list() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("test.db"), Hub::new()).await.unwrap();
    let mut write = db.write().await.unwrap();
    sqlx::query("CREATE TEMP TABLE things (id BLOB PRIMARY KEY, due_by INTEGER, body TEXT, created_at INTEGER)")
        .execute(&mut *write)
        .await
        .unwrap();
    for (id, due_by, body, created_at) in ROWS {
        sqlx::query("INSERT INTO things VALUES (?, ?, ?, ?)")
            .bind(Uuid::from_u128(id))
            .bind(due_by)
            .bind(body)
            .bind(created_at)
            .execute(&mut *write)
            .await
            .unwrap();
    }
    // A missing value compares as the largest; equal rows stay in order of creation.
    let due = |row: &Thing| (row.1.is_none(), row.1);
    let body = |row: &Thing| (row.2.is_none(), row.2);
    let by = |sort: &dyn Fn(&mut [Thing])| {
        let mut rows = ROWS.to_vec();
        rows.sort_by_key(|row| (row.3, row.0));
        sort(&mut rows);
        rows.iter().map(|row| row.0).collect::<Vec<_>>()
    };
    for (order, expected) in [
        (Order::Creation, by(&|_| {})),
        (Order::Ascending(Key::DueBy), by(&|rows| rows.sort_by_key(due))),
        (
            Order::Descending(Key::DueBy),
            by(&|rows| rows.sort_by_key(|row| Reverse(due(row)))),
        ),
        (Order::Ascending(Key::Body), by(&|rows| rows.sort_by_key(body))),
        (
            Order::Descending(Key::Body),
            by(&|rows| rows.sort_by_key(|row| Reverse(body(row)))),
        ),
    ] {
        for rows in 1..=12 {
            let (mut found, mut after, mut pages) = (Vec::new(), None, 0_u32);
            loop {
                let size = PageSize { rows, bytes: 10_000 };
                let (ids, next) = page(&mut write, Wanted { order, after, size }).await;
                found.extend(ids);
                pages += 1;
                let Some(next) = next else { break };
                // Round trip through the text form, as in a request.
                after = Some(next.to_string().parse().unwrap());
            }
            assert_eq!(found, expected, "{order:?} by {rows}");
            assert_eq!(pages, 11_u32.div_ceil(rows), "{order:?} by {rows}");
        }
    }
    let size = PageSize { rows: 9, bytes: 1 };
    let (ids, next) = page(
        &mut write,
        Wanted {
            order: Order::Creation,
            after: None,
            size,
        },
    )
    .await;
    assert!(ids == [1] && next.is_some(), "one row is always there");
}

#[test]
fn position_is_written_in_characters_of_an_address() {
    for value in [
        Value::Missing,
        Value::Number(-5),
        Value::Text(String::new()),
        Value::Text("a & b=ü".to_owned()),
    ] {
        let position = Position {
            value,
            created_at: -1,
            id: Uuid::from_u128(7),
        };
        let text = position.to_string();
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)),
            "{text}"
        );
        assert_eq!(text.parse(), Ok(position));
    }
    for bad in [
        "",
        "m",
        "m.1",
        "x.1.2",
        "n.1.2",
        "t1.1.00000000000000000000000000000007",
        "tff.1.7",
        "é.1.2",
    ] {
        assert_eq!(bad.parse::<Position>(), Err(NoPosition), "{bad}");
    }
}

/// Returns SQLite's plan of a query.
async fn plan(db: &mut SqliteConnection, query: QueryBuilder<sqlx::Sqlite>) -> Vec<String> {
    let sql = format!("EXPLAIN QUERY PLAN {}", query.sql().as_str());
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .try_map(|row: SqliteRow| row.try_get("detail"))
        .fetch_all(db)
        .await
        .unwrap()
}

#[tokio::test]
async fn lists_are_found_by_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("test.db"), Hub::new()).await.unwrap();
    let mut snapshot = db.snapshot().await.unwrap();
    let (person, session) = (UserId::from_u128(1), CoachingSessionId::from_u128(2));
    let wanted = || Wanted {
        order: Order::Ascending(Key::UpdatedAt),
        after: Some(Position::within(Uuid::nil(), 1, Uuid::nil())),
        size: PageSize { rows: 9, bytes: 9 },
    };
    let of_relationship = Sessions::Of(CoachingRelationshipId::from_u128(3));
    for (query, used) in [
        (
            actions::session_query(session, None, wanted()).query,
            &["actions_listed"][..],
        ),
        (
            actions::user_query(person, Whose::SessionsOf(person), actions::Filter::default(), wanted()).query,
            &[
                "coaching_relationships_by_coach",
                "coaching_relationships_by_coachee",
                "actions_listed",
            ],
        ),
        (
            actions::user_query(person, Whose::AssignedTo(person), actions::Filter::default(), wanted()).query,
            &["action_assignees_by_user"],
        ),
        (
            coaching_sessions::user_query(person, &coaching_sessions::Filter::default(), wanted()).query,
            &["coaching_relationships_by_coach", "coaching_sessions_"],
        ),
        (
            session_goals::page_query(&of_relationship, &wanted()),
            &["coaching_sessions_listed", "session_goals_listed"],
        ),
    ] {
        let plan = plan(&mut snapshot, query).await;
        for line in &plan {
            // A scan is allowed of the rows of the page only, which the subquery returns in order.
            assert!(!line.starts_with("SCAN") || line == "SCAN p", "{plan:#?}");
        }
        for index in used {
            assert!(plan.iter().any(|line| line.contains(index)), "{index} in {plan:#?}");
        }
    }
}

#[tokio::test]
async fn list_in_order_of_creation_is_not_sorted() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("test.db"), Hub::new()).await.unwrap();
    let mut snapshot = db.snapshot().await.unwrap();
    let wanted = Wanted {
        order: Order::Creation,
        after: None,
        size: PageSize { rows: 9, bytes: 9 },
    };
    let of_relationship = Sessions::Of(CoachingRelationshipId::from_u128(3));
    for query in [
        actions::session_query(CoachingSessionId::from_u128(2), None, wanted.clone()).query,
        session_goals::page_query(&of_relationship, &wanted),
    ] {
        let plan = plan(&mut snapshot, query).await;
        assert!(
            plan.iter()
                .all(|line| !line.contains("FOR ORDER BY") && !line.contains("OF ORDER BY")),
            "{plan:#?}"
        );
    }
}
