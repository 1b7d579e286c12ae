//! Coaching sessions.

use serde_json::json;
use wire::{CoachingSession, CoachingSessionId, Event, Goal};

use crate::common::TestServer;

#[tokio::test]
async fn participants_create_sessions_with_goals() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let relationship = coach.relationship().await.id;
    let mut told = coach.stream().await;
    let body = json!({
        "coaching_relationship_id": relationship, "date": "2030-05-06T07:08:09.5", "title": "  ",
        "meeting_url": "https://meet.example/x", "id": "ignored", "hydrated_at": 7,
    });
    let answer = coachee.post("/api/coaching_sessions", body).await;
    assert_eq!(answer.status, 201);
    let session: CoachingSession = answer.data();
    assert_eq!(session.date.to_string(), "2030-05-06 07:08:00", "cut to the minute");
    assert_eq!((session.duration_minutes, session.title.as_deref()), (60, None));
    assert!(session.hydrated_at.is_some());

    let linked: Vec<Goal> = coach
        .get(&format!("/api/coaching_sessions/{}/goals", session.id))
        .await
        .data();
    assert_eq!(linked.len(), 2, "the goals in progress");
    let planned = Event::CoachingSessionTitleUpdated {
        coaching_session_id: session.id,
    };
    assert_eq!(told.next_logged().await.decode(), planned, "before anything about it");
    for goal in linked {
        let expected = Event::CoachingSessionGoalCreated {
            coaching_relationship_id: relationship,
            coaching_session_id: session.id,
            goal_id: goal.id,
        };
        assert_eq!(told.next_logged().await.decode(), expected);
    }
    let shown = coach.sessions().await;
    let shown = shown.iter().find(|other| other.id == session.id).unwrap();
    assert_eq!(shown.display_title.as_deref(), Some("Hand over the release process"));
}

#[tokio::test]
async fn a_session_is_checked() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let relationship = coach.relationship().await.id;
    let with = |field: &str, value: serde_json::Value| {
        let mut body = json!({ "coaching_relationship_id": relationship, "date": "2030-01-01T10:00:00" });
        body[field] = value;
        body
    };
    for body in [
        with("date", json!("2030-01-01")),
        with("date", json!("2030-01-01T10:00:00Z")),
        with("date", json!(null)),
        with("duration_minutes", json!(0)),
        with("duration_minutes", json!(481)),
        with("title", json!("x".repeat(501))),
        with("meeting_url", json!("javascript:alert(1)")),
        with("provider", json!("Zoom")),
        with("provider", json!("")),
        with("coaching_relationship_id", json!("7")),
    ] {
        coach
            .post("/api/coaching_sessions", body)
            .await
            .refused(422, "validation_error");
    }
    let nobodys = with("coaching_relationship_id", json!(CoachingSessionId::from_u128(7)));
    coach
        .post("/api/coaching_sessions", nobodys)
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn session_provider_is_known_or_absent() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let relationship = coach.relationship().await.id;
    let body = json!({
        "coaching_relationship_id": relationship, "date": "2030-01-01T10:00:00", "provider": "google",
    });
    let session: CoachingSession = coach.post("/api/coaching_sessions", body).await.data();
    assert_eq!(session.provider.as_deref(), Some("google"));
    let path = format!("/api/coaching_sessions/{}", session.id);
    for (provider, stored) in [(json!("zoom"), Some("zoom")), (json!(null), None)] {
        let body = json!({ "date": "2030-01-01T10:00:00", "provider": provider });
        coach.put(&path, body).await.done();
        let read: CoachingSession = coach.get(&path).await.data();
        assert_eq!(read.provider.as_deref(), stored);
    }
    let body = json!({ "date": "2030-01-01T10:00:00", "provider": "webex" });
    coach.put(&path, body).await.refused(422, "validation_error");
}

#[tokio::test]
async fn first_read_links_goals_once() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let next = coach.sessions().await.swap_remove(3);
    assert_eq!(next.hydrated_at, None);
    let mut told = coachee.stream().await;
    let path = format!("/api/coaching_sessions/{}", next.id);
    let (one, two) = tokio::join!(coach.get(&path), coachee.get(&path));
    let opened: CoachingSession = one.data();
    assert!(opened.hydrated_at.is_some());
    assert_eq!(two.data::<CoachingSession>(), opened);
    for _ in 0..2 {
        assert_eq!(told.next_logged().await.event, "coaching_session_goal_created");
    }
    // Nothing is left over from the second reader: the next event is this one.
    coach
        .patch(&format!("{path}/title"), json!({ "title": "Next" }))
        .await
        .data::<CoachingSession>();
    assert_eq!(told.next_logged().await.event, "coaching_session_title_updated");
    assert!(one.cursor().seq >= 2 || two.cursor().seq >= 2);
}

