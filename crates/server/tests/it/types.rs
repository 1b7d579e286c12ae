//! Listening to some events only.

use std::time::Duration;

use serde_json::json;
use server::Tuning;

use crate::common::{Stream, TestServer, tuning};

#[tokio::test]
async fn stream_carries_requested_types_only() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    // A name that this server does not know is one that a later one does.
    let mut stream = Stream::open(&coachee, "/api/sse?types=action_deleted,agreement_created,tea_is_ready").await;
    let mut none = Stream::open(&coachee, "/api/sse?types=").await;
    let action = coach.add_action(&session, "unheard").await;
    let body = json!({ "coaching_session_id": session.id, "body": "heard" });
    coach.post("/api/agreements", body).await;
    coach.delete(&format!("/api/actions/{}", action.id)).await;
    assert_eq!(stream.next().await.event, "agreement_created");
    assert_eq!(stream.next().await.event, "action_deleted");

    // Being signed out concerns everybody.
    let admin = server.sign_in("admin").await;
    let path = format!("/api/users/{}/force_logout", coachee.id);
    admin.post(&path, json!({ "reason": "why not" })).await.done();
    assert_eq!(stream.next().await.event, "force_logout");
    assert_eq!(none.next().await.event, "force_logout");
}

#[tokio::test]
async fn replay_filters_by_requested_types() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    let before = coachee.get("/api/users/current").await.cursor();
    for number in 0..100 {
        coach.add_action(&session, &number.to_string()).await;
    }
    let body = json!({ "coaching_session_id": session.id, "body": "heard" });
    coach.post("/api/agreements", body).await;
    let path = format!("/api/sse?types=agreement_created&last_event_id={before}");
    let mut stream = Stream::open(&coachee, &path).await;
    assert!(stream.resumed());
    assert_eq!(stream.next().await.event, "agreement_created");
}

#[tokio::test]
async fn filtered_stream_still_moves_its_cursor() {
    let server = TestServer::tuned(Tuning {
        heartbeat: Duration::from_millis(300),
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    let start = coachee.get("/api/users/current").await.cursor();
    let mut filtered = Stream::open(&coachee, &format!("/api/sse?types=goal_created&last_event_id={start}")).await;
    // Nothing was missed and nothing is new, so there is nothing to say but that it lives.
    let frame = filtered.next().await;
    assert_eq!((frame.event.as_str(), frame.id), ("heartbeat", None));
    coach.add_action(&session, "unheard").await;
    let newest = coachee.get("/api/users/current").await.cursor();
    let position = filtered.next_logged().await;
    assert_eq!((position.event.as_str(), position.data.as_str()), ("", ""));
    assert_eq!(position.cursor(), newest);
    assert_eq!(filtered.next().await.event, "heartbeat");
    // It is said once.
    assert_eq!(filtered.next().await.event, "heartbeat");

    // With it the stream takes up, and nothing is told twice.
    coach.add_action(&session, "later").await;
    let mut stream = coachee.stream_after(&position.cursor()).await;
    assert_eq!(stream.next_logged().await.cursor().seq, newest.seq + 1);

    // The same for somebody for whom nothing was at all.
    let other = server.sign_in("coach2").await;
    let mut theirs = other.stream_after(&start).await;
    assert!(theirs.next_logged().await.cursor().seq > newest.seq);
}
