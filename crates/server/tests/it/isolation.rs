//! The second pair sees nothing of the first: no read, no write, no event, no replay.

use reqwest::Method;
use serde_json::json;
use wire::{Action, Agreement, CoachingSession, Event, Goal, ItemStatus, Organization};

use crate::common::TestServer;

#[tokio::test]
async fn pairs_are_isolated() {
    let server = TestServer::start().await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let admin = server.sign_in("admin").await;
    let session = coach.today().await;
    let (id, relationship) = (session.id, session.coaching_relationship_id);
    let actions: Vec<Action> = coach
        .get(&format!("/api/actions?coaching_session_id={id}"))
        .await
        .data();
    let agreements: Vec<Agreement> = coach
        .get(&format!("/api/agreements?coaching_session_id={id}"))
        .await
        .data();
    let goals: Vec<Goal> = coach
        .get(&format!("/api/goals?coaching_relationship_id={relationship}"))
        .await
        .data();
    let (action, agreement, goal) = (actions[0].id, agreements[0].id, goals[0].id);
    let deleted = coach.add_action(&session, "deleted").await.id;
    coach.delete(&format!("/api/actions/{deleted}")).await;
    let before = coach.get(&format!("/api/actions?coaching_session_id={id}")).await;

    let [organization] = coach.get("/api/organizations").await.data::<[Organization; 1]>();
    let organization = organization.id;
    let in_session = json!({ "coaching_session_id": id, "status": "NotStarted", "body": "mine now" });
    let in_pair =
        json!({ "coaching_relationship_id": relationship, "status": "NotStarted", "date": "2030-01-01T10:00:00" });
    let link = json!({ "goal_id": goal });
    let none = json!({});
    let title = json!({ "title": "mine now" });
    let text = json!({ "body": "mine now" });
    let user = coach.id;
    for (method, path, body) in [
        (Method::GET, format!("/api/users/{user}"), &none),
        (Method::GET, format!("/api/users/{user}/organizations"), &none),
        (Method::GET, format!("/api/users/{user}/coaching-relationships"), &none),
        (Method::GET, format!("/api/users/{user}/coaching_sessions"), &none),
        (Method::GET, format!("/api/users/{user}/actions"), &none),
        (
            Method::GET,
            format!("/api/coaching_sessions?coaching_relationship_id={relationship}"),
            &none,
        ),
        (
            Method::GET,
            format!("/api/organizations/{organization}/coaching_relationships/{relationship}"),
            &none,
        ),
        (Method::POST, "/api/coaching_sessions".to_owned(), &in_pair),
        (Method::GET, format!("/api/coaching_sessions/{id}"), &none),
        (Method::PUT, format!("/api/coaching_sessions/{id}"), &in_pair),
        (Method::PATCH, format!("/api/coaching_sessions/{id}/title"), &title),
        (Method::DELETE, format!("/api/coaching_sessions/{id}"), &none),
        (Method::GET, format!("/api/coaching_sessions/{id}/goals"), &none),
        (Method::POST, format!("/api/coaching_sessions/{id}/goals"), &link),
        (
            Method::DELETE,
            format!("/api/coaching_sessions/{id}/goals/{goal}"),
            &none,
        ),
        (
            Method::GET,
            format!("/api/coaching_sessions/goals?coaching_relationship_id={relationship}"),
            &none,
        ),
        (
            Method::GET,
            format!("/api/coaching_sessions/goals?coaching_session_ids={id}"),
            &none,
        ),
        (Method::GET, format!("/api/actions?coaching_session_id={id}"), &none),
        (Method::POST, "/api/actions".to_owned(), &in_session),
        (Method::GET, format!("/api/actions/{action}"), &none),
        (Method::PUT, format!("/api/actions/{action}"), &in_session),
        (Method::DELETE, format!("/api/actions/{action}"), &none),
        (Method::GET, format!("/api/agreements?coaching_session_id={id}"), &none),
        (Method::POST, "/api/agreements".to_owned(), &in_session),
        (Method::GET, format!("/api/agreements/{agreement}"), &none),
        (Method::PUT, format!("/api/agreements/{agreement}"), &in_session),
        (Method::DELETE, format!("/api/agreements/{agreement}"), &none),
        (
            Method::GET,
            format!("/api/goals?coaching_relationship_id={relationship}"),
            &none,
        ),
        (Method::POST, "/api/goals".to_owned(), &in_pair),
        (Method::GET, format!("/api/goals/{goal}"), &none),
        (Method::PUT, format!("/api/goals/{goal}"), &in_pair),
        (Method::DELETE, format!("/api/goals/{goal}"), &none),
        (Method::PATCH, format!("/api/coaching_sessions/{id}"), &title),
        (Method::PATCH, format!("/api/actions/{action}"), &text),
        (Method::PATCH, format!("/api/agreements/{agreement}"), &text),
        (Method::PATCH, format!("/api/goals/{goal}"), &title),
        (Method::GET, format!("/api/coaching_sessions/{id}/history"), &none),
        (Method::GET, format!("/api/actions/{action}/history"), &none),
        (Method::GET, format!("/api/agreements/{agreement}/history"), &none),
        (Method::GET, format!("/api/goals/{goal}/history"), &none),
        (Method::POST, format!("/api/actions/{action}/restore"), &none),
        (Method::POST, format!("/api/agreements/{agreement}/restore"), &none),
        (Method::POST, format!("/api/goals/{goal}/restore"), &none),
        // Nor of what was deleted.
        (Method::GET, format!("/api/actions/{deleted}"), &none),
        (Method::GET, format!("/api/actions/{deleted}/history"), &none),
        (Method::POST, format!("/api/actions/{deleted}/restore"), &none),
    ] {
        // An administrator of the organization takes no part in its sessions either.
        for person in [&other, &admin] {
            let answer = person.send(person.request(method.clone(), &path).json(body)).await;
            assert_eq!(answer.status, 403, "{method} {path}: {answer:?}");
            answer.refused(403, "forbidden");
        }
        let nobody = server.stranger();
        let answer = nobody.send(nobody.request(method, &path).json(body)).await;
        answer.refused(401, "unauthorized");
    }
    let after = coach.get(&format!("/api/actions?coaching_session_id={id}")).await;
    assert_eq!(
        (before.text.as_str(), before.cursor()),
        (after.text.as_str(), after.cursor())
    );
}

