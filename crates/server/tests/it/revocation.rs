//! A stream ends with the sign-in behind it.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use wire::Event;

use crate::common::TestServer;

#[tokio::test]
async fn signing_out_ends_the_streams_of_this_browser_only() {
    let server = TestServer::start().await;
    let (here, there) = (server.sign_in("coach").await, server.sign_in("coach").await);
    let coachee = server.sign_in("coachee").await;
    let session = here.today().await;
    let (first, second, mut other) = (here.stream().await, here.stream().await, there.stream().await);
    assert_eq!(here.delete("/api/delete").await.status, 200);
    // At once, not with the next heartbeat: that is minutes away, and nobody waits so long here.
    assert_eq!((first.rest().await, second.rest().await), (vec![], vec![]));
    here.get("/api/sse").await.refused(401, "unauthorized");

    coachee.add_action(&session, "for whoever is still there").await;
    assert_eq!(other.next_logged().await.event, "action_created");
}

#[tokio::test]
async fn a_stream_ends_when_its_sign_in_expires() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let stream = coachee.stream().await;
    let shortened = Instant::now();
    server
        .sql(
            "UPDATE sign_ins SET expires_at = CAST(unixepoch('subsec') * 1000000 AS INTEGER) + 2000000
             WHERE user_id = (SELECT id FROM users WHERE email = 'coachee@example.com')",
        )
        .await;
    // Whatever is sent has the stream look at its sign-in. On a busy machine the look may come too late to be told.
    coach.add_action(&session, "the last one heard").await;
    let heard = stream.rest().await;
    assert!(heard.iter().all(|frame| frame.event == "action_created"), "{heard:?}");
    assert!(
        shortened.elapsed() >= Duration::from_secs(2),
        "{:?}",
        shortened.elapsed()
    );
}

#[tokio::test]
async fn a_forced_sign_out_is_told_to_every_stream_of_the_person_and_then_they_end() {
    let mut server = TestServer::start().await;
    let (admin, coach) = (server.sign_in("admin").await, server.sign_in("coach").await);
    let (here, there) = (server.sign_in("coachee").await, server.sign_in("coachee").await);
    let before = here.get("/api/users/current").await.cursor();
    let streams = [here.stream().await, there.stream().await];
    let mut partner = coach.stream().await;

    let path = format!("/api/users/{}/force_logout", here.id);
    admin
        .post(&path, json!({ "reason": "Your account was closed." }))
        .await
        .done();
    for stream in streams {
        let [last] = <[_; 1]>::try_from(stream.rest().await).unwrap();
        assert_eq!(
            last.decode(),
            Event::ForceLogout {
                reason: "Your account was closed.".to_owned()
            }
        );
        assert_eq!(last.cursor().seq, before.seq + 1);
    }
    server.streams_become(1).await;
    for person in [&here, &there] {
        person.get("/api/users/current").await.refused(401, "unauthorized");
    }

    // It was meant for the sign-ins of its time: whoever signs in again and catches up is not thrown out again.
    let again = server.sign_in("coachee").await;
    let mut stream = again.stream_after(&before).await;
    assert!(stream.resumed());
    let session = coach.today().await;
    coach.add_action(&session, "welcome back").await;
    assert_eq!(stream.next_logged().await.event, "action_created");
    assert_eq!(
        partner.next_logged().await.event,
        "action_created",
        "nobody else heard of it"
    );
}

#[tokio::test]
async fn signing_out_everywhere_is_a_forced_sign_out_of_oneself() {
    let server = TestServer::start().await;
    let (here, there) = (server.sign_in("coach").await, server.sign_in("coach").await);
    let stream = there.stream().await;
    let answer = here.delete("/api/sessions").await;
    answer.done();
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(stream.rest().await[0].event, "force_logout");
    there.get("/api/users/current").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn only_an_administrator_forces_somebody_out() {
    let server = TestServer::start().await;
    let (admin, coach) = (server.sign_in("admin").await, server.sign_in("coach").await);
    let coachee = server.sign_in("coachee").await;
    let path = format!("/api/users/{}/force_logout", coachee.id);
    coach
        .post(&path, json!({ "reason": "no" }))
        .await
        .refused(403, "forbidden");
    coachee
        .post(&path, json!({ "reason": "no" }))
        .await
        .refused(403, "forbidden");
    admin.post(&path, json!({})).await.refused(422, "validation_error");
    admin
        .post(&path, json!({ "reason": "x".repeat(501) }))
        .await
        .refused(422, "validation_error");
    let nobody = "/api/users/00000000-0000-0000-0000-000000000007/force_logout";
    admin
        .post(nobody, json!({ "reason": "no" }))
        .await
        .refused(403, "forbidden");
    assert_eq!(coachee.get("/api/users/current").await.status, 200);
}

#[tokio::test]
async fn a_browser_that_signs_in_as_somebody_else_ends_the_streams_of_the_first() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let stream = coach.stream().await;
    let form = [("email", "coachee@example.com"), ("password", server::DEMO_PASSWORD)];
    assert_eq!(
        coach
            .send(coach.request(Method::POST, "/api/login").form(&form))
            .await
            .status,
        200
    );
    assert_eq!(stream.rest().await, []);
}
