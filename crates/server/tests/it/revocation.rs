//! A stream ends with the sign-in behind it.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use server::Tuning;
use wire::Event;

use crate::common::{Stream, TestServer, tuning};

#[tokio::test]
async fn sign_out_ends_streams_of_one_browser() {
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

/// Lets every sign-in of the coachee end in so many seconds, past the server.
macro_rules! end_in {
    ($server:expr, $seconds:literal) => {
        $server
            .sql(concat!(
                "UPDATE sign_ins SET expires_at = CAST(unixepoch('subsec') * 1000000 AS INTEGER) + ",
                $seconds,
                " * 1000000 WHERE user_id = (SELECT id FROM users WHERE email = 'coachee@example.com')"
            ))
            .await
    };
}

#[tokio::test]
async fn stream_warns_before_sign_in_expiry() {
    let warning = Duration::from_secs(2);
    let server = TestServer::tuned(Tuning {
        expiry_warning: warning,
        ..tuning()
    })
    .await;
    let coachee = server.sign_in("coachee").await;
    let ticket = coachee.ticket().await;
    let shortened = Instant::now();
    end_in!(server, 4);
    let stream = Stream::open(&server.stranger(), &format!("/api/sse?ticket={ticket}")).await;
    let heard = stream.rest().await;
    let [warned] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((warned.event.as_str(), &warned.id), ("auth_expiring", &None));
    let Event::AuthExpiring { in_ms } = warned.decode() else {
        panic!("{warned:?}")
    };
    assert!(in_ms <= 2_000, "{in_ms}");
    // The clock of the database and the one that waits are not the same to the millisecond.
    assert!(
        shortened.elapsed() >= Duration::from_millis(3_990),
        "{:?}",
        shortened.elapsed()
    );
    coachee.get("/api/sse").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn renewed_sign_in_keeps_its_stream() {
    let server = TestServer::tuned(Tuning {
        expiry_warning: Duration::from_secs(1),
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let ticket = coachee.ticket().await;
    end_in!(server, 3);
    let mut stream = Stream::open(&server.stranger(), &format!("/api/sse?ticket={ticket}")).await;
    // Whatever a browser asks for renews its sign-in; nothing was said of an end, because there is none.
    assert_eq!(coachee.get("/api/users/current").await.status, 200);
    let opened = Instant::now();
    let mut pause = tokio::time::interval(Duration::from_secs(4));
    pause.tick().await;
    pause.tick().await;
    assert!(opened.elapsed() >= Duration::from_secs(4));
    coach.add_action(&coach.today().await, "still there").await;
    assert_eq!(stream.next().await.event, "action_created");
}

#[tokio::test]
async fn externally_ended_sign_in_loses_stream() {
    let server = TestServer::tuned(Tuning {
        heartbeat: Duration::from_millis(500),
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let (mut kept, stream) = (coach.stream().await, coachee.stream().await);
    end_in!(server, 0);
    let rest = stream.rest().await;
    assert!(
        rest.len() <= 2 && rest.iter().all(|frame| frame.event == "heartbeat"),
        "{rest:?}"
    );
    assert_eq!(kept.next().await.event, "heartbeat");
}

#[tokio::test]
async fn external_writes_are_published_by_heartbeat() {
    let server = TestServer::tuned(Tuning {
        heartbeat: Duration::from_millis(500),
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let mut stream = coachee.stream().await;
    server
        .sql(
            "INSERT INTO events (name, payload, created_at) VALUES ('user_updated', '{\"type\":\"user_updated\"}', 0);
             INSERT INTO event_recipients SELECT id, last_insert_rowid() FROM users;",
        )
        .await;
    assert_eq!(stream.next_logged().await.event, "user_updated");
    // And what is written here afterwards comes after it, once.
    coach.add_action(&coach.today().await, "after").await;
    assert_eq!(stream.next_logged().await.cursor().seq, 2);
}

#[tokio::test]
async fn forced_sign_out_reaches_every_stream() {
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
async fn sign_out_everywhere_forces_own_sign_out() {
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
async fn person_switch_ends_earlier_streams() {
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

#[tokio::test]
async fn stream_ends_with_sign_in_lifetime() {
    let server = TestServer::tuned(Tuning {
        sign_in_lifetime: Duration::from_secs(3),
        expiry_warning: Duration::from_secs(2),
        ..tuning()
    })
    .await;
    let coachee = server.sign_in("coachee").await;
    let mut stream = coachee.stream().await;
    assert_eq!(stream.next().await.event, "auth_expiring");
    // Use does not put it off.
    assert_eq!(coachee.get("/api/users/current").await.status, 200);
    assert_eq!(stream.rest().await, []);
    coachee.get("/api/users/current").await.refused(401, "unauthorized");
}
