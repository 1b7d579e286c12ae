//! Reads that are long, many or slow: lists in pages, and what one person's reads cost the others.

use futures_util::future::join_all;
use serde_json::{Value, json};
use server::{PageSize, Tuning};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use wire::{Action, CoachingSession};

use crate::common::{Answer, Person, TestServer, soon, tuning};

/// Twenty sessions more in each relationship.
const SESSIONS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
    INSERT INTO coaching_sessions (id, coaching_relationship_id, date, duration_minutes, created_at, updated_at)
    SELECT randomblob(16), r.id, i % 7, 60, i % 3, i % 5 FROM n, coaching_relationships r";

/// Eight actions more in each session, some of them deleted.
const ACTIONS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8)
    INSERT INTO actions (id, coaching_session_id, user_id, body, due_by, status, status_changed_at, created_at,
        updated_at, deleted_at)
    SELECT randomblob(16), s.id, r.coach_id, 'Action ' || i, nullif(i % 4, 0), 'NotStarted', 1, i % 3, i % 5,
        iif(i = 5, 1, NULL)
    FROM n, coaching_sessions s JOIN coaching_relationships r ON r.id = s.coaching_relationship_id";

/// So many goals for each relationship, linked to all of its sessions.
const GOALS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
    INSERT INTO goals (id, coaching_relationship_id, user_id, title, status, created_at, updated_at, deleted_at)
    SELECT randomblob(16), r.id, r.coach_id, char(70 - i % 3), 'NotStarted', i % 2, i, iif(i = 3, 1, NULL)
    FROM n, coaching_relationships r";
const LINKS: &str = "INSERT OR IGNORE INTO session_goals
    SELECT randomblob(16), s.id, g.id, g.updated_at % 2, 1 FROM goals g
    JOIN coaching_sessions s ON s.coaching_relationship_id = g.coaching_relationship_id
    WHERE s.date % 2 = 1";

const AGREEMENTS: &str = "INSERT INTO agreements (id, coaching_session_id, user_id, body, created_at, updated_at)
    SELECT randomblob(16), coaching_session_id, user_id, body, created_at, updated_at FROM actions";

/// Two thousand sessions more of the first pair.
const MANY_SESSIONS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO coaching_sessions (id, coaching_relationship_id, date, duration_minutes, created_at, updated_at)
    SELECT randomblob(16), (SELECT r.id FROM coaching_relationships r JOIN users u ON u.id = r.coach_id
        WHERE u.email = 'coach@example.com'), i, 60, i, i FROM n";

/// Four hundred actions of 20,000 letters each in today's session of the first pair.
const LONG_ACTIONS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO actions (id, coaching_session_id, user_id, body, status, status_changed_at, created_at, updated_at)
    SELECT randomblob(16), a.coaching_session_id, a.user_id, printf('%.*c', 20000, 'x'), 'NotStarted', 1, i, 1
    FROM n, (SELECT coaching_session_id, user_id FROM actions WHERE body = 'first') a";

fn pages_of(rows: u32) -> Tuning {
    Tuning {
        page_size: PageSize {
            rows,
            ..tuning().page_size
        },
        ..tuning()
    }
}

/// The address of the next page, if there is one.
fn next(path: &str, answer: &Answer) -> Option<String> {
    let link = answer.headers.get("link")?.to_str().unwrap();
    let query = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    assert!(query.starts_with('?'), "{link}");
    Some(format!("{}{query}", path.split('?').next().unwrap()))
}

/// All pages of a list, from this address on.
async fn pages(person: &Person, path: &str) -> Vec<Value> {
    let (mut path, mut pages) = (path.to_owned(), Vec::new());
    loop {
        let answer = person.get(&path).await;
        pages.push(answer.data());
        answer.cursor();
        match next(&path, &answer) {
            Some(next) => path = next,
            None => return pages,
        }
    }
}

fn join(pages: Vec<Value>) -> Value {
    let mut pages = pages.into_iter();
    let mut all = pages.next().unwrap();
    for page in pages {
        match page {
            Value::Array(rows) => all.as_array_mut().unwrap().extend(rows),
            Value::Object(mut many) => {
                let all = all["session_goals"].as_object_mut().unwrap();
                let Value::Object(sessions) = many["session_goals"].take() else {
                    panic!("no map")
                };
                for (session, goals) in sessions {
                    let of_session = all.entry(session).or_insert_with(|| json!([]));
                    of_session
                        .as_array_mut()
                        .unwrap()
                        .extend(goals.as_array().unwrap().iter().cloned());
                }
            }
            other => panic!("{other}"),
        }
    }
    all
}

