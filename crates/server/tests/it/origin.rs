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
    assert!(exposed.contains("x-event-cursor"), "{exposed}");
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
            "content-type,idempotency-key,x-version",
        );
    let preflight = coach.send(preflight).await;
    assert_eq!(preflight.status, 200);
    assert!(preflight.header("access-control-allow-methods").contains("PATCH"));
    let headers = preflight.header("access-control-allow-headers");
    assert!(headers.contains("idempotency-key"), "{headers}");

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
