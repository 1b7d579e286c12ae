//! A change with an `Idempotency-Key` is made once, however often it is asked for.

use reqwest::Method;
use serde_json::{Value, json};
use server::Tuning;
use wire::{Action, CoachingSession, Goal, ItemStatus};

use crate::common::{Answer, Person, TestServer, tuning};

const REPLAYED: &str = "idempotent-replayed";

async fn send(person: &Person, key: &str, method: Method, path: &str, body: &Value) -> Answer {
    let request = person.request(method, path).header("idempotency-key", key).json(body);
    person.send(request).await
}

fn new_action(session: &CoachingSession, text: &str) -> Value {
    json!({ "coaching_session_id": session.id, "body": text, "status": "NotStarted" })
}

async fn stored(person: &Person, session: &CoachingSession) -> Vec<Action> {
    let path = format!("/api/actions?coaching_session_id={}", session.id);
    person.get(&path).await.data()
}

async fn head(person: &Person) -> u64 {
    person.get("/api/users/current").await.cursor().seq
}

/// Checks that this is what was answered before.
#[track_caller]
fn repeats(again: &Answer, first: &Answer) {
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    for name in ["content-type", "x-event-cursor", "etag"] {
        assert_eq!(again.headers.get(name), first.headers.get(name), "{name}");
    }
    assert_eq!(first.headers.get(REPLAYED), None);
    assert_eq!(again.header(REPLAYED), "true");
}

#[tokio::test]
async fn repeated_change_is_replayed_once() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    let mut told = coachee.stream().await;
    let body = new_action(&session, "Call Sam");
    let first = send(&coach, "k1", Method::POST, "/api/actions", &body).await;
    assert_eq!(first.status, 201);
    let position = head(&coach).await;
    for key in ["k1", "\"k1\""] {
        repeats(&send(&coach, key, Method::POST, "/api/actions", &body).await, &first);
    }
    assert_eq!(head(&coach).await, position, "nothing more was announced");
    assert_eq!(stored(&coach, &session).await, [first.data()]);

    // Another key is another change, and without a key every request is one.
    assert_eq!(
        send(&coach, "k2", Method::POST, "/api/actions", &body).await.status,
        201
    );
    coach.post("/api/actions", body.clone()).await;
    coach.post("/api/actions", body).await;
    assert_eq!(stored(&coach, &session).await.len(), 4);
    for _ in 0..4 {
        assert_eq!(told.next_logged().await.event, "action_created");
    }
}

