//! Actions.

use reqwest::Method;
use serde_json::{Value, json};
use wire::{Action, Event, Goal, GoalId, ItemStatus};

use crate::common::TestServer;

#[tokio::test]
async fn action_changes_are_announced() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await.id;
    let mut told = coachee.stream().await;

    let body = json!({
        "coaching_session_id": session, "body": "Call Sam", "status": "InProgress",
        "due_by": "2030-12-02T00:00:00+01:00", "assignee_ids": [coachee.id, coach.id, coachee.id],
        "id": "00000000-0000-0000-0000-000000000007", "user_id": coachee.id, "created_at": "2000-01-01T00:00:00Z",
    });
    let answer = coach.post("/api/actions", body).await;
    assert_eq!(answer.status, 201);
    let created: Action = answer.data();
    assert_eq!(created.user_id, coach.id, "what only the server writes is ignored");
    assert_eq!(created.due_by.unwrap().to_rfc3339(), "2030-12-01T23:00:00+00:00");
    assert_eq!(created.assignee_ids, [coachee.id, coach.id]);
    let event = told.next_logged().await.decode();
    assert_eq!(
        event,
        Event::ActionCreated {
            coaching_session_id: session,
            action: created.clone()
        }
    );

    let path = format!("/api/actions/{}", created.id);
    assert_eq!(coachee.get(&path).await.data::<Action>(), created);
    // What was read can be sent back as it is.
    let echoed: Action = coachee
        .put(&path, coachee.get(&path).await.json()["data"].take())
        .await
        .data();
    assert_eq!(
        Action {
            updated_at: created.updated_at,
            version: created.version,
            ..echoed.clone()
        },
        created
    );
    assert!(echoed.updated_at > created.updated_at);
    let event = told.next_logged().await.decode();
    assert_eq!(
        event,
        Event::ActionUpdated {
            coaching_session_id: session,
            action: echoed
        }
    );

    let body = json!({ "coaching_session_id": session, "status": "Completed" });
    let replaced: Action = coachee.put(&path, body).await.data();
    assert_eq!(
        (replaced.body, replaced.due_by, replaced.goal_id),
        (None, None, None),
        "PUT replaces"
    );
    assert_eq!(replaced.assignee_ids, created.assignee_ids, "except assignees");
    assert!(replaced.status_changed_at > created.status_changed_at);
    assert_eq!(told.next_logged().await.event, "action_updated");

    let body = json!({ "coaching_session_id": session, "status": "Completed", "assignee_ids": [] });
    assert_eq!(coach.put(&path, body).await.data::<Action>().assignee_ids, []);
    assert_eq!(told.next_logged().await.event, "action_updated");

    let deleted = coach.delete(&path).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({ "id": created.id })));
    let event = told.next_logged().await.decode();
    assert_eq!(
        event,
        Event::ActionDeleted {
            coaching_session_id: session,
            action_id: created.id
        }
    );
    coach.delete(&path).await.refused(404, "not_found");
    coach.get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn refused_action_leaves_nothing() {
    let server = TestServer::start().await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let session = coach.today().await.id;
    let list = format!("/api/actions?coaching_session_id={session}");
    let before = coach.get(&list).await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "coaching_session_id": session, "status": "NotStarted" });
        body[field] = value;
        body
    };
    for body in [
        json!({ "coaching_session_id": session }),
        json!({ "status": "NotStarted" }),
        with("status", json!("not_started")),
        with("due_by", json!("2030-12-02")),
        with("due_by", json!("2030-12-02T10:00:00")),
        with("body", json!("x".repeat(20_001))),
        with("assignee_ids", json!([other.id])),
        with("goal_id", json!(GoalId::from_u128(7))),
    ] {
        coach.post("/api/actions", body).await.refused(422, "validation_error");
    }
    coach
        .post("/api/actions", with("coaching_session_id", json!(GoalId::from_u128(7))))
        .await
        .refused(404, "not_found");
    let send = |kind: &'static str, body: &'static str| {
        coach.send(
            coach
                .request(Method::POST, "/api/actions")
                .header("content-type", kind)
                .body(body),
        )
    };
    send("application/json", "{not json").await.refused(400, "bad_request");
    send("application/json", "").await.refused(400, "bad_request");
    send("text/plain", "{}").await.refused(415, "unsupported_media_type");
    coach.get("/api/actions").await.refused(400, "bad_request");
    coach.get("/api/actions/7").await.refused(400, "bad_request");

    let after = coach.get(&list).await;
    assert_eq!(before.text, after.text);
    assert_eq!(before.cursor(), after.cursor(), "nothing was announced either");
}

