//! One's own account: the email address, the password, and the sign-ins.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::SET_COOKIE;
use serde_json::{Value, json};
use server::{DEMO_PASSWORD, Tuning};
use wire::User;

use crate::common::{Answer, Person, TestServer, tuning};

/// A password that nobody guesses.
const NEW: &str = "four words and a teapot";

fn own(person: &Person) -> String {
    format!("/api/users/{}", person.id)
}

async fn sign_in(server: &TestServer, email: &str, password: &str) -> Answer {
    let stranger = server.stranger();
    let form = [("email", email), ("password", password)];
    stranger
        .send(stranger.request(Method::POST, "/api/login").form(&form))
        .await
}

async fn change_password(person: &Person, current: &str, new: &str) -> Answer {
    let body = json!({ "current_password": current, "password": new });
    person.put(&format!("{}/password", own(person)), body).await
}

async fn sign_ins(person: &Person) -> Vec<Value> {
    person.get("/api/sign_ins").await.data()
}

/// The id of the sign-in by which somebody asks.
async fn current(person: &Person) -> String {
    let list = sign_ins(person).await;
    let mut current = list.iter().filter(|sign_in| sign_in["is_current"] == true);
    let id = current.next().unwrap()["id"].as_str().unwrap().to_owned();
    assert!(current.next().is_none());
    id
}

#[tokio::test]
async fn an_email_address_changes_with_the_password() {
    let server = TestServer::start().await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let mut told = coachee.stream().await;
    let path = own(&coach);
    let missing = coach.put(&path, json!({ "email": "cora@example.com" })).await;
    let missing = missing.refused(422, "validation_error").message;
    assert!(missing.contains("current_password"), "{missing}");
    let body = json!({ "email": "cora@example.com", "current_password": "wrong" });
    let wrong = coach.put(&path, body).await.refused(422, "wrong_password").message;
    assert!(wrong.contains("current_password"), "{wrong}");
    assert_eq!(sign_in(&server, "coach@example.com", DEMO_PASSWORD).await.status, 200);

    // Sending back what was read changes nothing, and does not ask for the password.
    let same = json!({ "email": " coach@example.com ", "timezone": "Europe/Paris" });
    coach.put(&path, same).await.done();
    assert_eq!(told.next_logged().await.event, "user_updated");
    let body = json!({ "email": "Cora@Example.com", "current_password": DEMO_PASSWORD });
    coach.put(&path, body).await.done();
    assert_eq!(told.next_logged().await.event, "user_updated");
    assert_eq!(coach.get(&path).await.data::<User>().email, "Cora@Example.com");
    assert_eq!(sign_in(&server, "cora@example.com", DEMO_PASSWORD).await.status, 200);
    sign_in(&server, "coach@example.com", DEMO_PASSWORD)
        .await
        .refused(401, "unauthorized");
}

#[tokio::test]
async fn a_taken_address_is_refused_like_any_other() {
    let server = TestServer::start().await;
    let (coach, other) = (server.sign_in("coach").await, server.sign_in("coach2").await);
    let change = async |person: &Person, email: &str| {
        let body = json!({ "email": email, "current_password": DEMO_PASSWORD });
        person.put(&own(person), body).await
    };
    let mut answers = Vec::new();
    for unusable in [
        "coachee@example.com",
        " COACHEE@Example.com",
        "nowhere",
        "a b@example.com",
        "a\0@example.com",
        "a\u{202e}@example.com",
        "a\u{200b}@example.com",
    ] {
        answers.push(change(&coach, unusable).await);
    }
    answers[0].refused(422, "validation_error");
    assert!(
        answers.iter().all(|answer| answer.text == answers[0].text),
        "{answers:?}"
    );
    // However its letters are composed, and however large they are.
    change(&coach, "m\u{fc}ller@example.com").await.done();
    let taken = change(&other, "MU\u{308}LLER@example.com").await;
    assert_eq!(taken.text, answers[0].text);
    let back = sign_in(&server, "Mu\u{308}ller@EXAMPLE.com", DEMO_PASSWORD).await;
    assert_eq!(back.data::<User>().id, coach.id);
}