#[tokio::test]
async fn every_route_that_changes_something_honours_the_key() {
    let server = TestServer::start().await;
    let (coach, admin) = (server.sign_in("coach").await, server.sign_in("admin").await);
    let session = coach.new_session().await;
    let (id, pair) = (session.id, session.coaching_relationship_id);
    let empty = coach.new_session().await.id;
    let action = coach.add_action(&session, "one").await.id;
    let body = json!({ "coaching_session_id": id, "body": "said" });
    let agreement: wire::Agreement = coach.post("/api/agreements", body.clone()).await.data();
    let goal: Goal = coach
        .post(
            "/api/goals",
            json!({ "coaching_relationship_id": pair, "title": "Run", "status": "WontDo" }),
        )
        .await
        .data();
    let change_goal = json!({ "coaching_relationship_id": pair, "title": "Walk", "status": "WontDo" });
    let plan = json!({ "coaching_relationship_id": pair, "date": "2031-01-01T10:00:00", "title": "Plan" });
    let none = json!({});
    let requests = [
        (Method::POST, "/api/actions".to_owned(), new_action(&session, "two")),
        (
            Method::PUT,
            format!("/api/actions/{action}"),
            new_action(&session, "three"),
        ),
        (
            Method::PATCH,
            format!("/api/actions/{action}"),
            json!({ "body": "four" }),
        ),
        (Method::DELETE, format!("/api/actions/{action}"), none.clone()),
        (Method::POST, format!("/api/actions/{action}/restore"), none.clone()),
        (Method::POST, "/api/agreements".to_owned(), body.clone()),
        (Method::PUT, format!("/api/agreements/{}", agreement.id), body),
        (
            Method::DELETE,
            format!("/api/agreements/{}", agreement.id),
            none.clone(),
        ),
        (
            Method::POST,
            format!("/api/agreements/{}/restore", agreement.id),
            none.clone(),
        ),
        (
            Method::PATCH,
            format!("/api/agreements/{}", agreement.id),
            json!({ "body": "meant" }),
        ),
        (Method::POST, "/api/goals".to_owned(), change_goal.clone()),
        (Method::PUT, format!("/api/goals/{}", goal.id), change_goal),
        (
            Method::PATCH,
            format!("/api/goals/{}", goal.id),
            json!({ "title": "Stroll" }),
        ),
        (
            Method::POST,
            format!("/api/coaching_sessions/{id}/goals"),
            json!({ "goal_id": goal.id }),
        ),
        (
            Method::DELETE,
            format!("/api/coaching_sessions/{id}/goals/{}", goal.id),
            none.clone(),
        ),
        (Method::DELETE, format!("/api/goals/{}", goal.id), none.clone()),
        (Method::POST, format!("/api/goals/{}/restore", goal.id), none.clone()),
        (Method::POST, "/api/coaching_sessions".to_owned(), plan.clone()),
        (Method::PUT, format!("/api/coaching_sessions/{id}"), plan),
        (
            Method::PATCH,
            format!("/api/coaching_sessions/{id}"),
            json!({ "duration_minutes": 30 }),
        ),
        (
            Method::PATCH,
            format!("/api/coaching_sessions/{id}/title"),
            json!({ "title": "Other" }),
        ),
        (Method::DELETE, format!("/api/coaching_sessions/{empty}"), none),
        (
            Method::PUT,
            format!("/api/users/{}", coach.id),
            json!({ "timezone": "Europe/Paris" }),
        ),
    ];
    for (number, (method, path, body)) in requests.into_iter().enumerate() {
        let before = head(&coach).await;
        let key = format!("key-{number}");
        let first = send(&coach, &key, method.clone(), &path, &body).await;
        assert!((200..300).contains(&first.status), "{method} {path}: {first:?}");
        let after = head(&coach).await;
        assert!(after > before, "{method} {path} announced nothing");
        repeats(&send(&coach, &key, method.clone(), &path, &body).await, &first);
        assert_eq!(head(&coach).await, after, "{method} {path} was carried out again");
    }
    let coachee = server.sign_in("coachee").await;
    let path = format!("/api/users/{}/force_logout", coachee.id);
    let body = json!({ "reason": "no" });
    let first = send(&admin, "k", Method::POST, &path, &body).await;
    let again = server.sign_in("coachee").await;
    repeats(&send(&admin, "k", Method::POST, &path, &body).await, &first);
    assert_eq!(
        again.get("/api/users/current").await.status,
        200,
        "not thrown out again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_repetitions_change_once() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let body = new_action(&session, "once");
    for round in 0..5 {
        let (before, rows) = (head(&coach).await, stored(&coach, &session).await.len());
        let key = format!("round-{round}");
        let requests = (0..20).map(|_| send(&coach, &key, Method::POST, "/api/actions", &body));
        let answers = futures_util::future::join_all(requests).await;
        for answer in &answers {
            assert_eq!((answer.status, &answer.text), (201, &answers[0].text));
        }
        let fresh = answers.iter().filter(|answer| answer.headers.get(REPLAYED).is_none());
        assert_eq!(fresh.count(), 1);
        assert_eq!(head(&coach).await, before + 1);
        assert_eq!(stored(&coach, &session).await.len(), rows + 1);
    }
}

#[tokio::test]
async fn reused_key_with_other_request_is_refused() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let body = new_action(&session, "one");
    let action: Action = send(&coach, "k", Method::POST, "/api/actions", &body).await.data();
    let position = head(&coach).await;
    let path = format!("/api/actions/{}", action.id);
    for (method, path, body) in [
        (Method::POST, "/api/actions", &new_action(&session, "two")),
        (Method::POST, "/api/actions?x=1", &body),
        (Method::PUT, &path, &body),
        // Whether the other request makes sense does not matter.
        (Method::POST, "/api/actions", &json!(7)),
    ] {
        send(&coach, "k", method, path, body)
            .await
            .refused(422, "idempotency_key_reused");
    }
    assert_eq!(head(&coach).await, position);
    // A read has no use for a key.
    let request = coach.request(Method::GET, &path).header("idempotency-key", "k");
    assert_eq!(coach.send(request).await.data::<Action>(), action);
}

