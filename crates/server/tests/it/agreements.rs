//! Agreements.

use serde_json::json;
use wire::{Agreement, Event};

use crate::common::TestServer;

#[tokio::test]
async fn agreement_changes_are_announced() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await.id;
    let mut told = coachee.stream().await;
    let mut news = async || told.next_logged().await.decode();

    let answer = coach
        .post(
            "/api/agreements",
            json!({ "coaching_session_id": session, "body": "On time" }),
        )
        .await;
    assert_eq!(answer.status, 201);
    let made: Agreement = answer.data();
    assert_eq!((made.user_id, made.body.as_deref()), (coach.id, Some("On time")));
    assert_eq!(
        news().await,
        Event::AgreementCreated {
            coaching_session_id: session,
            agreement: made.clone()
        }
    );

    let path = format!("/api/agreements/{}", made.id);
    let body = json!({ "coaching_session_id": session, "body": "Five minutes early" });
    let reworded: Agreement = coachee.put(&path, body).await.data();
    assert_eq!(
        reworded.user_id, coach.id,
        "whoever rewords it, it stays the first one's"
    );
    assert_eq!(coach.get(&path).await.data::<Agreement>(), reworded);
    assert_eq!(
        news().await,
        Event::AgreementUpdated {
            coaching_session_id: session,
            agreement: reworded.clone()
        }
    );

    let second = json!({ "coaching_session_id": session, "body": null });
    let second: Agreement = coachee.post("/api/agreements", second).await.data();
    assert_eq!(
        news().await,
        Event::AgreementCreated {
            coaching_session_id: session,
            agreement: second.clone()
        }
    );
    let list = format!("/api/agreements?coaching_session_id={session}");
    assert_eq!(
        coach.get(&list).await.data::<Vec<Agreement>>(),
        [reworded.clone(), second.clone()]
    );
    let sorted = coach.get(&format!("{list}&sort_by=body&sort_order=desc")).await;
    assert_eq!(sorted.data::<Vec<Agreement>>(), [second, reworded]);

    assert_eq!(coach.delete(&path).await.json(), json!({ "id": made.id }));
    assert_eq!(
        news().await,
        Event::AgreementDeleted {
            coaching_session_id: session,
            agreement_id: made.id
        }
    );
    coach.get(&path).await.refused(404, "not_found");
    coach.delete(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_agreement_is_checked() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await.id;
    coach
        .post("/api/agreements", json!({ "body": "x" }))
        .await
        .refused(422, "validation_error");
    let long = json!({ "coaching_session_id": session, "body": "x".repeat(20_001) });
    coach
        .post("/api/agreements", long)
        .await
        .refused(422, "validation_error");
    coach.get("/api/agreements").await.refused(400, "bad_request");
    let unknown = "00000000-0000-0000-0000-000000000007";
    let body = json!({ "coaching_session_id": unknown, "body": "x" });
    coach
        .post("/api/agreements", body.clone())
        .await
        .refused(404, "not_found");
    coach
        .put(&format!("/api/agreements/{unknown}"), body)
        .await
        .refused(404, "not_found");
}