async fn lists(person: &Person) -> Vec<String> {
    let (relationship, today, id) = (person.relationship().await.id, person.today().await.id, person.id);
    let mut lists = vec![
        "/api/organizations".to_owned(),
        format!("/api/users/{id}/coaching-relationships"),
        format!("/api/coaching_sessions/{today}/goals"),
        format!("/api/coaching_sessions/goals?coaching_relationship_id={relationship}"),
        format!("/api/users/{id}/actions?scope=assigned"),
        format!("/api/users/{id}/actions?coaching_session_id={today}"),
    ];
    for (list, fields) in [
        (
            format!("/api/actions?coaching_session_id={today}&"),
            &["due_by", "created_at", "updated_at"],
        ),
        (
            format!("/api/users/{id}/actions?"),
            &["due_by", "created_at", "updated_at"],
        ),
        (
            format!("/api/agreements?coaching_session_id={today}&"),
            &["body", "created_at", "updated_at"],
        ),
        (
            format!("/api/goals?coaching_relationship_id={relationship}&"),
            &["title", "created_at", "updated_at"],
        ),
        (
            format!("/api/users/{id}/coaching_sessions?"),
            &["date", "created_at", "updated_at"],
        ),
        (
            format!("/api/coaching_sessions?coaching_relationship_id={relationship}&"),
            &["date", "created_at", "updated_at"],
        ),
    ] {
        lists.push(list.clone());
        for field in fields {
            lists.push(format!("{list}sort_by={field}"));
            lists.push(format!("{list}sort_by={field}&sort_order=desc"));
        }
    }
    lists
}

#[tokio::test]
async fn pages_of_lists_lose_no_row() {
    let server = TestServer::start().await;
    for statement in [SESSIONS, ACTIONS, GOALS, LINKS, AGREEMENTS] {
        server.sql(statement).await;
    }
    let coach = server.sign_in("coach").await;
    let lists = lists(&coach).await;
    let mut whole = Vec::new();
    for list in &lists {
        let mut pages = pages(&coach, list).await;
        assert_eq!(pages.len(), 1, "{list}");
        whole.push(pages.remove(0));
    }
    let folder = server.stop().await;
    let server = TestServer::in_folder(folder, pages_of(3), &[]).await;
    let coach = server.sign_in("coach").await;
    for (list, whole) in lists.iter().zip(whole) {
        let pages = pages(&coach, list).await;
        if let Some(rows) = whole.as_array() {
            assert_eq!(pages.len(), rows.len().div_ceil(3).max(1), "{list}");
        } else {
            assert!(pages.len() > 10, "{list}");
        }
        assert_eq!(join(pages), whole, "{list}");
    }
}

#[tokio::test]
async fn pages_stay_in_place_while_rows_change() {
    let server = TestServer::tuned(pages_of(3)).await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let mut made = Vec::new();
    for number in 0..8 {
        made.push(coach.add_action(&session, &number.to_string()).await);
    }
    let list = format!("/api/actions?coaching_session_id={}", session.id);
    let first = coach.get(&list).await;
    assert_eq!(first.data::<Vec<Action>>(), made[..3]);
    for gone in [1, 2, 4] {
        coach.delete(&format!("/api/actions/{}", made[gone].id)).await;
    }
    let last = coach.add_action(&session, "last").await;
    let second = next(&list, &first).unwrap();
    let second = (coach.get(&second).await, second);
    assert_eq!(
        second.0.data::<Vec<Action>>(),
        [&made[3], &made[5], &made[6]].map(Clone::clone)
    );
    assert!(
        second.0.cursor().seq > first.cursor().seq,
        "each page says what it reflects"
    );
    let third = coach.get(&next(&second.1, &second.0).unwrap()).await;
    assert_eq!(third.data::<Vec<Action>>(), [made[7].clone(), last]);
    assert!(third.headers.get("link").is_none());

    for after in ["x", "m.1", "n5.1.zz", "t0.1.00000000000000000000000000000000"] {
        let refused = coach.get(&format!("{list}&after={after}")).await;
        assert!(refused.refused(400, "bad_request").message.contains("after"));
    }
}

