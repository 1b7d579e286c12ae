//! Readers that stall, and what it costs the others: nothing.

use std::time::{Duration, Instant};

use server::Tuning;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wire::Event;

use crate::common::{PATIENCE, Person, Stream, TestServer, raw_request, soon, tuning};

/// Opens a stream whose reader reads the head and then nothing more.
async fn stalled(person: &Person, server: &TestServer) -> TcpStream {
    let mut socket = raw_request(person, server.host()).await;
    soon("the first bytes", socket.read_u8()).await.unwrap();
    socket
}

/// Writes so much that no buffer between server and reader can hold it: 80 kB each, which is the longest text.
async fn flood(person: &Person, events: u64) {
    let session = person.today().await;
    let text = "𝕏".repeat(20_000);
    for _ in 0..events {
        person.add_action(&session, &text).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_reader_keeps_nobody_else_waiting() {
    let mut server = TestServer::tuned(Tuning {
        // Whoever waited for the stalled reader would wait longer than anybody does here.
        stall_limit: 2 * PATIENCE,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let stuck = stalled(&coachee, &server).await;
    server.streams_become(1).await;
    let mut healthy = coachee.stream().await;
    server.streams_become(2).await;

    let events = 200;
    let reading = tokio::spawn(async move {
        for expected in 1..=events {
            assert_eq!(healthy.next_logged().await.cursor().seq, expected);
        }
        healthy
    });
    flood(&coach, events).await;
    let healthy = soon("the other reader", reading).await.unwrap();
    assert_eq!(*server.streams.borrow(), 2, "the stalled one is still there");
    drop((healthy, stuck));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_reader_is_cut() {
    let mut server = TestServer::tuned(Tuning {
        stall_limit: Duration::from_millis(200),
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let mut stuck = stalled(&coachee, &server).await;
    server.streams_become(1).await;
    let events = 200;
    flood(&coach, events).await;
    server.streams_become(0).await;
    let metrics = server.stranger().get("/metrics").await.text;
    assert!(
        metrics.contains("freshet_streams_closed_total{reason=\"stalled\"} 1\n"),
        "{metrics}"
    );

    // The connection itself is gone, not only its place in the books: what was on its way arrives, then the end.
    let mut rest = Vec::new();
    let end = soon("the end of the cut connection", stuck.read_to_end(&mut rest)).await;
    let complete = rest.windows(2).filter(|pair| pair == b"\n\n").count();
    assert!(end.is_err() || !rest.ends_with(b"0\r\n\r\n"), "an orderly end");
    assert!(
        u64::try_from(complete).unwrap() < events,
        "{complete} events got through"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ending_stream_ignores_stalled_reader() {
    let mut server = TestServer::tuned(Tuning {
        stall_limit: Duration::from_secs(1),
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let mut stuck = stalled(&coachee, &server).await;
    server.streams_become(1).await;
    // More than the sockets hold and less than the queue does: nothing but the end of the sign-in ends the stream.
    let events = 60;
    let mut healthy = coachee.stream().await;
    // It reads while the others write: on a busy machine it would stall as well.
    let reading = tokio::spawn(async move {
        for _ in 0..events {
            healthy.next_logged().await;
        }
        healthy
    });
    flood(&coach, events).await;
    let healthy = soon("the other reader", reading).await.unwrap();
    assert_eq!(coachee.delete("/api/delete").await.status, 200);
    assert_eq!(healthy.rest().await, []);
    server.streams_become(0).await;
    let mut rest = Vec::new();
    let end = soon("the end of the cut connection", stuck.read_to_end(&mut rest)).await;
    assert!(end.is_err() || !rest.ends_with(b"0\r\n\r\n"), "an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lagging_reader_gets_resync() {
    let server = TestServer::tuned(Tuning {
        lag_limit: 40,
        // However long writing takes.
        stall_limit: 2 * PATIENCE,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    // Not reading from the socket, but coming back before the server loses its patience.
    let mut stream: Stream = coachee.stream().await;
    flood(&coach, 250).await;
    let newest = coach.get("/api/users/current").await.cursor();
    let mut last = 0;
    let resync = loop {
        let frame = stream.next_logged().await;
        let seq = frame.cursor().seq;
        assert!(seq > last, "{seq} after {last}");
        match frame.decode() {
            Event::Resync { .. } => break frame,
            _ => assert_eq!(seq, last + 1),
        }
        last = seq;
    };
    assert!(resync.cursor().seq - last > 40, "{last} {resync:?}");
    let mut position = resync.cursor();
    while position != newest {
        position = stream.next_logged().await.cursor();
    }
    // From there on it is told everything.
    let session = coach.today().await;
    let live = coach.add_action(&session, "after").await;
    let expected = Event::ActionCreated {
        coaching_session_id: session.id,
        action: live,
    };
    assert_eq!(stream.next_logged().await.decode(), expected);
}

#[tokio::test]
async fn idle_connection_ends_but_silent_stream_stays() {
    let idle_limit = Duration::from_secs(2);
    let server = TestServer::tuned(Tuning {
        idle_limit,
        heartbeat: idle_limit / 10,
        ..tuning()
    })
    .await;
    let coach = server.sign_in("coach").await;
    let mut stream = coach.stream().await;
    let connected = Instant::now();
    let mut silent = TcpStream::connect(server.host()).await.unwrap();
    let mut trickling = TcpStream::connect(server.host()).await.unwrap();
    trickling.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").await.unwrap();
    // A byte with every heartbeat, for as long as somebody takes them.
    soon("the end of an endless request", async {
        while trickling.write_all(b"x").await.is_ok() {
            assert_eq!(stream.next().await.event, "heartbeat");
        }
    })
    .await;
    assert!(connected.elapsed() >= idle_limit, "{:?}", connected.elapsed());
    let mut rest = Vec::new();
    // Whether it ends in order or is reset: it ends.
    drop(soon("the end of a silent connection", silent.read_to_end(&mut rest)).await);
    assert!(rest.is_empty(), "{rest:?}");
    while connected.elapsed() < idle_limit * 2 {
        assert_eq!(stream.next().await.event, "heartbeat");
    }
}

#[tokio::test]
async fn change_completes_after_client_hangs_up() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await.id;
    let mut told = coachee.stream().await;
    let body = format!(r#"{{"coaching_session_id":"{session}","body":"and gone","status":"NotStarted"}}"#);
    let (cookie, length) = (&coach.cookie, body.len());
    let head = format!(
        "POST /api/actions HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}",
        server.host()
    );
    let request = format!("{head}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
    for _ in 0..10 {
        let mut socket = TcpStream::connect(server.host()).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        drop(socket);
        // Whether the server got to it before it noticed is its own affair, but half of it must not happen.
    }
    let session = coach.today().await;
    coach.add_action(&session, "the last").await;
    let read = coach
        .get(&format!("/api/actions?coaching_session_id={}", session.id))
        .await;
    let texts = ["and gone", "the last"].map(|text| Some(text.to_owned()));
    let stored = read
        .data::<Vec<wire::Action>>()
        .into_iter()
        .filter(|action| texts.contains(&action.body));
    let mut heard = Vec::new();
    while heard.last() != Some(&read.cursor()) {
        heard.push(told.next_logged().await.cursor());
    }
    assert_eq!(heard.len(), stored.count());
}
