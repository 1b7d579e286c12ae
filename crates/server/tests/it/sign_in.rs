//! Signing in and out, and the cookie that stands for it.

use std::time::Duration;

use reqwest::Method;
use wire::User;

use crate::common::{Person, TestServer, tuning};

async fn log_in(person: &Person, form: &[(&str, &str)]) -> crate::common::Answer {
    person.send(person.request(Method::POST, "/api/login").form(form)).await
}

#[tokio::test]
async fn sign_in_sets_http_only_cookie() {
    let server = TestServer::start().await;
    let stranger = server.stranger();
    let answer = log_in(
        &stranger,
        &[("email", " Coach@Example.com "), ("password", "freshet-demo")],
    )
    .await;
    let user: User = answer.data();
    assert_eq!(
        (user.email.as_str(), user.first_name.as_str()),
        ("coach@example.com", "Cora")
    );
    assert_eq!(user.roles.len(), 1);
    let cookie = answer.header("set-cookie");
    for part in [
        "freshet_session=",
        "HttpOnly",
        "SameSite=Lax",
        "Path=/",
        "Max-Age=86400",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "this is 127.0.0.1: {cookie}");

    let abroad = stranger
        .request(Method::POST, "/api/login")
        .header("host", "app.example")
        .form(&[("email", "coach@example.com"), ("password", "freshet-demo")]);
    let abroad = stranger.send(abroad).await;
    let cookie = abroad.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-freshet_session=") && cookie.contains("Secure"),
        "{cookie}"
    );
    let token = cookie.split(';').next().unwrap();
    let back = stranger
        .request(Method::GET, "/api/users/current")
        .header("cookie", token);
    assert_eq!(stranger.send(back.header("host", "app.example")).await.status, 200);
}

