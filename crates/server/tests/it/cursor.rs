//! What a read says about the log, and what a stream makes of it.

use reqwest::Method;
use serde_json::json;
use server::Tuning;
use wire::{Cursor, Event};

use crate::common::{Stream, TestServer, tuning};

#[tokio::test]
async fn every_read_states_its_cursor() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    let (id, pair) = (session.id, session.coaching_relationship_id);
    let action = coach.add_action(&session, "one").await;
    let now = coach.get("/api/users/current").await.cursor();
    assert_eq!(now.seq, 1);
    for path in [
        format!("/api/users/{}", coach.id),
        format!("/api/users/{}/organizations", coach.id),
        format!("/api/users/{}/coaching-relationships", coach.id),
        format!("/api/users/{}/coaching_sessions", coach.id),
        format!("/api/users/{}/actions", coach.id),
        "/api/organizations".to_owned(),
        format!("/api/coaching_sessions?coaching_relationship_id={pair}"),
        format!("/api/coaching_sessions/{id}"),
        format!("/api/coaching_sessions/{id}/goals"),
        format!("/api/coaching_sessions/goals?coaching_relationship_id={pair}"),
        format!("/api/actions?coaching_session_id={id}"),
        format!("/api/actions/{}", action.id),
        format!("/api/agreements?coaching_session_id={id}"),
        format!("/api/goals?coaching_relationship_id={pair}"),
    ] {
        assert_eq!(coach.get(&path).await.cursor(), now, "{path}");
    }
    // A read that is the first to open a session reflects what it did itself.
    let next = coach.sessions().await.swap_remove(3);
    assert_eq!(
        coach
            .get(&format!("/api/coaching_sessions/{}", next.id))
            .await
            .cursor()
            .seq,
        3
    );
}

#[tokio::test]
async fn what_no_cursor_leads_to_is_not_resumed() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    coach.add_action(&session, "before").await;
    let now = coach.get("/api/users/current").await.cursor();
    let at = |seq| {
        Cursor {
            epoch: now.epoch.clone(),
            seq,
        }
        .to_string()
    };
    for cursor in [
        String::new(),
        "nonsense".to_owned(),
        "other-0".to_owned(),
        at(now.seq + 100),
        at(u64::MAX),
        format!("{}-", now.epoch),
        format!("{}-1%0Aevent:x", now.epoch),
        "x".repeat(500),
    ] {
        let mut stream = Stream::open(&coach, &format!("/api/sse?last_event_id={cursor}")).await;
        assert!(!stream.resumed(), "{cursor}");
        // And nothing of the past is sent as if it were all of it.
        let live = coach.add_action(&session, "after").await;
        let expected = Event::ActionCreated {
            coaching_session_id: session.id,
            action: live,
        };
        assert_eq!(stream.next_logged().await.decode(), expected, "{cursor}");
    }
}

#[tokio::test]
async fn header_cursor_wins_over_query() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    let zero = coach.get("/api/users/current").await.cursor();
    for text in ["one", "two"] {
        coach.add_action(&session, text).await;
    }
    let one = Cursor { seq: 1, ..zero.clone() };
    let replayed = async |request: reqwest::RequestBuilder| {
        let mut stream = Stream::send(request).await;
        assert!(stream.resumed());
        stream.next_logged().await.cursor().seq
    };
    let get = |query: String| coach.request(Method::GET, &format!("/api/sse{query}"));
    assert_eq!(replayed(get(format!("?last_event_id={zero}"))).await, 1);
    assert_eq!(replayed(get(format!("?lastEventId={zero}"))).await, 1);
    let header = get(format!("?last_event_id={zero}")).header("last-event-id", one.to_string());
    assert_eq!(replayed(header).await, 2);
    let stream = Stream::send(get(String::new()).header("last-event-id", "gone-1")).await;
    assert!(!stream.resumed());
}

#[tokio::test]
async fn log_outlives_restart_with_its_file() {
    let server = TestServer::start().await;
    let mut coach = server.sign_in("coach").await;
    let session = coach.today().await;
    let start = coach.get("/api/users/current").await.cursor();
    let missed = coach.add_action(&session, "while away").await;
    let server = TestServer::in_folder(server.stop().await, tuning(), &[]).await;
    coach.base.clone_from(&server.base);
    let mut stream = coach.stream_after(&start).await;
    assert!(stream.resumed());
    let expected = Event::ActionCreated {
        coaching_session_id: session.id,
        action: missed,
    };
    assert_eq!(stream.next_logged().await.decode(), expected);

    let elsewhere = TestServer::start().await;
    let stream = elsewhere.sign_in("coach").await.stream_after(&start).await;
    assert!(!stream.resumed());
}

#[tokio::test]
async fn pruned_cursor_is_not_resumed() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    let start = coach.get("/api/users/current").await.cursor();
    for number in 0..5 {
        coach.add_action(&session, &number.to_string()).await;
    }
    // The next start keeps two events; its first round of tidying up says so in the log.
    let folder = server.stop().await;
    let server = TestServer::in_folder(
        folder,
        Tuning {
            log_rows: 2,
            ..tuning()
        },
        &[],
    )
    .await;
    let coach = server.sign_in("coach").await;
    let resumes = async |seq| coach.stream_after(&Cursor { seq, ..start.clone() }).await.resumed();
    crate::common::soon("the log is pruned", async { while resumes(2).await {} }).await;
    assert!(resumes(3).await);
    assert!(resumes(5).await);
    // Positions go on where they were, although the newest rows might have been the pruned ones.
    coach.put(&format!("/api/users/{}", coach.id), json!({})).await.done();
    assert_eq!(coach.get("/api/users/current").await.cursor().seq, 6);
}
