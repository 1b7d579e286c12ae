//! People, organizations and relationships.

use serde_json::json;
use wire::{CoachingRelationship, CoachingSession, Organization, User, UserId};

use crate::common::{Person, TestServer};

#[tokio::test]
async fn everybody_reads_and_changes_themselves_only() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let path = format!("/api/users/{}", coach.id);
    let mut told = coachee.stream().await;

    let me: User = coach.get("/api/users/current").await.data();
    assert_eq!(coach.get(&path).await.data::<User>(), me);
    assert!(me.created_at.is_some());
    assert_eq!(me.default_coaching_session_duration_minutes, Some(60));
    coachee.get(&path).await.refused(403, "forbidden");
    coachee
        .put(&path, json!({ "first_name": "Mallory" }))
        .await
        .refused(403, "forbidden");
    coach.get("/api/users/not-an-id").await.refused(400, "bad_request");
    coach
        .get(&format!("/api/users/{}", UserId::from_u128(7)))
        .await
        .refused(403, "forbidden");

    coach
        .put(
            &path,
            json!({ "display_name": "Cora C.", "timezone": "America/Chicago", "id": 7 }),
        )
        .await
        .done();
    let changed: User = coach.get(&path).await.data();
    assert_eq!(
        (changed.display_name.as_deref(), changed.timezone.as_str()),
        (Some("Cora C."), "America/Chicago")
    );
    assert_eq!(
        (changed.first_name, changed.email),
        (me.first_name, me.email),
        "what is absent stays"
    );
    assert_eq!(told.next_logged().await.event, "user_updated");
}

#[tokio::test]
async fn a_profile_is_checked() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let path = format!("/api/users/{}", coach.id);
    for body in [
        json!({ "default_coaching_session_duration_minutes": 0 }),
        json!({ "default_coaching_session_duration_minutes": 481 }),
        json!({ "default_coaching_session_duration_minutes": -1 }),
        json!({ "first_name": "x".repeat(201) }),
        json!({ "last_name": " " }),
        json!({ "first_name": "Cora\0" }),
        json!({ "last_name": "Coach\nMallory" }),
        json!({ "display_name": "\u{202e}aroC" }),
        json!({ "email": "nowhere" }),
        json!({ "email": format!("{}@example.com", "ü".repeat(122)) }),
        json!({ "timezone": 7 }),
    ] {
        coach.put(&path, body).await.refused(422, "validation_error");
    }
    coach
        .put(&path, json!({ "default_coaching_session_duration_minutes": 25 }))
        .await
        .done();
    assert_eq!(
        coach
            .get(&path)
            .await
            .data::<User>()
            .default_coaching_session_duration_minutes,
        Some(25)
    );
    assert_eq!(coach.new_session().await.duration_minutes, 25);
}

#[tokio::test]
async fn a_profile_does_not_change_roles() {
    let server = TestServer::start().await;
    let coachee = server.sign_in("coachee").await;
    let path = format!("/api/users/{}", coachee.id);
    let before: User = coachee.get(&path).await.data();
    let roles = json!([{ "role": "SuperAdmin", "organization_id": null, "user_id": coachee.id }]);
    for body in [
        json!({ "roles": roles }),
        json!({ "role": "SuperAdmin" }),
        json!({ "is_admin": true }),
    ] {
        // As the contract has it, a field that is not known is passed over.
        coachee.put(&path, body).await.done();
    }
    assert_eq!(coachee.get(&path).await.data::<User>().roles, before.roles);
    let announcement = json!({ "title": "x", "message": "x", "kind": "info" });
    coachee
        .post("/api/announcements", announcement)
        .await
        .refused(403, "forbidden");
}

#[tokio::test]
async fn the_longest_email_address_still_signs_in() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let email = format!("{}@example.com", "ü".repeat(121));
    coach
        .put(
            &format!("/api/users/{}", coach.id),
            json!({ "email": email, "current_password": server::DEMO_PASSWORD }),
        )
        .await
        .done();
    let form = [("email", email.as_str()), ("password", server::DEMO_PASSWORD)];
    let request = coach.request(reqwest::Method::POST, "/api/login").form(&form);
    assert_eq!(coach.send(request).await.data::<User>().email, email);
}

