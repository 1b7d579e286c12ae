//! `PATCH`: JSON Merge Patch (RFC 7396) of actions, agreements, goals and sessions.

use reqwest::Method;
use serde_json::{Value, json};
use wire::{Action, Event};

use crate::common::{Person, TestServer};

/// One row of every kind, by its address, and the row.
async fn rows(person: &Person) -> Vec<(String, Value)> {
    let session = person.new_session().await;
    let action = person.add_action(&session, "said").await.id;
    let agreement = person.add_agreement(&session, "said").await.id;
    let goal = person.add_goal("said").await.id;
    let mut rows = Vec::new();
    for path in [
        format!("/api/actions/{action}"),
        format!("/api/agreements/{agreement}"),
        format!("/api/goals/{goal}"),
        format!("/api/coaching_sessions/{}", session.id),
    ] {
        let row = person.get(&path).await.data();
        rows.push((path, row));
    }
    rows
}

#[tokio::test]
async fn a_patch_writes_the_fields_it_names() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let goal = coach.add_goal("Served").await.id;
    let rows = rows(&coach).await;
    // By kind: what is sent, and what is stored if that is not the same.
    let tables: [&[(Value, Option<Value>)]; 4] = [
        &[
            (json!({ "body": "Reworded" }), None),
            (json!({ "body": null }), None),
            (json!({ "body": "Both", "status": "Completed" }), None),
            (
                json!({ "due_by": "2030-12-02T00:00:00.123456789+01:00" }),
                Some(json!({ "due_by": "2030-12-01T23:00:00.123456Z" })),
            ),
            (json!({ "due_by": null }), None),
            (json!({ "status": "WontDo" }), None),
            (json!({ "goal_id": goal }), None),
            (json!({ "goal_id": null, "assignee_ids": [coachee.id] }), None),
            (
                json!({ "assignee_ids": [coach.id, coachee.id, coach.id] }),
                Some(json!({ "assignee_ids": [coach.id, coachee.id] })),
            ),
            (json!({ "assignee_ids": [] }), None),
        ],
        &[(json!({ "body": "Reworded" }), None), (json!({ "body": null }), None)],
        &[
            (json!({ "title": "Retitled" }), None),
            (json!({ "title": null, "body": "At length" }), None),
            (json!({ "body": null, "status": "OnHold" }), None),
            (json!({ "target_date": "2031-02-03" }), None),
            (json!({ "target_date": null }), None),
        ],
        &[
            (json!({ "title": "Retitled" }), None),
            (json!({ "title": "  " }), Some(json!({ "title": null }))),
            (json!({ "date": "2031-05-06T07:08:09" }), None),
            (json!({ "duration_minutes": 45, "provider": "zoom" }), None),
            (json!({ "meeting_url": "https://meet.example/x" }), None),
            (json!({ "meeting_url": null, "provider": null }), None),
        ],
    ];
    for ((path, mut row), table) in rows.into_iter().zip(tables) {
        for (sent, stored) in table {
            let answer = coach.patch(&path, sent.clone()).await;
            let now: Value = answer.data();
            let expected = stored.as_ref().unwrap_or(sent).as_object().unwrap();
            for (field, value) in expected {
                assert_eq!(&now[field], value, "{path} {sent}");
                row[field] = value.clone();
            }
            // Nothing else has changed but what says that something did.
            for field in ["version", "updated_at", "status_changed_at", "ical_sequence"] {
                row[field] = now[field].clone();
            }
            let mut row = row.clone();
            row.as_object_mut()
                .unwrap()
                .retain(|field, value| !value.is_null() || now.get(field).is_some());
            assert_eq!(now, row, "{path} {sent}");
            assert_eq!(answer.version(), now["version"].as_u64().unwrap());
            assert_eq!(coachee.get(&path).await.data::<Value>(), now);
        }
    }
}

