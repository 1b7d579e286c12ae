//! How much and how often.

use reqwest::Method;
use serde_json::json;
use server::Tuning;
use wire::Action;

use crate::common::{Answer, TestServer, tuning};

fn seconds(answer: &Answer) -> u64 {
    answer.refused(429, "rate_limited");
    answer.header("retry-after").parse().unwrap()
}

#[tokio::test]
async fn guessing_slows_one_address_only() {
    let server = TestServer::tuned(Tuning {
        sign_ins_per_minute: 3,
        ..tuning()
    })
    .await;
    let stranger = server.stranger();
    let guess = |email: &'static str, password: &'static str| {
        stranger.send(
            stranger
                .request(Method::POST, "/api/login")
                .form(&[("email", email), ("password", password)]),
        )
    };
    for _ in 0..3 {
        guess("coach@example.com", "wrong").await.refused(401, "unauthorized");
    }
    let wait = seconds(&guess("coach@example.com", server::DEMO_PASSWORD).await);
    assert!((1..=21).contains(&wait), "{wait}");
    assert_eq!(guess("coachee@example.com", server::DEMO_PASSWORD).await.status, 200);
}

#[tokio::test]
async fn one_address_can_not_try_all_emails() {
    let server = TestServer::tuned(Tuning {
        sign_ins_per_minute: 1,
        ..tuning()
    })
    .await;
    let stranger = server.stranger();
    let mut refused = 0;
    for number in 0..8 {
        let form = [
            ("email", format!("person{number}@example.com")),
            ("password", "x".to_owned()),
        ];
        let answer = stranger
            .send(stranger.request(Method::POST, "/api/login").form(&form))
            .await;
        refused += usize::from(answer.status == 429);
    }
    assert_eq!(refused, 2, "six addresses' worth a minute");
}

#[tokio::test]
async fn only_trusted_proxy_names_clients() {
    let strict = || Tuning {
        sign_ins_per_minute: 1,
        ..tuning()
    };
    let guess = async |server: &TestServer, hops: &str| {
        let stranger = server.stranger();
        let request = stranger
            .request(Method::POST, "/api/login")
            .header("x-forwarded-for", hops)
            .form(&[("email", "coach@example.com"), ("password", "wrong")]);
        stranger.send(request).await.status
    };
    let server = TestServer::with(strict(), &["--trusted-proxy", "127.0.0.1"]).await;
    assert_eq!(guess(&server, "10.0.0.1").await, 401);
    assert_eq!(guess(&server, "10.0.0.1").await, 429);
    assert_eq!(guess(&server, "10.0.0.2").await, 401);
    assert_eq!(
        guess(&server, "10.9.9.9, 10.0.0.2").await,
        429,
        "a hop that the client made up"
    );

    let server = TestServer::tuned(strict()).await;
    assert_eq!(guess(&server, "10.0.0.1").await, 401);
    assert_eq!(guess(&server, "10.0.0.2").await, 429);
}

#[tokio::test]
async fn streams_can_not_be_opened_without_end() {
    let server = TestServer::tuned(Tuning {
        streams_per_minute: 3,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    for _ in 0..3 {
        coach.stream().await;
    }
    assert!(seconds(&coach.get("/api/sse").await) <= 21);
    coachee.stream().await;
    // Who could not read that can ask for it.
    assert!(seconds(&coach.get("/api/sse/status").await) <= 21);
}

#[tokio::test]
async fn stream_status_explains_refusal() {
    let server = TestServer::start().await;
    server
        .stranger()
        .get("/api/sse/status")
        .await
        .refused(401, "unauthorized");
    let coach = server.sign_in("coach").await;
    assert_eq!(coach.get("/api/sse/status").await.status, 200);
    assert_eq!(*server.streams.borrow(), 0);
}

#[tokio::test]
async fn a_body_has_at_most_a_megabyte() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await.id;
    let send = async |size: usize| {
        let body = json!({ "coaching_session_id": session, "status": "NotStarted", "padding": "x".repeat(size) });
        coach.post("/api/actions", body).await
    };
    send(1_000_000).await.data::<Action>();
    send(1 << 20).await.refused(413, "body_too_large");
    let form = [("email", "x".repeat(1 << 20)), ("password", "x".to_owned())];
    let form = coach.request(Method::POST, "/api/login").form(&form);
    coach.send(form).await.refused(413, "body_too_large");
    // Without a length it is counted as it comes.
    let chunks = futures_util::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>("x".repeat(1 << 15))));
    let chunked = coach
        .request(Method::POST, "/api/actions")
        .header("content-type", "application/json")
        .body(reqwest::Body::wrap_stream(chunks));
    coach.send(chunked).await.refused(413, "body_too_large");
}

#[tokio::test]
async fn unknown_routes_get_json_errors() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    for path in ["/api", "/api/", "/api/nothing", "/api/users/current/", "/api/sse/x"] {
        let answer = coach.get(path).await;
        answer.refused(404, "not_found");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    let answer = coach.put("/api/actions", json!({})).await;
    answer.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("POST"));
    coach
        .post("/api/sse", json!({}))
        .await
        .refused(405, "method_not_allowed");
    // Somebody else's habit is nobody's harm.
    let request = coach
        .request(Method::GET, "/api/users/current")
        .header("x-version", "1.0.0-beta1");
    assert_eq!(coach.send(request).await.status, 200);
}

#[tokio::test]
async fn a_sign_in_is_short() {
    let server = TestServer::start().await;
    let stranger = server.stranger();
    for length in [20_000, 900_000] {
        let form = [
            ("email", "coach@example.com".to_owned()),
            ("password", "x".repeat(length)),
        ];
        let request = stranger.request(Method::POST, "/api/login").form(&form);
        stranger.send(request).await.refused(413, "body_too_large");
    }
}
