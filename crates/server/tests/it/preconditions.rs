//! `If-Match` and `ETag` (RFC 9110, 13.1.1 and 8.8.3).

use reqwest::Method;
use serde_json::{Value, json};
use wire::{CoachingSession, FieldAuthor};

use crate::common::{Answer, Person, TestServer};

/// An action that was created, reworded by the coachee and completed by the coach: version 3.
async fn third_version(coach: &Person, coachee: &Person) -> String {
    let action = coach.add_action(&coach.today().await, "first").await;
    let path = format!("/api/actions/{}", action.id);
    coachee.patch(&path, json!({ "body": "second" })).await.data::<Value>();
    coach
        .patch(&path, json!({ "status": "Completed" }))
        .await
        .data::<Value>();
    path
}

/// Checks that a precondition failed with the row as it is.
#[track_caller]
fn stale(answer: &Answer, row: &Value) -> Value {
    let body = answer.refused(412, "precondition_failed");
    assert_eq!(body.data.as_ref(), Some(row));
    assert_eq!(answer.version(), row["version"].as_u64().unwrap());
    body.details.unwrap()["changed"].take()
}

#[tokio::test]
async fn a_change_needs_the_version_it_names() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    for (tag, passes) in [
        ("\"3\"", true),
        ("*", true),
        ("\"1\", \"3\"", true),
        ("\"x\",\"3\"", true),
        ("\"1\"", false),
        ("\"2\"", false),
        ("\"4\"", false),
        ("\"03\"", false),
        ("W/\"3\"", false),
        ("\"x\"", false),
        ("\"\"", false),
    ] {
        let path = third_version(&coach, &coachee).await;
        let row: Value = coach.get(&path).await.data();
        let put = json!({ "coaching_session_id": row["coaching_session_id"], "status": "OnHold", "body": "put" });
        for (method, body) in [
            (Method::PATCH, json!({ "body": "third" })),
            (Method::PUT, put),
            (Method::DELETE, json!({})),
        ] {
            let before = coach.head().await;
            // Each change that passes makes another version.
            let now: Value = coach.get(&path).await.data();
            let tag = tag.replace("\"3\"", &format!("\"{}\"", now["version"]));
            let answer = coach.send_if(&tag, method.clone(), &path, body).await;
            if passes {
                assert_eq!(answer.status, 200, "{method} {tag}: {answer:?}");
            } else {
                stale(&answer, &row);
                assert_eq!(coach.head().await, before, "{method} {tag}");
            }
        }
    }
}

#[tokio::test]
async fn a_stale_change_learns_who_wrote_what() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let path = third_version(&coach, &coachee).await;
    let row: Value = coach.get(&path).await.data();
    let entries: Value = coach.get(&format!("{path}/history")).await.data();
    let at = |version: u64| {
        let entries = entries["entries"].as_array().unwrap();
        entries.iter().find(|entry| entry["version"] == version).unwrap()["at"].clone()
    };
    let (body, status) = (
        json!({ "by": coachee.id, "at": at(2) }),
        json!({ "by": coach.id, "at": at(3) }),
    );
    // From the version that is named, or the newest of several, to the one there is.
    for (tag, changed) in [
        ("\"1\"", json!({ "body": body, "status": status })),
        ("\"2\"", json!({ "status": status })),
        ("\"1\", \"2\"", json!({ "status": status })),
        ("\"7\"", json!({})),
        ("\"x\"", json!({})),
    ] {
        let answer = coachee
            .send_if(tag, Method::PATCH, &path, json!({ "body": "third" }))
            .await;
        assert_eq!(stale(&answer, &row), changed, "{tag}");
    }
    // The last author of a field counts.
    coach.patch(&path, json!({ "body": "third" })).await.data::<Value>();
    let answer = coachee
        .send_if("\"1\"", Method::PATCH, &path, json!({ "body": "x" }))
        .await;
    let body = answer.refused(412, "precondition_failed");
    let author: FieldAuthor = serde_json::from_value(body.details.unwrap()["changed"]["body"].take()).unwrap();
    assert_eq!(author.by, coach.id);
}

#[tokio::test]
async fn a_value_that_is_no_tag_is_refused() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let path = third_version(&coach, &coachee).await;
    let row: Value = coach.get(&path).await.data();
    for tag in ["", "3", "\"3", "'3'", "\"3\" \"4\"", "*, \"3\"", "W/3"] {
        let put = json!({ "coaching_session_id": row["coaching_session_id"], "status": "OnHold" });
        for (method, body) in [
            (Method::PATCH, json!({ "body": "x" })),
            (Method::PUT, put),
            (Method::DELETE, json!({})),
        ] {
            let refusal = coach
                .send_if(tag, method, &path, body)
                .await
                .refused(400, "bad_request");
            assert!(refusal.message.contains("If-Match"), "{tag}: {}", refusal.message);
        }
    }
    assert_eq!(coach.get(&path).await.data::<Value>(), row);
}

