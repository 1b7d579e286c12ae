//! The stream as the product's first description of it demands: established, authenticated, alive, told, private,
//! and tidied away.

use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt as _;
use wire::Event;

use crate::common::{TestServer, raw_request, soon, tuning};

#[tokio::test]
async fn sse_endpoint_should_establish_connection() {
    let heartbeat = server::Tuning::default().heartbeat;
    let server = TestServer::tuned(server::Tuning { heartbeat, ..tuning() }).await;
    let coach = server.sign_in("coach").await;
    let asked = Instant::now();
    let stream = coach.stream().await;
    // The first bytes are there at once, not only the headers and not only with the first heartbeat.
    assert!(asked.elapsed() < heartbeat / 4, "{:?}", asked.elapsed());
    assert_eq!(stream.status, 200);
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        // On HTTP/1.1 a connection is kept unless it says otherwise, and this one is of unknown length.
        ("transfer-encoding", "chunked"),
    ] {
        assert_eq!(stream.headers.get(name).unwrap(), value, "{name}");
    }
    for name in ["content-length", "content-encoding", "connection"] {
        assert_eq!(stream.headers.get(name), None);
    }
    let Event::Hello {
        epoch,
        resumed,
        heartbeat_ms,
        server_time,
        protocol,
        cursor,
    } = stream.hello.decode()
    else {
        panic!("{:?}", stream.hello)
    };
    assert_eq!((resumed, heartbeat_ms, protocol), (false, Some(15_000), Some(1)));
    assert!(server_time.is_some());
    assert_eq!(cursor, Some(format!("{}-0", epoch.unwrap())));
}

#[tokio::test]
async fn sse_endpoint_should_require_authentication() {
    let server = TestServer::start().await;
    let mut stranger = server.stranger();
    let answer = stranger.get("/api/sse").await;
    answer.refused(401, "unauthorized");
    assert_eq!(answer.header("content-type"), "application/json");

    stranger.cookie = format!("freshet_session={}", "0".repeat(64));
    stranger.get("/api/sse").await.refused(401, "unauthorized");
    stranger.cookie = "freshet_session=not a token".to_owned();
    stranger.get("/api/sse").await.refused(401, "unauthorized");
    assert_eq!(*server.streams.borrow(), 0);
}

#[tokio::test]
async fn sse_should_send_heartbeat_after_silence() {
    let heartbeat = Duration::from_secs(1);
    let server = TestServer::tuned(server::Tuning { heartbeat, ..tuning() }).await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    // Every time is taken before what it measures begins: a busy machine makes the silence longer, never shorter.
    let asked = Instant::now();
    let mut stream = coach.stream().await;
    let mut pause = tokio::time::interval(heartbeat / 2);
    let frame = stream.next().await;
    assert_eq!((frame.event.as_str(), frame.id.as_deref()), ("heartbeat", None));
    assert_eq!(frame.data, r#"{"type":"heartbeat","data":{}}"#);
    assert!(asked.elapsed() >= heartbeat, "{:?}", asked.elapsed());

    // Whatever is sent counts as a sign of life and puts the next heartbeat off.
    pause.reset();
    pause.tick().await;
    let said = Instant::now();
    coach.add_action(&session, "something to say").await;
    assert_eq!(stream.next_logged().await.event, "action_created");
    assert_eq!(stream.next().await.event, "heartbeat");
    assert!(said.elapsed() >= heartbeat, "{:?}", said.elapsed());
}

#[tokio::test]
async fn sse_should_broadcast_what_the_other_participant_does() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    // Three tabs of one person and one of the other: each is told once, and at once. A stream that missed its wake-up
    // would tell with the next heartbeat, which is minutes away.
    let mut streams = [
        coachee.stream().await,
        coachee.stream().await,
        coachee.stream().await,
        coach.stream().await,
    ];
    let written = coach
        .add_action(&session, "two lines\nid: 7\r\nevent: hello\u{2028}end")
        .await;
    for stream in &mut streams {
        let frame = stream.next_logged().await;
        assert_eq!(frame.event, "action_created");
        let expected = Event::ActionCreated {
            coaching_session_id: session.id,
            action: written.clone(),
        };
        assert_eq!(frame.decode(), expected);
    }
    coach.delete(&format!("/api/actions/{}", written.id)).await;
    for stream in &mut streams {
        assert_eq!(stream.next_logged().await.event, "action_deleted");
    }
}

#[tokio::test]
async fn sse_should_only_send_user_specific_events() {
    let server = TestServer::start().await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let admin = server.sign_in("admin").await;
    let (mut theirs, mut admins) = (other.stream().await, admin.stream().await);
    coach
        .add_action(&coach.today().await, "a secret of the first pair")
        .await;
    let session = other.new_session().await;
    other.add_action(&session, "of the second pair").await;

    let frame = theirs.next_logged().await;
    assert_eq!(
        (frame.event.as_str(), frame.cursor().seq),
        ("coaching_session_title_updated", 2),
        "the first pair's event came before it in the log and not to them"
    );
    let frame = theirs.next_logged().await;
    assert!(frame.data.contains("of the second pair"), "{frame:?}");
    // Somebody without a part in either hears of neither, before something that is for them.
    admin
        .put(
            &format!("/api/users/{}", admin.id),
            serde_json::json!({ "timezone": "Europe/Paris" }),
        )
        .await
        .done();
    assert_eq!(admins.next_logged().await.event, "user_updated");
}

#[tokio::test]
async fn sse_should_handle_client_disconnect() {
    let mut server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let mut delays = Vec::new();
    for _ in 0..5 {
        let stream = coach.stream().await;
        assert_eq!(*server.streams.borrow(), 1);
        let closed = Instant::now();
        drop(stream);
        server.streams_become(0).await;
        delays.push(closed.elapsed());

        // Reset rather than closed.
        let mut socket = raw_request(&coach, server.host()).await;
        soon("the first bytes", socket.read_u8()).await.unwrap();
        server.streams_become(1).await;
        socket.set_zero_linger().unwrap();
        let reset = Instant::now();
        drop(socket);
        server.streams_become(0).await;
        delays.push(reset.elapsed());
    }
    // The median, because this machine may be busy with something else for a moment.
    delays.sort_unstable();
    assert!(delays[delays.len() / 2] < Duration::from_millis(100), "{delays:?}");

    // Gone before the response was looked at: nothing is left of it once the server has seen the request.
    for _ in 0..20 {
        drop(raw_request(&coach, server.host()).await);
    }
    let stream = coach.stream().await;
    server.streams_become(1).await;
    drop(stream);
    server.streams_become(0).await;
}