#[tokio::test]
async fn a_patch_that_changes_nothing_writes_nothing() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let rows = rows(&coach).await;
    let same = [
        json!({ "body": "said", "due_by": null, "status": "NotStarted", "goal_id": null, "assignee_ids": [] }),
        json!({ "body": "said" }),
        json!({ "title": "said", "body": null, "status": "NotStarted", "target_date": null }),
        json!({ "title": null, "date": "2030-01-01T10:00:00", "duration_minutes": 60, "meeting_url": "", "provider": null }),
    ];
    let before = coach.head().await;
    for ((path, row), same) in rows.into_iter().zip(same) {
        for patch in [json!({}), same] {
            let answer = coach.patch(&path, patch).await;
            assert_eq!((answer.data::<Value>(), answer.version()), (row.clone(), 1), "{path}");
            assert_eq!(coach.get(&path).await.data::<Value>(), row);
        }
    }
    assert_eq!(coach.head().await, before, "nothing was announced");
}

#[tokio::test]
async fn a_patch_that_can_not_be_changes_nothing() {
    let server = TestServer::start().await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let strange = "00000000-0000-0000-0000-000000000007";
    let rows = rows(&coach).await;
    // By kind: a patch, and the field that the sentence names.
    let tables: [&[(Value, &str)]; 4] = [
        &[
            (json!({ "body": "  " }), "body"),
            (json!({ "body": 7 }), "body"),
            (json!({ "body": "x".repeat(20_001) }), "body"),
            (json!({ "body": "fine", "status": null }), "status"),
            (json!({ "status": "Done" }), "status"),
            (json!({ "due_by": "2030-12-02" }), "due_by"),
            (json!({ "due_by": "2030-12-02T10:00:00" }), "due_by"),
            (json!({ "due_by": "9999-12-31T23:59:59-01:00" }), "due_by"),
            (json!({ "due_by": 7 }), "due_by"),
            (json!({ "goal_id": strange }), "goal_id"),
            (json!({ "goal_id": "7" }), "goal_id"),
            (json!({ "assignee_ids": null }), "assignee_ids"),
            (json!({ "assignee_ids": ["7"] }), "assignee_ids"),
            (json!({ "assignee_ids": [other.id] }), "assignee_ids"),
            (json!({ "body": "fine", "user_id": other.id }), "user_id"),
            (json!({ "version": 2 }), "version"),
            (json!({ "boddy": "fine" }), "boddy"),
        ],
        &[
            (json!({ "body": "" }), "body"),
            (json!({ "body": ["x"] }), "body"),
            (
                json!({ "body": "fine", "created_at": "2030-12-02T10:00:00Z" }),
                "created_at",
            ),
            (json!({ "status": "OnHold" }), "status"),
        ],
        &[
            (json!({ "title": " \n" }), "title"),
            (json!({ "title": "x".repeat(501) }), "title"),
            (json!({ "body": "x".repeat(20_001) }), "body"),
            (json!({ "status": "Done" }), "status"),
            (json!({ "target_date": "2031-02-30" }), "target_date"),
            (json!({ "target_date": "2031-02-03T10:00:00Z" }), "target_date"),
            (json!({ "title": "fine", "completed_at": null }), "completed_at"),
        ],
        &[
            (json!({ "title": "x".repeat(501) }), "title"),
            (json!({ "date": null }), "date"),
            (json!({ "date": "2030-01-01T10:00:00Z" }), "date"),
            (json!({ "duration_minutes": 0 }), "duration_minutes"),
            (json!({ "duration_minutes": "60" }), "duration_minutes"),
            (json!({ "meeting_url": "javascript:alert(1)" }), "meeting_url"),
            (json!({ "provider": "webex" }), "provider"),
            (json!({ "title": "fine", "ical_sequence": 7 }), "ical_sequence"),
        ],
    ];
    let before = coach.head().await;
    for ((path, row), table) in rows.iter().zip(tables) {
        let shapes = [json!([]), json!(null), json!("x"), json!(["x"])].map(|shape| (shape, "object"));
        for (patch, field) in table.iter().chain(&shapes) {
            let refusal = coach.patch(path, patch.clone()).await.refused(422, "validation_error");
            assert!(refusal.message.contains(field), "{path} {patch}: {}", refusal.message);
            assert!(!refusal.message.contains(" at line "), "{}", refusal.message);
        }
        assert_eq!(&coach.get(path).await.data::<Value>(), row);
    }
    assert_eq!(coach.head().await, before, "nothing was announced");
}