#[tokio::test]
async fn few_addresses_can_be_tried_for_an_account() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let take = async |email: String| {
        let body = json!({ "email": email, "current_password": DEMO_PASSWORD });
        coach.put(&own(&coach), body).await
    };
    for number in 0..4 {
        take(format!("cora{number}@example.com")).await.done();
    }
    take("coachee@example.com".to_owned())
        .await
        .refused(422, "validation_error");
    for email in ["coachee@example.com", "cora9@example.com"] {
        let refused = take(email.to_owned()).await;
        refused.refused(429, "rate_limited");
        assert!(
            refused.header("retry-after").parse::<u64>().unwrap() > 600,
            "{refused:?}"
        );
    }
    coach
        .put(&own(&coach), json!({ "timezone": "Europe/Paris" }))
        .await
        .done();
}

#[tokio::test]
async fn another_password_ends_all_other_sign_ins() {
    let mut server = TestServer::start().await;
    let (here, there) = (server.sign_in("coach").await, server.sign_in("coach").await);
    let (mut mine, theirs) = (here.stream().await, there.stream().await);
    change_password(&here, DEMO_PASSWORD, NEW).await.done();
    assert_eq!(theirs.rest().await, []);
    there.get("/api/users/current").await.refused(401, "unauthorized");
    server.streams_become(1).await;
    here.add_action(&here.today().await, "still here").await;
    assert_eq!(mine.next_logged().await.event, "action_created");

    sign_in(&server, "coach@example.com", DEMO_PASSWORD)
        .await
        .refused(401, "unauthorized");
    assert_eq!(sign_in(&server, "coach@example.com", NEW).await.status, 200);
    assert_eq!(sign_in(&server, "coachee@example.com", DEMO_PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_new_password_is_long_and_uncommon() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    for (new, word, says) in [
        ("eleven char", "validation_error", "at least 12"),
        (&"x".repeat(129), "validation_error", "at most 128"),
        ("password1234", "weak_password", "very common"),
        ("coach@example.com", "weak_password", "your own name"),
        ("aaaaaaaaaaaaaaaa", "weak_password", "easy to guess"),
    ] {
        let refused = change_password(&coach, DEMO_PASSWORD, new).await;
        let message = refused.refused(422, word).message;
        assert!(message.starts_with("password ") && message.contains(says), "{message}");
    }
    for body in [
        json!({}),
        json!({ "current_password": DEMO_PASSWORD }),
        json!({ "password": NEW }),
        json!({ "current_password": 7, "password": NEW }),
    ] {
        let path = format!("{}/password", own(&coach));
        coach.put(&path, body).await.refused(422, "validation_error");
    }
    assert_eq!(sign_in(&server, "coach@example.com", DEMO_PASSWORD).await.status, 200);
    // Spaces and any letters are allowed, and none is cut off.
    let long = "ключ от старого сарая ".repeat(5);
    change_password(&coach, DEMO_PASSWORD, &long).await.done();
    sign_in(&server, "coach@example.com", long.trim_end())
        .await
        .refused(401, "unauthorized");
    assert_eq!(sign_in(&server, "coach@example.com", &long).await.status, 200);
}

#[tokio::test]
async fn nobody_changes_a_password_without_it() {
    let server = TestServer::tuned(Tuning {
        failures_at_once: 3,
        failure_wait: Duration::from_secs(60),
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let theirs = json!({ "current_password": DEMO_PASSWORD, "password": NEW });
    let path = format!("{}/password", own(&coach));
    coachee.put(&path, theirs.clone()).await.refused(403, "forbidden");
    server.stranger().put(&path, theirs).await.refused(401, "unauthorized");
    for _ in 0..3 {
        change_password(&coach, "wrong", NEW)
            .await
            .refused(422, "wrong_password");
    }
    let limited = change_password(&coach, DEMO_PASSWORD, NEW).await;
    limited.refused(429, "rate_limited");
    assert!(limited.header("retry-after").parse::<u64>().unwrap() > 0);
    // Signing in is counted apart.
    assert_eq!(sign_in(&server, "coach@example.com", DEMO_PASSWORD).await.status, 200);
}

#[tokio::test]
async fn nothing_is_kept_of_a_password() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let path = format!("{}/password", own(&coach));
    for (path, body) in [
        (
            own(&coach),
            json!({ "email": "cora@example.com", "current_password": DEMO_PASSWORD }),
        ),
        (
            own(&coach),
            json!({ "email": "nowhere", "current_password": DEMO_PASSWORD }),
        ),
        (
            path.clone(),
            json!({ "current_password": DEMO_PASSWORD, "password": "short" }),
        ),
        (path, json!({ "current_password": DEMO_PASSWORD, "password": NEW })),
    ] {
        let request = coach.request(Method::PUT, &path).header("idempotency-key", "k");
        let answer = coach.send(request.json(&body)).await;
        assert!(answer.headers.get("idempotent-replayed").is_none(), "{answer:?}");
    }
    assert_eq!(server.count("SELECT count(*) FROM idempotency_keys").await, 0);
    let request = coach.request(Method::PUT, &own(&coach)).header("idempotency-key", "k");
    let body = json!({ "timezone": "Europe/Paris" });
    coach.send(request.json(&body)).await.done();
    assert_eq!(server.count("SELECT count(*) FROM idempotency_keys").await, 1);
}

#[tokio::test]
async fn own_sign_ins_are_listed_and_no_others() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    server.sign_in("coachee").await;
    let stranger = server.stranger();
    let form = [("email", "coach@example.com"), ("password", DEMO_PASSWORD)];
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let request = stranger.request(Method::POST, "/api/login").form(&form);
    stranger.send(request.header("user-agent", agent)).await;
    let list = sign_ins(&coach).await;
    let [newest, own] = &list[..] else { panic!("{list:?}") };
    assert_eq!(
        (&newest["device"], &newest["is_current"]),
        (&json!("Firefox on Linux"), &json!(false))
    );
    assert_eq!((&own["device"], &own["is_current"]), (&Value::Null, &json!(true)));
    for sign_in in &list {
        for moment in ["created_at", "last_used_at", "expires_at"] {
            assert!(sign_in[moment].is_string(), "{sign_in}");
        }
        let text = sign_in.to_string();
        let token = coach.cookie.split_once('=').unwrap().1;
        assert!(!text.contains(token) && !text.contains("hash"), "{text}");
    }
    server
        .stranger()
        .get("/api/sign_ins")
        .await
        .refused(401, "unauthorized");
}

#[tokio::test]
async fn one_sign_in_ends_with_its_streams() {
    let server = TestServer::start().await;
    let (here, there) = (server.sign_in("coach").await, server.sign_in("coach").await);
    let coachee = server.sign_in("coachee").await;
    let (mut mine, theirs) = (here.stream().await, there.stream().await);
    let id = current(&there).await;
    let path = format!("/api/sign_ins/{id}");
    coachee.delete(&path).await.refused(403, "forbidden");
    here.delete(&path).await.done();
    assert_eq!(theirs.rest().await, []);
    there.get("/api/users/current").await.refused(401, "unauthorized");
    here.delete(&path).await.refused(404, "not_found");
    here.delete("/api/sign_ins/nonsense").await.refused(400, "bad_request");
    here.add_action(&here.today().await, "still here").await;
    assert_eq!(mine.next_logged().await.event, "action_created");

    // One's own is signing out.
    let answer = here.delete(&format!("/api/sign_ins/{}", current(&here).await)).await;
    answer.done();
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(mine.rest().await, []);
    here.get("/api/users/current").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn all_other_sign_ins_end_together() {
    let server = TestServer::start().await;
    let here = server.sign_in("coach").await;
    let others = [server.sign_in("coach").await, server.sign_in("coach").await];
    let coachee = server.sign_in("coachee").await;
    let (mut mine, mut partner) = (here.stream().await, coachee.stream().await);
    let streams = [others[0].stream().await, others[1].stream().await];
    here.delete("/api/sign_ins").await.done();
    for stream in streams {
        assert_eq!(stream.rest().await, []);
    }
    for other in &others {
        other.get("/api/users/current").await.refused(401, "unauthorized");
    }
    assert_eq!(sign_ins(&here).await.len(), 1);
    here.add_action(&here.today().await, "still here").await;
    for stream in [&mut mine, &mut partner] {
        assert_eq!(stream.next_logged().await.event, "action_created");
    }
}

#[tokio::test]
async fn addresses_of_an_older_database_are_completed() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    // As another program writes them, which knows of no key.
    server
        .sql("UPDATE users SET email = 'M' || char(220) || 'LLER@Example.com' WHERE email = 'coach@example.com'")
        .await;
    server
        .sql("UPDATE users SET email = 'Dee@Example.com' WHERE email = 'coachee@example.com'")
        .await;
    assert_eq!(sign_in(&server, "dee@example.com", DEMO_PASSWORD).await.status, 200);
    let folder = server.stop().await;
    let server = TestServer::in_folder(folder, tuning(), &[]).await;
    let answer = sign_in(&server, "mu\u{308}ller@example.com", DEMO_PASSWORD).await;
    let cookies = answer.headers.get_all(SET_COOKIE).iter().count();
    assert_eq!((answer.data::<User>().id, cookies), (coach.id, 2));
}
