//! The seam between what is replayed and what is live, while others write as fast as they can.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use server::Tuning;
use wire::Cursor;

use crate::common::{Stream, TestServer, soon, tuning};

/// Reads up to this position and checks that every position after `after` comes exactly once and in order: the
/// first pair's events are the only ones in the log.
async fn read_all(stream: &mut Stream, after: u64, through: u64) {
    for expected in after + 1..=through {
        let frame = stream.next_logged().await;
        assert_eq!(frame.cursor().seq, expected, "{frame:?}");
        frame.decode();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_streams_deliver_exactly_once() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await.id;
    let epoch = coach.get("/api/users/current").await.cursor().epoch;
    let done = Arc::new(AtomicBool::new(false));

    let mut writers = Vec::new();
    for name in ["coach", "coachee"] {
        let (writer, done) = (server.sign_in(name).await, Arc::clone(&done));
        writers.push(tokio::spawn(async move {
            let body = json!({ "coaching_session_id": session, "body": "again", "status": "NotStarted" });
            while !done.load(Ordering::Relaxed) {
                assert_eq!(writer.post("/api/actions", body.clone()).await.status, 201);
            }
        }));
    }

    // Streams open at the newest position, a little before it, and at the beginning; some close soon.
    let mut open = Vec::new();
    for round in 0..40_u64 {
        let person = if round % 2 == 0 { &coach } else { &coachee };
        let newest = person.get("/api/users/current").await.cursor().seq;
        let after = newest.saturating_sub([0, 1, 7, newest][usize::try_from(round % 4).unwrap()]);
        let mut stream = person
            .stream_after(&Cursor {
                epoch: epoch.clone(),
                seq: after,
            })
            .await;
        assert!(stream.resumed());
        if round % 3 == 0 {
            read_all(&mut stream, after, newest).await;
        } else {
            open.push((stream, after));
        }
    }
    soon("enough is written", async {
        while coach.get("/api/users/current").await.cursor().seq <= 100 {}
    })
    .await;
    done.store(true, Ordering::Relaxed);
    for writer in writers {
        soon("a writer ends", writer).await.unwrap();
    }
    let last = coach.get("/api/users/current").await.cursor().seq;
    for (mut stream, after) in open {
        read_all(&mut stream, after, last).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_and_stream_leave_no_gap() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.new_session().await;
    let writing = session.clone();
    let writer = tokio::spawn(async move {
        for number in 0..60 {
            coach.add_action(&writing, &number.to_string()).await;
        }
    });
    let path = format!("/api/actions?coaching_session_id={}", session.id);
    for _ in 0..10 {
        let read = coachee.get(&path).await;
        let known = read.data::<Vec<wire::Action>>();
        let mut stream = coachee.stream_after(&read.cursor()).await;
        if known.len() == 60 {
            break;
        }
        // The very next event is the first action that the read did not hold.
        let wire::Event::ActionCreated { action, .. } = stream.next_logged().await.decode() else {
            panic!()
        };
        assert_eq!(action.body, Some(known.len().to_string()));
    }
    soon("the writer ends", writer).await.unwrap();
}

#[tokio::test]
async fn outdated_cursor_gets_resync() {
    let server = TestServer::tuned(Tuning {
        lag_limit: 5,
        ..tuning()
    })
    .await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    let start = coach.get("/api/users/current").await.cursor();
    for number in 0..6 {
        coach.add_action(&session, &number.to_string()).await;
    }
    assert!(!coach.stream_after(&start).await.resumed());
    let mut stream = coach.stream_after(&Cursor { seq: 1, ..start }).await;
    assert!(stream.resumed());
    read_all(&mut stream, 1, 6).await;
}