#[tokio::test]
async fn only_the_coach_replaces_a_session() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let path = format!("/api/coaching_sessions/{}", session.id);
    let mut told = coachee.stream().await;
    let body = json!({ "date": "2031-01-01T10:00:30", "duration_minutes": 30 });
    coachee.put(&path, body.clone()).await.refused(403, "forbidden");
    coach.put(&path, body).await.done();
    let changed: CoachingSession = coachee.get(&path).await.data();
    assert_eq!(
        (changed.duration_minutes, changed.title.as_deref()),
        (30, None),
        "what is absent becomes null"
    );
    assert_eq!(changed.ical_sequence, session.ical_sequence + 1);
    assert_eq!(changed.updated_at, session.updated_at);
    assert_eq!(told.next_logged().await.event, "coaching_session_title_updated");
    coach
        .put(&path, json!({ "duration_minutes": 30 }))
        .await
        .refused(422, "validation_error");
}

#[tokio::test]
async fn either_participant_gives_a_session_a_title() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let path = format!("/api/coaching_sessions/{}/title", session.id);
    let mut told = coach.stream().await;
    let longest = "ü".repeat(500);
    for (body, title) in [
        (json!({ "title": longest }), Some(longest.as_str())),
        (json!({ "title": "   " }), None),
        (json!({ "title": "Back" }), Some("Back")),
        (json!({ "title": null }), None),
        (json!({}), None),
    ] {
        let changed: CoachingSession = coachee.patch(&path, body).await.data();
        assert_eq!(changed.title.as_deref(), title);
        let expected = Event::CoachingSessionTitleUpdated {
            coaching_session_id: session.id,
        };
        assert_eq!(told.next_logged().await.decode(), expected);
    }
    coachee
        .patch(&path, json!({ "title": "x".repeat(501) }))
        .await
        .refused(422, "validation_error");
}

#[tokio::test]
async fn coach_deletes_only_empty_sessions() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let busy = format!("/api/coaching_sessions/{}", coach.today().await.id);
    let refusal = coach.delete(&busy).await.refused(409, "conflict");
    assert_eq!(refusal.details, Some(json!({ "actions": 4, "agreements": 1 })));

    let session = coach.new_session().await;
    let path = format!("/api/coaching_sessions/{}", session.id);
    let mut told = coachee.stream().await;
    coachee.delete(&path).await.refused(403, "forbidden");
    coach.delete(&path).await.done();
    let removed = Event::CoachingSessionTitleUpdated {
        coaching_session_id: session.id,
    };
    assert_eq!(told.next_logged().await.decode(), removed);
    coach.delete(&path).await.refused(404, "not_found");
    coach.get(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_relationships_sessions_are_listed() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let sessions = coach.sessions().await;
    let relationship = sessions[0].coaching_relationship_id;
    let path = format!("/api/coaching_sessions?coaching_relationship_id={relationship}");
    let today = sessions[2].date.date();
    let found: Vec<CoachingSession> = coach
        .get(&format!("{path}&from_date={today}&to_date={today}"))
        .await
        .data();
    assert_eq!(found, sessions[2..=2]);
    assert_eq!(
        coach.get(&path).await.data::<Vec<CoachingSession>>(),
        sessions,
        "in order of creation"
    );
    coach.get("/api/coaching_sessions").await.refused(400, "bad_request");
    coach
        .get(&format!("{path}&sort_by=nope"))
        .await
        .refused(400, "bad_request");
    let unknown = CoachingSessionId::from_u128(7);
    coach
        .get(&format!("/api/coaching_sessions?coaching_relationship_id={unknown}"))
        .await
        .refused(404, "not_found");
    coach
        .get(&format!("/api/coaching_sessions/{unknown}"))
        .await
        .refused(404, "not_found");
    coach.get("/api/coaching_sessions/7").await.refused(400, "bad_request");
}