#[tokio::test]
async fn rights_come_before_the_precondition() {
    let server = TestServer::start().await;
    let (coach, coachee, other) = (
        server.sign_in("coach").await,
        server.sign_in("coachee").await,
        server.sign_in("coach2").await,
    );
    let path = third_version(&coach, &coachee).await;
    let patch = json!({ "body": "x" });
    other
        .send_if("\"1\"", Method::PATCH, &path, patch.clone())
        .await
        .refused(403, "forbidden");
    let unknown = "/api/actions/00000000-0000-0000-0000-000000000007";
    coach
        .send_if("*", Method::PATCH, unknown, patch.clone())
        .await
        .refused(404, "not_found");
    server
        .stranger()
        .send_if("\"1\"", Method::PATCH, &path, patch)
        .await
        .refused(401, "unauthorized");
    // What depends on the row is looked at after it.
    let limits = json!({ "assignee_ids": [other.id] });
    coach
        .send_if("\"1\"", Method::PATCH, &path, limits.clone())
        .await
        .refused(412, "precondition_failed");
    coach
        .send_if("\"3\"", Method::PATCH, &path, limits)
        .await
        .refused(422, "validation_error");
}

#[tokio::test]
async fn every_answer_with_a_row_has_its_tag() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let (of_session, pair) = (session.id, session.coaching_relationship_id);
    let in_session = json!({ "coaching_session_id": of_session, "status": "NotStarted", "body": "said" });
    let in_pair = json!({ "coaching_relationship_id": pair, "status": "NotStarted", "title": "said",
        "date": "2030-01-01T10:00:00" });
    for (kind, body, patch) in [
        ("actions", &in_session, json!({ "body": "new" })),
        ("agreements", &in_session, json!({ "body": "new" })),
        ("goals", &in_pair, json!({ "title": "new" })),
        ("coaching_sessions", &in_pair, json!({ "title": "new" })),
    ] {
        let created = coach.post(&format!("/api/{kind}"), body.clone()).await;
        let row: Value = created.data();
        assert_eq!((created.version(), &row["version"]), (1, &json!(1)), "{kind}");
        let path = format!("/api/{kind}/{}", row["id"].as_str().unwrap());
        assert_eq!(coach.get(&path).await.version(), 1, "{kind}");
        assert_eq!(coach.put(&path, body.clone()).await.version(), 2, "{kind}");
        assert_eq!(coach.patch(&path, patch).await.version(), 3, "{kind}");
        let read = coach.get(&path).await;
        assert_eq!(
            (read.version(), &read.data::<Value>()["version"]),
            (3, &json!(3)),
            "{kind}"
        );
        // In lists as well.
        let list = format!("/api/{kind}?coaching_session_id={of_session}&coaching_relationship_id={pair}");
        let list: Vec<Value> = coach.get(&list).await.data();
        let listed = list.iter().find(|other| other["id"] == row["id"]).unwrap();
        assert_eq!(listed["version"], 3, "{kind}");
        assert!(list.iter().all(|row| row["version"].is_u64()), "{kind}");
    }
}

#[tokio::test]
async fn a_session_honours_the_precondition() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let path = format!("/api/coaching_sessions/{}", session.id);
    let title = json!({ "title": "Ours" });
    let put = json!({ "date": "2031-01-01T10:00:00" });
    let at_title = format!("{path}/title");
    let requests = [
        (Method::PATCH, &path, title.clone()),
        (Method::PATCH, &at_title, title),
        (Method::PUT, &path, put),
        (Method::DELETE, &path, json!({})),
    ];
    for (method, path, body) in requests.clone() {
        let answer = coach.send_if("\"9\"", method, path, body).await;
        let row = serde_json::to_value(&session).unwrap();
        assert_eq!(stale(&answer, &row), json!({}));
    }
    for ((method, path, body), version) in requests.into_iter().zip(1..) {
        let answer = coach
            .send_if(&format!("\"{version}\""), method.clone(), path, body)
            .await;
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
    }
    // The first reader of a session writes it: one more version.
    let next: CoachingSession = coach.sessions().await.swap_remove(3);
    assert_eq!((next.hydrated_at, next.version), (None, Some(1)));
    let path = format!("/api/coaching_sessions/{}", next.id);
    assert_eq!(coach.get(&path).await.version(), 2);
    assert_eq!(coach.get(&path).await.version(), 2);
}