#[tokio::test]
async fn page_ends_where_it_would_be_too_large() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    coach.add_action(&session, "first").await;
    server.sql(LONG_ACTIONS).await;
    for list in [
        format!("/api/actions?coaching_session_id={}", session.id),
        format!("/api/users/{}/actions", coach.id),
    ] {
        let (mut path, mut rows, mut pages) = (list.clone(), 0, 0);
        loop {
            let answer = coach.get(&path).await;
            assert!(answer.text.len() < (2 << 20) + 100_000, "{}", answer.text.len());
            rows += answer.data::<Vec<Action>>().len();
            pages += 1;
            match next(&path, &answer) {
                Some(next) => path = next,
                None => break,
            }
        }
        assert!(rows > 400 && pages == 4, "{rows} in {pages}");
    }
}

#[tokio::test]
async fn history_page_is_bounded_in_bytes() {
    let server = TestServer::tuned(Tuning {
        page_size: PageSize {
            rows: 2_000,
            bytes: 25_000,
        },
        ..tuning()
    })
    .await;
    let coach = server.sign_in("coach").await;
    let action = coach.add_action(&coach.today().await, "first").await;
    let path = format!("/api/actions/{}", action.id);
    for letter in ["a", "b", "c", "d"] {
        coach
            .patch(&path, json!({ "body": letter.repeat(10_000) }))
            .await
            .data::<Action>();
    }
    let (mut query, mut versions) = (String::new(), Vec::new());
    loop {
        let page: wire::HistoryPage = coach.get(&format!("{path}/history{query}")).await.data();
        versions.push(page.entries.iter().map(|entry| entry.version).collect::<Vec<_>>());
        match page.next {
            Some(next) => query = format!("?before={next}"),
            None => break,
        }
    }
    assert_eq!(versions, [vec![5, 4], vec![3, 2], vec![1]]);
}

#[tokio::test]
async fn session_holds_so_many_rows_and_no_more() {
    let server = TestServer::tuned(Tuning {
        rows_per_parent: 3,
        ..tuning()
    })
    .await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let add = async |kind: &str| {
        let body = json!({ "coaching_session_id": session.id, "body": "x", "status": "NotStarted" });
        coach.post(&format!("/api/{kind}"), body).await
    };
    for (kind, sentence) in [
        ("actions", "This session has as many actions as it can hold."),
        ("agreements", "This session has as many agreements as it can hold."),
    ] {
        let first: Value = add(kind).await.data();
        add(kind).await.data::<Value>();
        add(kind).await.data::<Value>();
        assert_eq!(add(kind).await.refused(409, "too_many_rows").message, sentence);
        let path = format!("/api/{kind}/{}", first["id"].as_str().unwrap());
        assert_eq!(coach.delete(&path).await.status, 200);
        add(kind).await.data::<Value>();
        let restored = coach.post(&format!("{path}/restore"), json!({})).await;
        assert_eq!(restored.refused(409, "too_many_rows").message, sentence);
        coach.get(&path).await.refused(404, "not_found");
    }
    let relationship = coach.relationship().await.id;
    let goals = format!("/api/goals?coaching_relationship_id={relationship}");
    let body = json!({ "coaching_relationship_id": relationship, "title": "x", "status": "NotStarted" });
    while coach.get(&goals).await.data::<Vec<wire::Goal>>().len() < 3 {
        coach.post("/api/goals", body.clone()).await.data::<Value>();
    }
    coach.post("/api/goals", body).await.refused(409, "too_many_rows");
    // What is there already is read and changed as before.
    server.sql(ACTIONS).await;
    let list = format!("/api/actions?coaching_session_id={}", session.id);
    let actions: Vec<Action> = coach.get(&list).await.data();
    assert_eq!(actions.len(), 10);
    let done = coach
        .patch(&format!("/api/actions/{}", actions[0].id), json!({ "body": "y" }))
        .await;
    assert_eq!(done.data::<Action>().body.as_deref(), Some("y"));
}