#[tokio::test]
async fn a_key_is_short_visible_text() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let body = new_action(&session, "one");
    for bad in ["", "two words", &"k".repeat(129)] {
        send(&coach, bad, Method::POST, "/api/actions", &body)
            .await
            .refused(400, "bad_request");
    }
    assert_eq!(stored(&coach, &session).await, []);
    let longest = "k".repeat(128);
    assert_eq!(
        send(&coach, &longest, Method::POST, "/api/actions", &body).await.status,
        201
    );
    let twice = coach
        .request(Method::POST, "/api/actions")
        .header("idempotency-key", "a")
        .header("idempotency-key", "b")
        .json(&body);
    coach.send(twice).await.refused(400, "bad_request");
}

#[tokio::test]
async fn a_key_belongs_to_whoever_sent_it() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    let body = new_action(&session, "mine");
    let first: Action = send(&coach, "k", Method::POST, "/api/actions", &body).await.data();
    let other: Action = send(&coachee, "k", Method::POST, "/api/actions", &body).await.data();
    assert_eq!((first.user_id, other.user_id), (coach.id, coachee.id));
    server
        .stranger()
        .send(
            server
                .stranger()
                .request(Method::POST, "/api/actions")
                .header("idempotency-key", "k")
                .json(&body),
        )
        .await
        .refused(401, "unauthorized");
    // In whatever browser.
    let elsewhere = server.sign_in("coach").await;
    let again = send(&elsewhere, "k", Method::POST, "/api/actions", &body).await;
    assert_eq!(again.data::<Action>(), first);
}

#[tokio::test]
async fn idempotency_outlives_restart() {
    let server = TestServer::start().await;
    let mut coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let body = new_action(&session, "one");
    let first = send(&coach, "k", Method::POST, "/api/actions", &body).await;
    let server = TestServer::in_folder(server.stop().await, tuning(), &[]).await;
    coach.base.clone_from(&server.base);
    repeats(&send(&coach, "k", Method::POST, "/api/actions", &body).await, &first);
    assert_eq!(stored(&coach, &session).await.len(), 1);
}

#[tokio::test]
async fn refusals_are_stored_but_failures_not() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let pair = session.coaching_relationship_id;
    let goal = |title: &str| json!({ "coaching_relationship_id": pair, "title": title, "status": "InProgress" });
    let mut goals = Vec::new();
    let refused = loop {
        let answer = send(&coach, "k", Method::POST, "/api/goals", &goal("one too many")).await;
        if answer.status == 409 {
            break answer;
        }
        goals.push(answer.data::<Goal>());
        server.sql("DELETE FROM idempotency_keys").await;
    };
    let body = json!({ "coaching_relationship_id": pair, "status": ItemStatus::OnHold });
    coach
        .put(&format!("/api/goals/{}", goals[0].id), body)
        .await
        .data::<Goal>();
    repeats(
        &send(&coach, "k", Method::POST, "/api/goals", &goal("one too many")).await,
        &refused,
    );
    assert_eq!(
        send(&coach, "k2", Method::POST, "/api/goals", &goal("it fits now"))
            .await
            .status,
        201
    );

    server
        .sql("CREATE TRIGGER full BEFORE INSERT ON actions BEGIN SELECT raise(FAIL, 'the disk is full'); END")
        .await;
    let body = new_action(&session, "later");
    let failed = send(&coach, "k3", Method::POST, "/api/actions", &body).await;
    failed.refused(500, "internal_error");
    server.sql("DROP TRIGGER full").await;
    assert_eq!(
        send(&coach, "k3", Method::POST, "/api/actions", &body).await.status,
        201
    );
}

#[tokio::test]
async fn unstored_answer_rolls_change_back() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let (body, before) = (new_action(&session, "one"), head(&coach).await);
    server
        .sql("CREATE TRIGGER full BEFORE INSERT ON idempotency_keys BEGIN SELECT raise(FAIL, 'the disk is full'); END")
        .await;
    let failed = send(&coach, "k", Method::POST, "/api/actions", &body).await;
    failed.refused(500, "internal_error");
    assert_eq!((stored(&coach, &session).await.len(), head(&coach).await), (0, before));
    server.sql("DROP TRIGGER full").await;
    let first = send(&coach, "k", Method::POST, "/api/actions", &body).await;
    assert_eq!(first.headers.get(REPLAYED), None);
    assert_eq!(stored(&coach, &session).await.len(), 1);
}