#[tokio::test]
async fn actions_of_session_are_sorted() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.new_session().await;
    let mut ids = Vec::new();
    for due in [
        json!("2030-03-01T00:00:00Z"),
        Value::Null,
        json!("2030-01-01T00:00:00Z"),
    ] {
        let body = json!({ "coaching_session_id": session.id, "status": "NotStarted", "due_by": due });
        ids.push(coach.post("/api/actions", body).await.data::<Action>().id);
    }
    // A row that was written again keeps its place.
    let body = json!({ "coaching_session_id": session.id, "status": "OnHold", "due_by": "2030-03-01T00:00:00Z" });
    coach
        .put(&format!("/api/actions/{}", ids[0]), body)
        .await
        .data::<Action>();

    let list = async |sort: &str| {
        let path = format!("/api/actions?coaching_session_id={}{sort}", session.id);
        let actions: Vec<Action> = coach.get(&path).await.data();
        actions
            .iter()
            .map(|action| ids.iter().position(|id| *id == action.id).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("").await, [0, 1, 2]);
    assert_eq!(list("&sort_by=due_by").await, [2, 0, 1], "what has no date comes last");
    assert_eq!(list("&sort_order=asc").await, [2, 0, 1], "by due date unless it says");
    assert_eq!(list("&sort_by=created_at&sort_order=desc").await, [2, 1, 0]);
    assert_eq!(list("&sort_by=updated_at").await, [1, 2, 0]);
}

#[tokio::test]
async fn actions_of_person_by_session_or_assignment() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let today = coach.today().await;
    let list = async |query: &str| {
        coach
            .get(&format!("/api/users/{}/actions?{query}", coach.id))
            .await
            .data::<Vec<Action>>()
    };
    assert_eq!(list("").await.len(), 8, "every action of the demo");
    let assigned = list("scope=assigned").await;
    assert_eq!(assigned.len(), 3);
    assert!(assigned.iter().all(|action| action.assignee_ids == [coach.id]));
    assert_eq!(list(&format!("coaching_session_id={}", today.id)).await.len(), 4);
    assert_eq!(
        list(&format!("coaching_relationship_id={}", today.coaching_relationship_id))
            .await
            .len(),
        8
    );
    let completed = list("status=Completed").await;
    assert_eq!(completed.len(), 4);
    assert!(completed.iter().all(|action| action.status == ItemStatus::Completed));
    let goals: Vec<Goal> = coach
        .get(&format!("/api/coaching_sessions/{}/goals", today.id))
        .await
        .data();
    assert_eq!(list(&format!("goal_id={}", goals[0].id)).await.len(), 3);

    // A coach may look at what their coachee does, and not the other way round.
    let theirs = format!("/api/users/{}/actions?scope=assigned", coachee.id);
    assert_eq!(coach.get(&theirs).await.data::<Vec<Action>>().len(), 5);
    coachee
        .get(&format!("/api/users/{}/actions", coach.id))
        .await
        .refused(403, "forbidden");
    coach
        .get(&format!("/api/users/{}/actions?scope=everything", coach.id))
        .await
        .refused(400, "bad_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn last_announced_write_is_stored() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let path = format!("/api/actions/{}", coach.add_action(&session, "contested").await.id);
    let mut told = coachee.stream().await;
    let body = |text: String| json!({ "coaching_session_id": session.id, "status": "NotStarted", "body": text });
    for round in 0..10 {
        let put = |person: &'static str, number| {
            let (writer, text) = (
                if person == "coach" { &coach } else { &coachee },
                format!("{person} {round}.{number}"),
            );
            writer.put(&path, body(text))
        };
        tokio::join!(put("coach", 1), put("coachee", 1), put("coach", 2), put("coachee", 2));
        let stored: Action = coach.get(&path).await.data();
        let mut last = None;
        for _ in 0..4 {
            last = Some(told.next_logged().await.decode());
        }
        assert_eq!(
            last,
            Some(Event::ActionUpdated {
                coaching_session_id: session.id,
                action: stored
            })
        );
    }
}
