//! Tickets: opening a stream without a cookie.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use server::Tuning;

use crate::common::{Person, Stream, TestServer, tuning};

#[tokio::test]
async fn a_ticket_opens_one_stream_without_a_cookie() {
    let server = TestServer::start().await;
    let (coach, stranger) = (server.sign_in("coach").await, server.stranger());
    let coachee = server.sign_in("coachee").await;
    let answer = coachee.post("/api/sse/ticket", json!({})).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, "no-store"));
    assert_eq!(answer.data::<Value>()["expires_in_ms"], 60_000);
    let path = format!("/api/sse?ticket={}", coachee.ticket().await);
    let mut stream = Stream::open(&stranger, &path).await;
    coach.add_action(&coach.today().await, "hello").await;
    let seen = stream.next_logged().await;
    assert_eq!(seen.event, "action_created");
    stranger.get(&path).await.refused(401, "unauthorized");

    // It takes up like any other.
    coach.add_action(&coach.today().await, "meanwhile").await;
    let path = format!(
        "/api/sse?ticket={}&last_event_id={}",
        coachee.ticket().await,
        seen.cursor()
    );
    let mut stream = Stream::open(&stranger, &path).await;
    assert!(stream.resumed());
    assert_eq!(stream.next_logged().await.cursor().seq, seen.cursor().seq + 1);
}

#[tokio::test]
async fn ticket_names_its_person() {
    let server = TestServer::start().await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let mut stream = Stream::open(&other, &format!("/api/sse?ticket={}", coach.ticket().await)).await;
    coach.add_action(&coach.today().await, "of the first pair").await;
    assert_eq!(stream.next_logged().await.event, "action_created");
    // And one that is good for nothing is not made good by a cookie.
    for bad in ["", "x", &"0".repeat(64)] {
        other
            .get(&format!("/api/sse?ticket={bad}"))
            .await
            .refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn ticket_ends_with_its_sign_in() {
    let server = TestServer::start().await;
    let (coach, stranger) = (server.sign_in("coach").await, server.stranger());
    let used = Stream::open(&stranger, &format!("/api/sse?ticket={}", coach.ticket().await)).await;
    let unused = coach.ticket().await;
    assert_eq!(coach.delete("/api/delete").await.status, 200);
    assert_eq!(used.rest().await, []);
    stranger
        .get(&format!("/api/sse?ticket={unused}"))
        .await
        .refused(401, "unauthorized");
}

#[tokio::test]
async fn ticket_expires_and_opens_streams_only() {
    let server = TestServer::tuned(Tuning {
        ticket_lifetime: Duration::ZERO,
        ..tuning()
    })
    .await;
    let (coach, stranger) = (server.sign_in("coach").await, server.stranger());
    stranger
        .get(&format!("/api/sse?ticket={}", coach.ticket().await))
        .await
        .refused(401, "unauthorized");

    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let ticket = coach.ticket().await;
    stranger_with(&server, &ticket)
        .get("/api/users/current")
        .await
        .refused(401, "unauthorized");
    server
        .stranger()
        .get(&format!("/api/users/current?ticket={ticket}"))
        .await
        .refused(401, "unauthorized");
}

fn stranger_with(server: &TestServer, token: &str) -> Person {
    let mut stranger = server.stranger();
    stranger.cookie = format!("freshet_session={token}");
    stranger
}

#[tokio::test]
async fn ticket_needs_session_and_own_origin() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let strange = server.stranger().post("/api/sse/ticket", json!({})).await;
    strange.refused(401, "unauthorized");
    let foreign = coach
        .request(Method::POST, "/api/sse/ticket")
        .header("origin", "https://evil.example");
    coach.send(foreign).await.refused(403, "foreign_origin");
}