#[tokio::test]
async fn wrong_password_equals_unknown_person() {
    let server = TestServer::start().await;
    let stranger = server.stranger();
    let wrong = log_in(&stranger, &[("email", "coach@example.com"), ("password", "wrong")]).await;
    let unknown = log_in(
        &stranger,
        &[("email", "nobody@example.com"), ("password", "freshet-demo")],
    )
    .await;
    wrong.refused(401, "unauthorized");
    assert_eq!(wrong.text, unknown.text);
    assert!(wrong.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_form_is_what_signs_in() {
    let server = TestServer::start().await;
    let stranger = server.stranger();
    let body = serde_json::json!({ "email": "coach@example.com", "password": "freshet-demo" });
    stranger
        .post("/api/login", body)
        .await
        .refused(415, "unsupported_media_type");
    log_in(&stranger, &[("email", "coach@example.com")])
        .await
        .refused(422, "validation_error");
    stranger.get("/api/login").await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn signing_out_ends_this_sign_in_only() {
    let server = TestServer::start().await;
    let (here, there) = (server.sign_in("coach").await, server.sign_in("coach").await);
    let answer = here.delete("/api/delete").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    here.get("/api/users/current").await.refused(401, "unauthorized");
    here.delete("/api/delete").await.refused(401, "unauthorized");
    assert_eq!(there.get("/api/users/current").await.data::<User>().id, there.id);
}

#[tokio::test]
async fn second_sign_in_replaces_the_first() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let form = [("email", "coachee@example.com"), ("password", "freshet-demo")];
    let answer = log_in(&coach, &form).await;
    assert_eq!(answer.data::<User>().email, "coachee@example.com");
    assert!(
        !answer.header("set-cookie").contains(&coach.cookie),
        "never the token that was there before"
    );
    coach.get("/api/users/current").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn sign_in_outlives_restart_until_expiry() {
    let server = TestServer::start().await;
    let mut coach = server.sign_in("coach").await;
    let folder = server.stop().await;
    let server = TestServer::in_folder(folder, tuning(), &[]).await;
    coach.base.clone_from(&server.base);
    assert_eq!(coach.get("/api/users/current").await.status, 200);

    server
        .sql("UPDATE sign_ins SET expires_at = CAST(unixepoch('subsec') * 1000000 AS INTEGER)")
        .await;
    coach.get("/api/users/current").await.refused(401, "unauthorized");
    coach.get("/api/sse").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn using_a_sign_in_renews_it() {
    let day = Duration::from_secs(24 * 60 * 60);
    let server = TestServer::tuned(server::Tuning {
        sign_in_idle: day,
        ..tuning()
    })
    .await;
    let mut coach = server.sign_in("coach").await;
    let fresh = coach.get("/api/users/current").await;
    assert!(
        fresh.headers.get("set-cookie").is_none(),
        "a read is not a write each time"
    );
    // The same sign-in under a server that lets it live longer is due for renewal.
    let folder = server.stop().await;
    let longer = server::Tuning {
        sign_in_idle: day * 2,
        ..tuning()
    };
    let server = TestServer::in_folder(folder, longer, &[]).await;
    coach.base.clone_from(&server.base);
    let renewed = coach.get("/api/users/current").await;
    let cookie = renewed.header("set-cookie");
    assert!(
        cookie.contains(&coach.cookie) && cookie.contains("Max-Age=172800"),
        "{cookie}"
    );
    assert!(
        coach
            .get("/api/users/current")
            .await
            .headers
            .get("set-cookie")
            .is_none()
    );
}

#[tokio::test]
async fn unrenewed_sign_in_still_reads() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    server
        .sql(
            "UPDATE sign_ins SET expires_at = expires_at - 12 * 60 * 60 * 1000000;
             CREATE TRIGGER no_renewal BEFORE UPDATE ON sign_ins BEGIN SELECT raise(FAIL, 'the disk is full'); END",
        )
        .await;
    let read = coach.get("/api/users/current").await;
    assert_eq!(read.data::<User>().id, coach.id);
    assert!(read.headers.get("set-cookie").is_none());
    server.sql("DROP TRIGGER no_renewal").await;
    let read = coach.get("/api/users/current").await;
    assert!(
        read.header("set-cookie").contains(&coach.cookie),
        "the next one tries again"
    );
}

#[tokio::test]
async fn nothing_under_the_api_is_for_strangers() {
    let server = TestServer::start().await;
    let stranger = server.stranger();
    for path in [
        "/api/users/current",
        "/api/organizations",
        "/api/actions",
        "/api/goals",
        "/api/coaching_sessions",
        "/api/coaching_sessions/goals",
    ] {
        stranger.get(path).await.refused(401, "unauthorized");
    }
    stranger
        .post("/api/actions", serde_json::json!({}))
        .await
        .refused(401, "unauthorized");
    stranger.get("/api/nothing/here").await.refused(404, "not_found");
    assert_eq!(stranger.get("/healthz").await.text, "healthy");
}

#[tokio::test]
async fn sign_in_has_an_absolute_end() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    // Twenty-nine days and some hours later.
    server
        .sql("UPDATE sign_ins SET created_at = created_at - 29.9 * 24 * 60 * 60 * 1000000")
        .await;
    server
        .sql("UPDATE sign_ins SET expires_at = expires_at - 23 * 60 * 60 * 1000000")
        .await;
    let renewed = coach.get("/api/users/current").await;
    let cookie = renewed.header("set-cookie");
    let lifetime = cookie.split("Max-Age=").nth(1).unwrap();
    let seconds: u64 = lifetime.split(';').next().unwrap().parse().unwrap();
    assert!((8_000..=8_640).contains(&seconds), "a tenth of a day is left: {cookie}");
    let again = coach.get("/api/users/current").await;
    assert!(again.headers.get("set-cookie").is_none(), "it can not be put off");
    server
        .sql("UPDATE sign_ins SET created_at = created_at - 3 * 60 * 60 * 1000000")
        .await;
    let late = coach.get("/api/users/current").await;
    assert!(late.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_shorter_life_holds_for_old_sign_ins() {
    let server = TestServer::start().await;
    let mut coach = server.sign_in("coach").await;
    server
        .sql("UPDATE sign_ins SET created_at = created_at - 3 * 60 * 60 * 1000000")
        .await;
    let folder = server.stop().await;
    let shorter = server::Tuning {
        sign_in_lifetime: Duration::from_secs(2 * 60 * 60),
        ..tuning()
    };
    let server = TestServer::in_folder(folder, shorter, &[]).await;
    coach.base.clone_from(&server.base);
    coach.get("/api/users/current").await.refused(401, "unauthorized");
    let cookie = server.sign_in("coach").await;
    assert_eq!(cookie.get("/api/users/current").await.status, 200);
}

#[tokio::test]
async fn a_media_type_may_have_capitals() {
    let server = TestServer::start().await;
    let stranger = server.stranger();
    let body = format!("email=coach%40example.com&password={}", server::DEMO_PASSWORD);
    for media_type in [
        "Application/X-WWW-Form-URLencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
    ] {
        let request = stranger.request(Method::POST, "/api/login");
        let request = request.header("content-type", media_type).body(body.clone());
        assert_eq!(stranger.send(request).await.status, 200, "{media_type}");
    }
    let coach = server.sign_in("coach").await;
    for media_type in ["Application/JSON", "APPLICATION/Problem+JSON; charset=utf-8"] {
        let request = coach.request(Method::PUT, &format!("/api/users/{}", coach.id));
        let request = request.header("content-type", media_type).body("{}");
        coach.send(request).await.done();
    }
}
