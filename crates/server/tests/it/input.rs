//! Input that is refused: a sentence with the name of the field, and nothing changed.

use serde_json::{Value, json};

use crate::common::{Answer, TestServer};

#[track_caller]
fn names(answer: &Answer, field: &str) {
    let message = answer.refused(422, "validation_error").message;
    assert!(message.contains(field), "{field}: {message}");
    assert!(!message.contains(" at line "), "{message}");
}

/// A body with one more field.
fn with(body: &Value, field: &str, value: &Value) -> Value {
    let mut body = body.clone();
    body[field] = value.clone();
    body
}

#[tokio::test]
async fn a_refusal_names_the_field() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let action = json!({ "coaching_session_id": session.id, "status": "NotStarted", "body": "x" });
    let goal = json!({ "coaching_relationship_id": session.coaching_relationship_id, "status": "NotStarted",
        "title": "x" });
    let plan = json!({ "coaching_relationship_id": session.coaching_relationship_id,
        "date": "2030-01-01T10:00:00" });
    let agreement = json!({ "coaching_session_id": session.id, "body": "x" });
    let at_action = coach.add_action(&session, "x").await.id;
    let at_agreement = coach.add_agreement(&session, "x").await.id;
    let at_goal = coach.add_goal("x").await.id;
    let head = coach.head().await;
    for (kind, id, body, table) in [
        (
            "actions",
            at_action.0,
            &action,
            &[
                ("body", json!("")),
                ("body", json!(" \n\t")),
                ("body", json!(7)),
                ("body", json!("x".repeat(20_001))),
                ("status", json!("Done")),
                ("status", json!(null)),
                ("due_by", json!("soon")),
                ("due_by", json!("2030-12-02T10:00:00")),
                ("due_by", json!("0000-01-01T00:00:00+01:00")),
                ("due_by", json!("9999-12-31T23:59:59-00:01")),
                ("due_by", json!("10000-01-01T00:00:00Z")),
                ("due_by", json!("2030-12-02T10:00:00+24:00")),
                ("goal_id", json!("7")),
                ("assignee_ids", json!([7])),
                ("assignee_ids", json!("7")),
            ][..],
        ),
        (
            "agreements",
            at_agreement.0,
            &agreement,
            &[("body", json!("  ")), ("body", json!({}))],
        ),
        (
            "goals",
            at_goal.0,
            &goal,
            &[
                ("title", json!("")),
                ("title", json!("   ")),
                ("title", json!("x".repeat(501))),
                ("body", json!("x".repeat(20_001))),
                ("target_date", json!("2031-2-3")),
                ("target_date", json!("+12345-01-01")),
            ],
        ),
        (
            "coaching_sessions",
            session.id.0,
            &plan,
            &[
                ("date", json!("2030-01-01T10:00:00Z")),
                ("date", json!("+12345-01-01T10:00:00")),
                ("date", json!("2030-01-01")),
                ("date", json!(7)),
                ("duration_minutes", json!(-1)),
                ("duration_minutes", json!(481)),
                ("title", json!(7)),
            ],
        ),
    ] {
        for (field, value) in table {
            let body = with(body, field, value);
            names(&coach.post(&format!("/api/{kind}"), body.clone()).await, field);
            names(&coach.put(&format!("/api/{kind}/{id}"), body).await, field);
        }
        let path = format!("/api/{kind}/{id}");
        names(&coach.put(&path, json!([])).await, "object");
        // A field that only the server writes is passed over, and so is one that nobody knows.
        let echo = with(&with(body, "created_at", &json!("long ago")), "color", &json!("red"));
        assert_eq!(coach.put(&path, echo).await.version(), 2);
    }
    // One event for each of the four that were written.
    assert_eq!(coach.head().await, head + 4);
    for field in ["status", "coaching_session_id"] {
        let mut body = action.clone();
        body.as_object_mut().unwrap().remove(field);
        names(&coach.post("/api/actions", body).await, field);
    }
}

#[tokio::test]
async fn no_text_is_not_an_empty_text() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let body = json!({ "coaching_session_id": session.id, "status": "NotStarted", "body": null });
    for kind in ["actions", "agreements"] {
        let answer = coach.post(&format!("/api/{kind}"), body.clone()).await;
        assert_eq!((answer.status, &answer.data::<Value>()["body"]), (201, &json!(null)));
    }
}

#[tokio::test]
async fn a_moment_is_answered_as_it_is_stored() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let body = json!({ "coaching_session_id": session.id, "status": "NotStarted",
        "due_by": "2030-12-02T10:00:00.123456789Z" });
    let created: Value = coach.post("/api/actions", body.clone()).await.data();
    assert_eq!(created["due_by"], "2030-12-02T10:00:00.123456Z");
    let path = format!("/api/actions/{}", created["id"].as_str().unwrap());
    assert_eq!(coach.get(&path).await.data::<Value>(), created);
    let put: Value = coach.put(&path, body).await.data();
    assert_eq!(put["due_by"], created["due_by"]);
}

#[tokio::test]
async fn a_list_is_asked_for_by_days() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let pair = coach.relationship().await.id;
    let list = format!("/api/coaching_sessions?coaching_relationship_id={pair}");
    for bad in ["2030-1-1", "%2B12345-01-01", "2030-01-01T00:00:00", "-2030-01-01", ""] {
        for field in ["from_date", "to_date"] {
            let answer = coach.get(&format!("{list}&{field}={bad}")).await;
            let message = answer.refused(400, "bad_request").message;
            assert!(message.contains(field), "{message}");
        }
    }
    coach
        .get(&format!("{list}&from_date=0000-01-01&to_date=9999-12-31"))
        .await
        .data::<Vec<Value>>();
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await.id;
    let twice = format!("/api/actions?coaching_session_id={session}&coaching_session_id={session}");
    coach.get(&twice).await.refused(400, "bad_request");
    let body = format!(r#"{{"coaching_session_id":"{session}","status":"NotStarted","body":"a","body":"b"}}"#);
    let request = coach.request(reqwest::Method::POST, "/api/actions");
    let request = request.header("content-type", "application/json").body(body);
    coach.send(request).await.refused(422, "validation_error");
    let stranger = server.stranger();
    let form = [
        ("email", "coach@example.com"),
        ("email", "coachee@example.com"),
        ("password", server::DEMO_PASSWORD),
    ];
    let request = stranger.request(reqwest::Method::POST, "/api/login").form(&form);
    assert_eq!(stranger.send(request).await.status, 422);
}
