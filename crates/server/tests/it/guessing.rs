//! Guessing passwords, from one place and from many.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::SET_COOKIE;
use server::{DEMO_PASSWORD, Tuning};

use crate::common::{Answer, TestServer, tuning};

/// Attempts through a proxy that is believed, so that they come from anywhere.
async fn server(tuning: Tuning) -> TestServer {
    TestServer::with(tuning, &["--trusted-proxy", "127.0.0.1"]).await
}

async fn guess(server: &TestServer, from: &str, email: &str, password: &str, cookie: &str) -> Answer {
    let stranger = server.stranger();
    let request = stranger
        .request(Method::POST, "/api/login")
        .header("x-forwarded-for", from);
    let request = request.header("cookie", cookie);
    let form = [("email", email), ("password", password)];
    stranger.send(request.form(&form)).await
}

/// The `name=value` by which a browser is known after this answer.
fn device_cookie(answer: &Answer) -> String {
    let cookies = answer
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|cookie| cookie.to_str().unwrap());
    let mut devices = cookies.filter(|cookie| cookie.starts_with("freshet_device_"));
    let cookie = devices.next().unwrap_or_else(|| panic!("{answer:?}"));
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15552000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_account_is_guessed_few_times_from_anywhere() {
    let server = server(Tuning {
        failures_at_once: 10,
        failure_wait: Duration::from_secs(60),
        ..tuning()
    })
    .await;
    // Somebody who exists and somebody who does not: neither shows.
    for email in ["coach@example.com", "nobody@example.com"] {
        let mut looked_at = 0;
        for number in 0..60 {
            let email = if number % 2 == 0 {
                email.to_owned()
            } else {
                email.to_uppercase()
            };
            let from = format!("10.0.{}.{number}", number % 7);
            let answer = guess(&server, &from, &email, "wrong", "").await;
            match answer.status {
                401 => looked_at += 1,
                _ => {
                    answer.refused(429, "rate_limited");
                    let wait = answer.header("retry-after").parse::<u64>().unwrap();
                    assert!((1..=61).contains(&wait), "{wait}");
                }
            }
        }
        assert_eq!(looked_at, 10);
    }
    let others = guess(&server, "10.0.0.1", "coachee@example.com", DEMO_PASSWORD, "").await;
    assert_eq!(others.status, 200);
}

#[tokio::test]
async fn the_owner_gets_in_on_a_known_device() {
    let server = server(Tuning {
        failures_at_once: 3,
        failure_wait: Duration::from_secs(60),
        sign_ins_per_minute: 20,
        ..tuning()
    })
    .await;
    let (email, home) = ("coach@example.com", "10.0.0.1");
    let first = guess(&server, home, email, DEMO_PASSWORD, "").await;
    let device = device_cookie(&first);
    // Others guess until nobody gets in any more, from the owner's own address as well.
    let exhaust = async || {
        for number in 0..200 {
            let from = if number % 2 == 0 {
                home.to_owned()
            } else {
                format!("10.1.0.{number}")
            };
            guess(&server, &from, email, "wrong", "").await;
        }
        let stranger = guess(&server, "10.9.9.9", email, DEMO_PASSWORD, "").await;
        stranger.refused(429, "rate_limited");
    };
    exhaust().await;
    let owner = guess(&server, home, email, DEMO_PASSWORD, &device).await;
    assert_eq!(owner.status, 200, "{owner:?}");
    // A cookie is good until the next one, for its person, and for few guesses.
    let next = device_cookie(&owner);
    guess(&server, home, email, DEMO_PASSWORD, &device)
        .await
        .refused(429, "rate_limited");
    let made_up = format!("freshet_device_00000000={}", "0".repeat(64));
    guess(&server, home, email, DEMO_PASSWORD, &made_up)
        .await
        .refused(429, "rate_limited");
    for number in 0..4 {
        guess(&server, "10.2.0.1", "coachee@example.com", "wrong", &next).await;
        let wrong = guess(&server, "10.2.0.2", email, "wrong", &next).await;
        assert_eq!(wrong.status, if number < 3 { 401 } else { 429 });
    }
    guess(&server, "10.2.0.3", "coachee@example.com", DEMO_PASSWORD, &next)
        .await
        .refused(429, "rate_limited");
}

#[tokio::test]
async fn another_password_makes_devices_unknown() {
    let server = server(Tuning {
        failures_at_once: 3,
        failure_wait: Duration::from_secs(60),
        ..tuning()
    })
    .await;
    let email = "coach@example.com";
    let device = device_cookie(&guess(&server, "10.0.0.1", email, DEMO_PASSWORD, "").await);
    let coach = server.sign_in("coach").await;
    let new = "four words and a teapot";
    let body = serde_json::json!({ "current_password": DEMO_PASSWORD, "password": new });
    let changed = coach.put(&format!("/api/users/{}/password", coach.id), body).await;
    changed.done();
    for _ in 0..10 {
        guess(&server, "10.3.0.1", email, "wrong", "").await;
    }
    guess(&server, "10.0.0.1", email, new, &device)
        .await
        .refused(429, "rate_limited");
    let kept = device_cookie(&changed);
    assert_eq!(guess(&server, "10.0.0.1", email, new, &kept).await.status, 200);
}

#[tokio::test]
async fn an_ipv6_network_is_few_neighbours() {
    let server = server(Tuning {
        sign_ins_per_minute: 1,
        ..tuning()
    })
    .await;
    let (mut same_64, mut same_48) = (0, 0);
    for number in 0..60 {
        let email = format!("person{number}@example.com");
        let from = format!("2001:db8:1::{number:x}");
        same_64 += usize::from(guess(&server, &from, &email, "wrong", "").await.status == 401);
        let from = format!("2001:db8:2:{number:x}::1");
        same_48 += usize::from(guess(&server, &from, &email, "wrong", "").await.status == 401);
    }
    // Six people of one household, four households of one site; one comes back every few seconds.
    assert!((6..12).contains(&same_64), "{same_64}");
    assert!((24..40).contains(&same_48), "{same_48}");
    let elsewhere = guess(&server, "2001:db8:3::1", "coach@example.com", DEMO_PASSWORD, "").await;
    assert_eq!(elsewhere.status, 200);
}
