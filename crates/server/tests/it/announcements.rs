//! What everybody is told.

use serde_json::json;
use wire::{Announcement, Event};

use crate::common::{TestServer, tuning};

/// Makes the administrator of the demo one of everything.
macro_rules! promote {
    ($server:expr) => {
        $server
            .sql(
                "UPDATE user_roles SET role = 'SuperAdmin', organization_id = NULL
                 WHERE user_id = (SELECT id FROM users WHERE email = 'admin@example.com')",
            )
            .await
    };
}

#[tokio::test]
async fn announcement_reaches_all_people_once() {
    let server = TestServer::start().await;
    promote!(server);
    let admin = server.sign_in("admin").await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let start = other.get("/api/users/current").await.cursor();
    let mut streams = [coach.stream().await, other.stream().await, admin.stream().await];
    let body = json!({ "title": "Tonight", "message": "We are away from ten to eleven." });
    let answer = admin.post("/api/announcements", body).await;
    assert_eq!(answer.status, 201);
    let announced: Announcement = answer.data();
    let expected = Event::SystemAnnouncement(announced.clone());
    for stream in &mut streams {
        assert_eq!(stream.next_logged().await.decode(), expected);
    }
    let own = other.add_action(&other.new_session().await, "own").await;
    assert_eq!(
        coach.get("/api/announcements").await.data::<Vec<Announcement>>(),
        [announced]
    );

    // Who was away is told as well, in its place among what is theirs alone; also after a restart.
    let server = TestServer::in_folder(server.stop().await, tuning(), &[]).await;
    let other = crate::common::Person {
        base: server.base.clone(),
        ..other
    };
    let mut stream = other.stream_after(&start).await;
    assert!(stream.resumed());
    assert_eq!(stream.next_logged().await.decode(), expected);
    let last = loop {
        if let Event::ActionCreated { action, .. } = stream.next_logged().await.decode() {
            break action;
        }
    };
    assert_eq!(last, own);
}

#[tokio::test]
async fn only_global_administrators_announce() {
    let server = TestServer::start().await;
    let (admin, coach) = (server.sign_in("admin").await, server.sign_in("coach").await);
    let body = json!({ "message": "Hear, hear" });
    for person in [&admin, &coach] {
        person
            .post("/api/announcements", body.clone())
            .await
            .refused(403, "forbidden");
    }
    server
        .stranger()
        .get("/api/announcements")
        .await
        .refused(401, "unauthorized");
    promote!(server);
    for body in [
        json!({}),
        json!({ "message": " " }),
        json!({ "message": "x".repeat(20_001) }),
        json!({ "message": "x", "title": "x".repeat(501) }),
    ] {
        admin
            .post("/api/announcements", body)
            .await
            .refused(422, "validation_error");
    }
    for (message, expires_at) in [("for ever", None), ("over", Some("2020-01-01T00:00:00Z"))] {
        let body = json!({ "message": message, "expires_at": expires_at });
        assert_eq!(admin.post("/api/announcements", body).await.status, 201);
    }
    let current: Vec<Announcement> = coach.get("/api/announcements").await.data();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0].message, "for ever");
}