#[tokio::test]
async fn lists_of_one_pair_hold_nothing_of_another() {
    let server = TestServer::start().await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let mine = coach.relationship().await.id;
    let sessions = other.sessions().await;
    assert_eq!(sessions.len(), 2);
    assert!(sessions.iter().all(|session| session.coaching_relationship_id != mine));
    let actions: Vec<Action> = other.get(&format!("/api/users/{}/actions", other.id)).await.data();
    assert_eq!(actions, []);
    // Nor can one be smuggled in by a reference.
    let goals: Vec<Goal> = coach
        .get(&format!("/api/goals?coaching_relationship_id={mine}"))
        .await
        .data();
    let body = json!({ "coaching_session_id": sessions[0].id, "status": "NotStarted", "goal_id": goals[0].id });
    other.post("/api/actions", body).await.refused(422, "validation_error");
    let body = json!({
        "coaching_relationship_id": sessions[0].coaching_relationship_id, "status": "InProgress",
        "created_in_session_id": coach.today().await.id,
    });
    other.post("/api/goals", body).await.refused(422, "validation_error");
    assert!(goals.iter().any(|goal| goal.status == ItemStatus::InProgress));
}

#[tokio::test]
async fn replay_is_for_whoever_it_was_written_to() {
    let server = TestServer::start().await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let start = coach.get("/api/users/current").await.cursor();
    let secret = coach.add_action(&coach.today().await, "secret").await;
    let session: CoachingSession = other.sessions().await.swap_remove(0);
    let own = other.add_action(&session, "own").await;

    // Somebody else's cursor is as good as one's own: it is a position, not a permission.
    let mut theirs = other.stream_after(&start).await;
    assert!(theirs.resumed());
    let expected = Event::ActionCreated {
        coaching_session_id: session.id,
        action: own,
    };
    assert_eq!(theirs.next_logged().await.decode(), expected);
    let mut mine = coach.stream_after(&start).await;
    let expected = Event::ActionCreated {
        coaching_session_id: secret.coaching_session_id,
        action: secret,
    };
    assert_eq!(mine.next_logged().await.decode(), expected);
}

#[tokio::test]
async fn former_members_receive_no_events() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let start = coachee.get("/api/users/current").await.cursor();
    coach
        .add_action(&coach.today().await, "written while they were here")
        .await;
    assert_eq!(
        coachee.stream_after(&start).await.next_logged().await.event,
        "action_created"
    );

    server
        .sql("DELETE FROM user_roles WHERE user_id = (SELECT id FROM users WHERE email = 'coachee@example.com')")
        .await;
    let mut stream = coachee.stream_after(&start).await;
    assert!(stream.resumed());
    let profile = format!("/api/users/{}", coachee.id);
    coachee
        .put(&profile, json!({ "timezone": "Europe/Paris" }))
        .await
        .done();
    assert_eq!(
        stream.next_logged().await.event,
        "user_updated",
        "their own is all that is left"
    );
}
