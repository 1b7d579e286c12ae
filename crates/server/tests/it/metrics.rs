//! What the server tells about itself, and to whom.

use std::collections::BTreeMap;

use reqwest::Method;
use server::Tuning;

use crate::common::{Person, Stream, TestServer, dist, program, soon, start, text, tuning};

/// The metrics by name and labels.
async fn metrics(server: &TestServer) -> BTreeMap<String, f64> {
    let answer = server.stranger().get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let lines = answer.text.lines().filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (
            name.strip_prefix("freshet_").unwrap().to_owned(),
            value.parse().unwrap(),
        )
    };
    lines.map(value).collect()
}

#[tokio::test]
async fn streams_are_counted_by_outcome() {
    let mut server = TestServer::tuned(Tuning {
        streams_per_person: 2,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let start = coach.get("/api/users/current").await.cursor();
    let (mut first, mut second) = (coachee.stream().await, coachee.stream_after(&start).await);
    coach.add_action(&session, "counted").await;
    for stream in [&mut first, &mut second] {
        stream.next_logged().await;
    }
    let found = metrics(&server).await;
    let count = |name: &str| found.get(name).copied().unwrap_or_default();
    assert_eq!(count("streams_open"), 2.0);
    assert_eq!(count("streams_opened_total{outcome=\"new\"}"), 1.0);
    assert_eq!(count("streams_opened_total{outcome=\"resumed\"}"), 1.0);
    assert_eq!(count("stream_messages_total{type=\"action_created\"}"), 2.0);
    assert_eq!(count("stream_lag_seconds_count"), 2.0);
    assert_eq!(count("stream_duration_seconds_count"), 0.0);

    // The third is one too many, and its position is from nowhere; the second hangs up.
    let third = Stream::open(&coachee, "/api/sse?last_event_id=other-1").await;
    assert_eq!(first.rest().await[0].event, "shutdown");
    drop(second);
    server.streams_become(1).await;
    coachee.delete("/api/delete").await;
    third.rest().await;
    server.streams_become(0).await;
    coachee.get("/api/sse").await.refused(401, "unauthorized");
    let found = metrics(&server).await;
    let count = |name: &str| found.get(name).copied().unwrap_or_default();
    assert_eq!(count("streams_open"), 0.0);
    assert_eq!(count("streams_opened_total{outcome=\"gap\"}"), 1.0);
    for reason in ["crowded", "gone", "signed_out"] {
        assert_eq!(
            count(&format!("streams_closed_total{{reason=\"{reason}\"}}")),
            1.0,
            "{reason}"
        );
    }
    assert_eq!(count("stream_duration_seconds_count"), 3.0);
    assert_eq!(count("streams_rejected_total{reason=\"unauthorized\"}"), 1.0);
}

#[tokio::test]
async fn requests_are_counted_by_route_only() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await.id;
    coach.get(&format!("/api/coaching_sessions/{session}")).await;
    let request = coach.request(Method::from_bytes(b"BREW").unwrap(), "/api/coffee");
    coach.send(request).await;
    let found = soon("the request is counted", async {
        loop {
            let found = metrics(&server).await;
            if found.keys().any(|name| name.contains("other")) {
                return found;
            }
        }
    })
    .await;
    let name = "http_requests_total{method=\"GET\",route=\"/api/coaching_sessions/{id}\",status=\"200\"}";
    assert_eq!(found[name], 1.0);
    let name = "http_request_duration_seconds_count{method=\"GET\",route=\"/api/coaching_sessions/{id}\"}";
    assert_eq!(found[name], 1.0);
    for name in found.keys() {
        for secret in [
            session.to_string(),
            coach.id.to_string(),
            "coffee".to_owned(),
            "BREW".to_owned(),
        ] {
            assert!(!name.contains(&secret), "{name}");
        }
    }
}

#[tokio::test]
async fn metrics_ask_for_the_token() {
    let ask = async |base: &str, headers: &[(&'static str, &'static str)]| {
        let stranger = Person::stranger(base);
        let request = stranger.client.get(format!("{base}/metrics"));
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        stranger.send(request).await
    };
    let server = TestServer::with(tuning(), &["--metrics-token", "open sesame"]).await;
    ask(&server.base, &[]).await.refused(401, "unauthorized");
    let wrong = ("authorization", "Bearer open says me");
    ask(&server.base, &[wrong]).await.refused(401, "unauthorized");
    let right = ("authorization", "Bearer open sesame");
    assert_eq!(ask(&server.base, &[right]).await.status, 200);
    assert_eq!(
        ask(&server.base, &[right, ("x-forwarded-for", "10.0.0.1")])
            .await
            .status,
        200
    );

    // What a proxy on this machine sends that adds nothing looks like a request of this machine.
    let folder = tempfile::tempdir().unwrap();
    let (dist, data) = (dist(&folder), folder.path().join("test.db"));
    let mut command = program(&["--addr", "127.0.0.1:0", "--dist", text(&dist), "--data", text(&data)]);
    command.env_remove("FRESHET_METRICS_TOKEN");
    let running = start(command).await;
    let refused = ask(&running.base, &[]).await.refused(401, "unauthorized");
    assert!(refused.message.contains("--metrics-token"), "{refused:?}");
    ask(&running.base, &[right]).await.refused(401, "unauthorized");
}

#[tokio::test]
async fn sign_ins_are_counted_by_outcome() {
    let server = TestServer::tuned(Tuning {
        sign_ins_per_minute: 3,
        ..tuning()
    })
    .await;
    let attempt = async |email: &str, origin: &'static str| {
        let stranger = server.stranger();
        let form = [("email", email), ("password", "wrong")];
        let request = stranger.request(Method::POST, "/api/login").form(&form);
        stranger.send(request.header("origin", origin)).await.status
    };
    server.sign_in("coachee").await;
    let own: &'static str = server.base.clone().leak();
    for _ in 0..3 {
        assert_eq!(attempt("coach@example.com", own).await, 401);
    }
    assert_eq!(attempt("coach@example.com", own).await, 429);
    assert_eq!(attempt("nobody@example.com", own).await, 401);
    assert_eq!(attempt(&"x".repeat(300), own).await, 401);
    let found = metrics(&server).await;
    for (outcome, count) in [
        ("succeeded", 1.0),
        ("wrong_password", 3.0),
        ("limited", 1.0),
        ("unknown_email", 1.0),
        ("unreadable", 1.0),
    ] {
        assert_eq!(
            found[&format!("sign_ins_total{{outcome=\"{outcome}\"}}")],
            count,
            "{outcome}"
        );
    }
    assert!(found.keys().all(|name| !name.contains("example.com")));
}