#[tokio::test]
async fn a_patch_has_one_of_two_media_types() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let action = coach.add_action(&coach.today().await, "said").await;
    let path = format!("/api/actions/{}", action.id);
    let send = |kind: &'static str, body: &'static str| {
        let request = coach.request(Method::PATCH, &path).header("content-type", kind);
        coach.send(request.body(body))
    };
    for kind in [
        "application/merge-patch+json",
        "application/json",
        "Application/Merge-Patch+JSON; charset=utf-8",
    ] {
        assert_eq!(
            send(kind, r#"{"body":"said"}"#).await.data::<Action>(),
            action,
            "{kind}"
        );
    }
    for kind in [
        "application/json-patch+json",
        "text/plain",
        "application/x-www-form-urlencoded",
    ] {
        send(kind, "{}").await.refused(415, "unsupported_media_type");
    }
    for text in ["", "{", r#"{"body":}"#] {
        send("application/merge-patch+json", text)
            .await
            .refused(400, "bad_request");
    }
    let twice = send("application/merge-patch+json", r#"{"body":"a","body":"b"}"#).await;
    assert!(twice.refused(422, "validation_error").message.contains("body"));
    assert_eq!(coach.get(&path).await.data::<Action>(), action);
}

#[tokio::test]
async fn a_patch_is_announced_with_its_version() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let rows = rows(&coach).await;
    let mut told = coachee.stream().await;
    for (path, _) in rows {
        let patch = if path.contains("goals") || path.contains("sessions") {
            "title"
        } else {
            "body"
        };
        let row: Value = coach.patch(&path, json!({ patch: "new" })).await.data();
        let (version, entity) = match told.next_logged().await.decode() {
            Event::ActionUpdated { action, .. } => (action.version, serde_json::to_value(action)),
            Event::AgreementUpdated { agreement, .. } => (agreement.version, serde_json::to_value(agreement)),
            Event::GoalUpdated { goal, .. } => (goal.version, serde_json::to_value(goal)),
            Event::CoachingSessionTitleUpdated { .. } => (Some(2), Ok(row.clone())),
            other => panic!("{other:?}"),
        };
        assert_eq!((version, entity.unwrap()), (Some(2), row));
    }
}

#[tokio::test]
async fn only_the_coach_patches_more_than_the_title() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    let path = format!("/api/coaching_sessions/{}", session.id);
    for patch in [
        json!({ "date": "2031-01-01T10:00:00" }),
        json!({ "duration_minutes": 60 }),
        json!({ "meeting_url": null, "title": "x" }),
        json!({ "provider": null }),
    ] {
        coachee.patch(&path, patch).await.refused(403, "forbidden");
    }
    let row: Value = coachee.patch(&path, json!({ "title": "Ours" })).await.data();
    assert_eq!((&row["title"], &row["ical_sequence"]), (&json!("Ours"), &json!(1)));
    let row: Value = coach.patch(&path, json!({ "duration_minutes": 30 })).await.data();
    assert_eq!((&row["title"], &row["duration_minutes"]), (&json!("Ours"), &json!(30)));
}

#[tokio::test]
async fn a_patch_keeps_the_limit_of_goals() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let mut waiting = Vec::new();
    for title in ["Third", "Fourth"] {
        waiting.push(format!("/api/goals/{}", coach.add_goal(title).await.id));
    }
    let begin = json!({ "status": "InProgress" });
    let third: Value = coach.patch(&waiting[0], begin.clone()).await.data();
    assert!(third["status_changed_at"].as_str() > third["created_at"].as_str());
    coach.patch(&waiting[1], begin.clone()).await.refused(409, "conflict");
    let done: Value = coach.patch(&waiting[0], json!({ "status": "Completed" })).await.data();
    assert!(done["completed_at"].is_string());
    coach.patch(&waiting[1], begin).await.data::<Value>();
}