#[tokio::test]
async fn reads_beyond_the_queue_come_back_later() {
    let server = TestServer::tuned(Tuning {
        reads_per_person: 1,
        read_queue_per_person: 4,
        ..tuning()
    })
    .await;
    server.sql(MANY_SESSIONS).await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let list = format!("/api/users/{}/coaching_sessions", coach.id);
    let others = format!("/api/users/{}/coaching_sessions", other.id);
    let (answers, others) = tokio::join!(
        join_all((0..64).map(|_| coach.get(&list))),
        join_all((0..4).map(|_| other.get(&others)))
    );
    let (answered, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert!(!answered.is_empty() && !refused.is_empty());
    for refused in refused {
        refused.refused(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert!(others.iter().all(|answer| answer.status == 200));
    assert_eq!(coach.get(&list).await.status, 200);
}

#[tokio::test]
async fn read_that_takes_too_long_is_interrupted() {
    let server = TestServer::tuned(Tuning {
        // Looked at after ten thousand steps only: what is short is not interrupted.
        read_limit: std::time::Duration::from_nanos(1),
        ..tuning()
    })
    .await;
    let coach = server.sign_in("coach").await;
    let list = format!("/api/users/{}/coaching_sessions", coach.id);
    assert_eq!(coach.get(&list).await.data::<Vec<CoachingSession>>().len(), 5);
    server.sql(MANY_SESSIONS).await;
    for _ in 0..12 {
        let refused = coach.get(&list).await;
        refused.refused(503, "read_too_long");
        assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
        // The connection is as good as before.
        assert_eq!(coach.get("/api/users/current").await.status, 200);
    }
}

/// A connection that asks and takes no more than the status of the answer.
async fn slow_reader(person: &Person, path: &str) -> (u16, TcpStream) {
    let host = person.base.strip_prefix("http://").unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(host.parse().unwrap()).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {}\r\n\r\n",
        person.cookie
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    soon("an answer", stream.read_exact(&mut head)).await.unwrap();
    let status = std::str::from_utf8(&head[9..]).unwrap().parse().unwrap();
    (status, stream)
}

#[tokio::test]
async fn unsent_answers_keep_their_reader_from_more() {
    let server = TestServer::tuned(Tuning {
        page_size: PageSize {
            rows: 2_000,
            bytes: 64 << 20,
        },
        // More than the system keeps of them in its buffers.
        unsent_per_person: 1 << 20,
        stall_limit: std::time::Duration::from_secs(600),
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    coach.add_action(&session, "first").await;
    for _ in 0..3 {
        server.sql(LONG_ACTIONS).await;
    }
    let list = format!("/api/actions?coaching_session_id={}", session.id);
    let (status, slow) = slow_reader(&coach, &list).await;
    assert_eq!(status, 200);
    let refused = coach.get("/api/users/current").await;
    refused.refused(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "1");
    // Neither what they change nor what others read.
    let change = json!({ "coaching_session_id": session.id, "body": "meanwhile" });
    assert_eq!(coach.post("/api/agreements", change).await.status, 201);
    assert_eq!(coachee.get("/api/users/current").await.status, 200);
    drop(slow);
    soon("the reader may read", async {
        while coach.get("/api/users/current").await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn slow_readers_cost_little_memory() {
    use crate::common::{demo, dist, memory, start};
    use sqlx::{ConnectOptions as _, Executor as _};

    let folder = tempfile::tempdir().unwrap();
    let (dist, data) = (dist(&folder), folder.path().join("test.db"));
    let running = start(demo(&dist, &data, &[])).await;
    let coach = Person::sign_in(&running.base, "coach").await;
    let session = coach.today().await;
    coach.add_action(&session, "first").await;
    let mut database = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&data)
        .connect()
        .await
        .unwrap();
    // 72 MB.
    for _ in 0..9 {
        database.execute(LONG_ACTIONS).await.unwrap();
    }
    let list = format!("/api/users/{}/actions", coach.id);
    assert_eq!(coach.get(&list).await.status, 200);
    let before = memory(&running.child);
    let readers = join_all((0..24).map(|_| slow_reader(&coach, &list))).await;
    assert!(readers.iter().all(|(status, _)| [200, 429].contains(status)));
    let grown = memory(&running.child).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes for 24 slow readers");
}