#[tokio::test]
async fn stored_answers_expire_after_a_week() {
    let server = TestServer::tuned(Tuning {
        answers_per_person: 3,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    let body = new_action(&session, "one");
    let post = async |person: &Person, key: &str| {
        let answer = send(person, key, Method::POST, "/api/actions", &body).await;
        answer.headers.get(REPLAYED).is_some()
    };
    assert!(!post(&coachee, "theirs").await);
    for key in ["a", "b", "c"] {
        assert!(!post(&coach, key).await);
    }
    assert!(post(&coach, "a").await);
    assert!(!post(&coach, "d").await);
    assert!(!post(&coach, "a").await, "the oldest made room for the fourth");
    assert!(post(&coachee, "theirs").await, "of somebody else");

    server
        .sql("UPDATE idempotency_keys SET created_at = created_at - 6 * 86400 * 1000000")
        .await;
    assert!(post(&coach, "d").await);
    server
        .sql("UPDATE idempotency_keys SET created_at = created_at - 2 * 86400 * 1000000")
        .await;
    assert!(!post(&coach, "d").await);
}

#[tokio::test]
async fn a_failed_precondition_is_no_answer() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    let path = format!("/api/actions/{}", coach.add_action(&session, "one").await.id);
    let patch = async |key: &str, tag: &str, body: &Value| {
        let request = coach.request(Method::PATCH, &path).header("idempotency-key", key);
        coach.send(request.header("if-match", tag).json(body)).await
    };
    coachee.patch(&path, json!({ "body": "two" })).await.data::<Action>();
    let three = json!({ "body": "three" });
    let stale = patch("k", "\"1\"", &three).await;
    assert_eq!((stale.status, stale.version()), (412, 2));
    // The same request learns of the row as it is now.
    coachee
        .patch(&path, json!({ "status": "OnHold" }))
        .await
        .data::<Action>();
    let stale = patch("k", "\"1\"", &three).await;
    assert_eq!((stale.status, stale.version()), (412, 3));
    assert_eq!(stale.headers.get(REPLAYED), None);
    // The key is as good as new for the change that comes of it, whatever that is by then.
    let made = patch("k", "\"3\"", &json!({ "body": "two and three" })).await;
    assert_eq!(made.version(), 4);
    // A client that heard no answer and has read the row meanwhile learns that it was made.
    for tag in ["\"3\"", "\"4\"", "*"] {
        repeats(&patch("k", tag, &json!({ "body": "two and three" })).await, &made);
    }
    assert_eq!(coach.get(&path).await.version(), 4);
}

#[tokio::test]
async fn a_patch_that_changes_nothing_is_answered_again() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let path = format!("/api/actions/{}", coach.add_action(&session, "one").await.id);
    let same = json!({ "body": "one" });
    let first = send(&coach, "k", Method::PATCH, &path, &same).await;
    assert_eq!(first.version(), 1);
    coach.patch(&path, json!({ "body": "two" })).await.data::<Action>();
    repeats(&send(&coach, "k", Method::PATCH, &path, &same).await, &first);
    assert_eq!(coach.get(&path).await.version(), 2);
}

#[tokio::test]
async fn signing_in_and_out_takes_no_key() {
    let server = TestServer::start().await;
    let (coach, stranger) = (server.sign_in("coach").await, server.stranger());
    let form = [("email", "coach@example.com"), ("password", server::DEMO_PASSWORD)];
    let log_in = || {
        let request = stranger.request(Method::POST, "/api/login");
        request.header("idempotency-key", "k").form(&form)
    };
    for _ in 0..2 {
        let answer = stranger.send(log_in()).await;
        assert!(answer.header("set-cookie").contains("freshet_session="));
        assert_eq!(answer.headers.get(REPLAYED), None);
    }
    let out = || {
        coach
            .request(Method::DELETE, "/api/delete")
            .header("idempotency-key", "k")
    };
    assert!(coach.send(out()).await.header("set-cookie").contains("Max-Age=0"));
    coach.send(out()).await.refused(401, "unauthorized");
}
