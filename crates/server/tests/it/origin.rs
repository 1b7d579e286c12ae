//! Which pages may use the API.

use reqwest::Method;
use reqwest::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderMap,
};
use serde_json::json;

use crate::common::{Answer, Person, TestServer, tuning};

async fn write_from(person: &Person, headers: &[(&str, &str)]) -> Answer {
    let mut request = person
        .request(Method::PUT, &format!("/api/users/{}", person.id))
        .json(&json!({}));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    person.send(request).await
}

#[tokio::test]
async fn only_pages_of_this_server_change_anything() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    write_from(&coach, &[("origin", &server.base)]).await.done();
    write_from(&coach, &[]).await.done();
    write_from(&coach, &[("sec-fetch-site", "same-origin")]).await.done();
    for headers in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        write_from(&coach, &[headers]).await.refused(403, "foreign_origin");
    }
    // Signing somebody in is a change as well.
    let stranger = server.stranger();
    let form = [("email", "coach@example.com"), ("password", server::DEMO_PASSWORD)];
    let request = stranger
        .request(Method::POST, "/api/login")
        .header("origin", "https://evil.example")
        .form(&form);
    stranger.send(request).await.refused(403, "foreign_origin");
    // And a stream is not for other pages either.
    let request = coach
        .request(Method::GET, "/api/sse")
        .header("origin", "https://evil.example");
    coach.send(request).await.refused(403, "foreign_origin");
    assert_eq!(*server.streams.borrow(), 0);
}

/// Signs in from a page, as a browser would.
async fn sign_in_from(person: &Person, origin: &str, host: Option<&str>) -> Answer {
    let form = [("email", "coach@example.com"), ("password", server::DEMO_PASSWORD)];
    let mut request = person
        .request(Method::POST, "/api/login")
        .header("origin", origin)
        .form(&form);
    if let Some(host) = host {
        request = request.header("host", host);
    }
    person.send(request).await
}

#[tokio::test]
async fn refused_origin_explains_sign_in() {
    let server = TestServer::start().await;
    let stranger = server.stranger();
    for (origin, host, says) in [
        // Over plain http, on a network.
        (
            "http://192.168.1.5:8080",
            Some("192.168.1.5:8080"),
            "Open it over https",
        ),
        // The same through a proxy that names the server as it likes.
        ("http://192.168.1.5", None, "Open it over https"),
        // Over https, through a proxy that drops the host.
        (
            "https://app.example",
            None,
            "proxy in between has to pass the Host header on",
        ),
        (
            "https://app.example",
            Some("127.0.0.1:8080"),
            "--allow-origin https://app.example",
        ),
        ("null", None, "Open this server's own address"),
    ] {
        let answer = sign_in_from(&stranger, origin, host).await;
        let message = answer.refused(403, "foreign_origin").message;
        assert!(message.contains(says), "{origin}: {message}");
        assert_eq!(answer.headers.get("set-cookie"), None);
    }
    let answer = sign_in_from(&stranger, "https://app.example", Some("app.example")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn cookie_is_not_set_over_plain_http() {
    let origin = "http://192.168.1.5:8080";
    let server = TestServer::with(tuning(), &["--allow-origin", origin]).await;
    let stranger = server.stranger();
    // The origin may use the API, but its browsers would drop the cookie without a word.
    let answer = sign_in_from(&stranger, origin, Some("192.168.1.5:8080")).await;
    let message = answer.refused(403, "foreign_origin").message;
    assert!(message.contains("browsers do not keep the cookie"), "{message}");
    assert_eq!(answer.headers.get("set-cookie"), None);
    // On this machine, and behind https, they keep it.
    for (origin, host) in [
        (server.base.clone(), None),
        ("https://a.example".to_owned(), Some("a.example")),
    ] {
        assert_eq!(sign_in_from(&stranger, &origin, host).await.status, 200);
    }
}

fn cors(headers: &HeaderMap) -> [Option<&str>; 2] {
    [ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_ALLOW_CREDENTIALS]
        .map(|name| headers.get(name).map(|value| value.to_str().unwrap()))
}

#[tokio::test]
async fn another_origin_is_let_in_by_name() {
    let server = TestServer::with(tuning(), &["--allow-origin", "https://app.example"]).await;
    let coach = server.sign_in("coach").await;
    let read = |origin: &'static str| {
        coach.send(
            coach
                .request(Method::GET, "/api/users/current")
                .header("origin", origin),
        )
    };
    let friend = read("https://app.example").await;
    assert_eq!(cors(&friend.headers), [Some("https://app.example"), Some("true")]);
    let exposed = friend.header(ACCESS_CONTROL_EXPOSE_HEADERS.as_str());
    assert!(
        ["x-event-cursor", "etag", "link", "retry-after"]
            .iter()
            .all(|name| exposed.contains(name)),
        "{exposed}"
    );
    write_from(&coach, &[("origin", "https://app.example")]).await.done();

    let foe = read("https://evil.example").await;
    foe.refused(403, "foreign_origin");
    assert_eq!(cors(&foe.headers)[0], None);
    let preflight = coach
        .request(Method::OPTIONS, "/api/actions")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type,idempotency-key,if-match,x-version",
        );
    let preflight = coach.send(preflight).await;
    assert_eq!(preflight.status, 200);
    assert!(preflight.header("access-control-allow-methods").contains("PATCH"));
    let headers = preflight.header("access-control-allow-headers");
    assert!(
        headers.contains("idempotency-key") && headers.contains("if-match"),
        "{headers}"
    );

    let closed = TestServer::start().await;
    let stranger = closed.stranger();
    let answer = stranger
        .send(
            stranger
                .request(Method::GET, "/healthz")
                .header("origin", "https://app.example"),
        )
        .await;
    assert_eq!(cors(&answer.headers), [None, None]);
}