#[tokio::test]
async fn organizations_and_relationships_are_those_of_the_reader() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let [organization] = coach.get("/api/organizations").await.data::<[Organization; 1]>();
    assert_eq!(
        (organization.name.as_str(), organization.slug.as_str()),
        ("Freshet Demo", "freshet-demo")
    );
    let theirs = format!("/api/users/{}/organizations", coach.id);
    assert_eq!(
        coach.get(&theirs).await.data::<Vec<Organization>>(),
        std::slice::from_ref(&organization)
    );
    coachee.get(&theirs).await.refused(403, "forbidden");

    let relationship = coach.relationship().await;
    assert_eq!((relationship.coach_id, relationship.coachee_id), (coach.id, coachee.id));
    assert_eq!(relationship.coachee_first_name, "Cee");
    assert_eq!(coachee.relationship().await, relationship);
    let list = format!("/api/organizations/{}/coaching_relationships", organization.id);
    assert_eq!(
        coach.get(&list).await.data::<Vec<CoachingRelationship>>(),
        std::slice::from_ref(&relationship)
    );
    let one = format!("{list}/{}", relationship.id);
    assert_eq!(coach.get(&one).await.data::<CoachingRelationship>(), relationship);

    for (role, count) in [("all", 1), ("coach", 1), ("coachee", 0)] {
        let path = format!("/api/users/{}/coaching-relationships?role={role}", coach.id);
        assert_eq!(
            coach.get(&path).await.data::<Vec<CoachingRelationship>>().len(),
            count,
            "{role}"
        );
    }
    let path = format!("/api/users/{}/coaching-relationships?role=boss", coach.id);
    coach.get(&path).await.refused(400, "bad_request");

    let nowhere = "/api/organizations/00000000-0000-0000-0000-000000000007/coaching_relationships";
    coach.get(nowhere).await.refused(404, "not_found");
    coach
        .get(&format!("{nowhere}/{}", relationship.id))
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn a_persons_sessions_can_be_narrowed_and_sorted() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let path = format!("/api/users/{}/coaching_sessions", coach.id);
    let sessions = coach.sessions().await;
    assert_eq!(sessions.len(), 5);
    assert!(sessions.is_sorted_by_key(|session| session.date));
    let list = async |query: String| {
        coach
            .get(&format!("{path}?{query}"))
            .await
            .data::<Vec<CoachingSession>>()
    };

    let (second, fourth) = (sessions[1].date.date(), sessions[3].date.date());
    assert_eq!(
        list(format!("from_date={second}&to_date={fourth}&sort_by=date")).await,
        sessions[1..=3]
    );
    assert_eq!(list(format!("from_date={second}&sort_by=date")).await, sessions[1..]);
    assert_eq!(list(format!("to_date={second}&sort_order=asc")).await, sessions[..=1]);
    let mut latest_first = list("sort_order=desc".to_owned()).await;
    latest_first.reverse();
    assert_eq!(latest_first, sessions);
    let relationship = sessions[0].coaching_relationship_id;
    assert_eq!(
        list(format!("coaching_relationship_id={relationship}&sort_by=date")).await,
        sessions
    );

    for query in ["from_date=yesterday", "sort_by=nothing", "coaching_relationship_id=7"] {
        coach.get(&format!("{path}?{query}")).await.refused(400, "bad_request");
    }
}

#[tokio::test]
async fn former_members_receive_no_profile_events() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let rename = async |person: &Person| {
        let path = format!("/api/users/{}", person.id);
        person.put(&path, json!({ "display_name": "Another" })).await.done();
    };
    let whose = |frame: wire::Event| match frame {
        wire::Event::UserUpdated { user_id } => user_id,
        other => panic!("{other:?}"),
    };
    let before = coachee.get("/api/users/current").await.cursor();
    let mut live = coachee.stream().await;
    rename(&coach).await;
    assert_eq!(whose(live.next_logged().await.decode()), coach.id);
    server
        .sql("DELETE FROM user_roles WHERE user_id = (SELECT id FROM users WHERE email = 'coachee@example.com')")
        .await;
    rename(&coach).await;
    rename(&coachee).await;
    assert_eq!(whose(live.next_logged().await.decode()), coachee.id, "live");
    let mut replayed = coachee.stream_after(&before).await;
    assert!(replayed.resumed());
    assert_eq!(whose(replayed.next_logged().await.decode()), coachee.id, "from the log");
    // Those who are left are told as before.
    let mut told = coach.stream_after(&before).await;
    for id in [coach.id, coach.id, coachee.id] {
        assert_eq!(whose(told.next_logged().await.decode()), id);
    }
}
