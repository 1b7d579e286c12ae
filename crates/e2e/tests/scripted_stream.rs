//! The scripted server does what it is told, over real sockets.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use e2e::scripted::{self, Stats};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// How long anything may take before it counts as never.
const LIMIT: Duration = Duration::from_secs(20);

/// A server of its own for each test, and one channel on it.
struct Script {
    base: String,
    client: Client,
}

impl Script {
    async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        tokio::spawn(scripted::serve(listener));
        Ok(Self {
            base,
            client: Client::new(),
        })
    }

    async fn tell(&self, order: &str, body: &'static str) -> anyhow::Result<()> {
        let response = self
            .client
            .post(format!("{}/control/c/{order}", self.base))
            .body(body)
            .send()
            .await?;
        ensure!(response.status().is_success(), "{order}: {}", response.status());
        Ok(())
    }

    async fn open(&self, query: &str) -> anyhow::Result<Response> {
        let request = self.client.get(format!("{}/stream/c{query}", self.base));
        Ok(timeout(LIMIT, request.header("origin", "http://127.0.0.1:1").send()).await??)
    }

    async fn wait(&self, query: &str) -> anyhow::Result<Stats> {
        let response = self
            .client
            .get(format!("{}/control/c/wait?{query}", self.base))
            .send()
            .await?;
        ensure!(response.status() == StatusCode::OK, "{query}: {}", response.status());
        Ok(response.json().await?)
    }

    async fn script(&self, path: &str, answer: &Value) -> anyhow::Result<StatusCode> {
        let request = self
            .client
            .put(format!("{}/control/c/rest/{path}", self.base))
            .json(answer);
        Ok(request.send().await?.status())
    }

    async fn ask(&self, method: Method, path: &str, body: &'static str) -> anyhow::Result<Response> {
        let request = self
            .client
            .request(method, format!("{}/rest/c/{path}", self.base))
            .body(body);
        Ok(timeout(LIMIT, request.header("origin", "http://127.0.0.1:1").send()).await??)
    }
}

/// Reads exactly `expected` from the stream.
async fn expect(stream: &mut Response, expected: &str) -> anyhow::Result<()> {
    let mut read = String::new();
    while read.len() < expected.len() {
        let chunk = timeout(LIMIT, stream.chunk()).await??.context("the stream has ended")?;
        read.push_str(std::str::from_utf8(&chunk)?);
    }
    ensure!(read == expected, "read {read:?}");
    Ok(())
}

#[tokio::test]
async fn scripted_stream_sends_only_its_script() -> anyhow::Result<()> {
    let script = Script::start().await?;
    let mut stream = script.open("?a=1&last_event_id=k-7").await?;
    assert_eq!(stream.status(), StatusCode::OK);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["access-control-allow-origin"], "http://127.0.0.1:1");
    assert_eq!(stream.headers()["access-control-allow-credentials"], "true");

    let stats = script.wait("open=1").await?;
    assert_eq!(stats.requests[0].query, "a=1&last_event_id=k-7");
    assert_eq!(stats.requests[0].last_event_id, None);

    script.tell("send", "event: hello\r\ndata: {\"ty").await?;
    expect(&mut stream, "event: hello\r\ndata: {\"ty").await?;
    script.tell("send", "pe\":1}\n\n").await?;
    expect(&mut stream, "pe\":1}\n\n").await
}

#[tokio::test]
async fn scripted_messages_reach_every_stream() -> anyhow::Result<()> {
    let script = Script::start().await?;
    script.tell("on-open", ": hello\n\n").await?;
    let (mut first, mut second) = (script.open("").await?, script.open("").await?);
    expect(&mut first, ": hello\n\n").await?;
    expect(&mut second, ": hello\n\n").await?;
    script.tell("send", "data: 1\n\n").await?;
    expect(&mut first, "data: 1\n\n").await?;
    expect(&mut second, "data: 1\n\n").await
}

#[tokio::test]
async fn opens_are_refused_as_often_as_told() -> anyhow::Result<()> {
    let script = Script::start().await?;
    script.tell("status?code=503&retry_after=7&times=2", "").await?;
    script.tell("status?code=401", "").await?;
    for (status, retry_after) in [(503, Some("7")), (503, Some("7")), (401, None), (200, None)] {
        let response = script.open("").await?;
        assert_eq!(response.status().as_u16(), status);
        let header = response
            .headers()
            .get("retry-after")
            .map(|value| value.to_str())
            .transpose()?;
        assert_eq!(header, retry_after);
    }
    let stats = script.wait("requests=4").await?;
    assert_eq!((stats.opened, stats.requests.len()), (1, 4));
    Ok(())
}

#[tokio::test]
async fn an_open_may_be_left_hanging() -> anyhow::Result<()> {
    let script = Script::start().await?;
    script.tell("hang", "").await?;
    let hanging = script.open("");
    tokio::pin!(hanging);
    let stats = tokio::select! {
        answer = &mut hanging => anyhow::bail!("answered with {}", answer?.status()),
        stats = script.wait("requests=1") => stats?,
    };
    assert_eq!(stats.opened, 0);
    // The next one is answered, and is so while the first still hangs.
    tokio::select! {
        answer = &mut hanging => anyhow::bail!("answered with {}", answer?.status()),
        next = script.open("") => assert_eq!(next?.status(), StatusCode::OK),
    }
    Ok(())
}

#[tokio::test]
async fn an_open_may_be_sent_to_another_channel() -> anyhow::Result<()> {
    let script = Script::start().await?;
    for code in [301, 302, 307] {
        script.tell(&format!("redirect?code={code}&to=other"), "").await?;
        let stream = script.open("?last_event_id=k-7").await?;
        assert_eq!(stream.status(), StatusCode::OK);
        assert_eq!(stream.url().path(), "/stream/other");
        assert_eq!(stream.url().query(), Some("last_event_id=k-7"));
    }
    let stats = script.wait("requests=3").await?;
    assert_eq!(stats.opened, 0);
    assert_eq!(script.open("").await?.url().path(), "/stream/c");
    Ok(())
}

#[tokio::test]
async fn a_stream_may_say_something_else_of_itself() -> anyhow::Result<()> {
    let script = Script::start().await?;
    for (order, content_type, origin, credentials) in [
        ("content_type=text/html", "text/html", Some("http://127.0.0.1:1"), true),
        ("cors=none", "text/event-stream", None, false),
        ("cors=wildcard", "text/event-stream", Some("*"), true),
    ] {
        script.tell(&format!("dress?{order}"), "").await?;
        let stream = script.open("").await?;
        let header = |name: &str| stream.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("content-type"), Some(content_type), "{order}");
        assert_eq!(header("access-control-allow-origin"), origin, "{order}");
        assert_eq!(
            header("access-control-allow-credentials").is_some(),
            credentials,
            "{order}"
        );
    }
    let stats = script.wait("opened=3").await?;
    let times: Vec<u64> = stats.requests.iter().map(|request| request.at_ms).collect();
    assert!(times.is_sorted() && times[0] > 0, "{times:?}");
    Ok(())
}

#[tokio::test]
async fn streams_end_from_either_side_and_are_counted() -> anyhow::Result<()> {
    let script = Script::start().await?;
    let first = script.open("").await?;
    let mut second = script.open("").await?;
    script.wait("open=2").await?;
    drop(first);
    let stats = script.wait("closed=1").await?;
    assert_eq!((stats.open, stats.opened), (1, 2));
    script.tell("drop", "").await?;
    assert_eq!(timeout(LIMIT, second.chunk()).await??, None);
    let stats = script.wait("open=0&closed=2").await?;
    assert_eq!((stats.open, stats.opened, stats.closed), (0, 2, 2));
    Ok(())
}

#[tokio::test]
async fn waiting_for_what_never_comes_ends() -> anyhow::Result<()> {
    let script = Script::start().await?;
    let url = format!("{}/control/c/wait?opened=1", script.base);
    let response = timeout(LIMIT, script.client.get(url).send()).await??;
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    Ok(())
}

#[tokio::test]
async fn a_path_answers_as_scripted_and_is_counted() -> anyhow::Result<()> {
    let script = Script::start().await?;
    let answer = json!({"status": 409, "headers": {"x-event-cursor": "k-3"}, "body": {"error": "conflict"}});
    assert_eq!(script.script("goals/7", &answer).await?, StatusCode::OK);

    let response = script.ask(Method::PUT, "goals/7?x=1", "{\"title\":\"Run\"}").await?;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert_eq!(response.headers()["x-event-cursor"], "k-3");
    assert_eq!(response.headers()["access-control-expose-headers"], "x-event-cursor");
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await?, "{\"error\":\"conflict\"}");

    let missing = script.ask(Method::GET, "goals/8", "").await?;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(missing.json::<Value>().await?["error"], "not_scripted");

    let stats = script.wait("rest_path=goals/7&rest_count=1").await?;
    assert_eq!((stats.rest["goals/7"], stats.rest["goals/8"]), (1, 1));
    let request = &stats.rest_requests[0];
    assert_eq!(
        (&*request.method, &*request.query, &*request.body),
        ("PUT", "x=1", "{\"title\":\"Run\"}")
    );
    Ok(())
}

#[tokio::test]
async fn scripted_answer_counts_and_hides() -> anyhow::Result<()> {
    let script = Script::start().await?;
    let answer = json!({"body": {"ticket": "t-{count}"}, "cors": "none"});
    script.script("ticket", &answer).await?;
    script.ask(Method::GET, "another", "").await?;
    for count in 1..=2 {
        let response = script.ask(Method::POST, "ticket", "").await?;
        assert_eq!(response.headers().get("access-control-allow-origin"), None);
        assert_eq!(response.json::<Value>().await?["ticket"], format!("t-{count}"));
    }
    Ok(())
}

#[tokio::test]
async fn scripted_answer_can_be_held() -> anyhow::Result<()> {
    let script = Script::start().await?;
    script.script("slow", &json!({"hold": true})).await?;
    let asked = script.ask(Method::GET, "slow", "");
    tokio::pin!(asked);
    tokio::select! {
        _ = &mut asked => anyhow::bail!("it was not held back"),
        stats = script.wait("rest_count=1") => stats?,
    };
    let (answer, scripted) = tokio::join!(asked, async { script.script("slow", &json!({"body": "now"})).await });
    scripted?;
    assert_eq!(answer?.text().await?, "now");
    Ok(())
}

#[tokio::test]
async fn a_script_that_is_no_answer_is_refused() -> anyhow::Result<()> {
    let script = Script::start().await?;
    assert_eq!(
        script.script("a", &json!({"status": 9})).await?,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        script.script("a", &json!({"headers": {"a b": "c"}})).await?,
        StatusCode::BAD_REQUEST
    );
    assert!(script.tell("status?code=99", "").await.is_err());
    assert!(script.tell("redirect?code=200&to=other", "").await.is_err());
    assert!(script.tell("dress?content_type=%00", "").await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_browser_is_allowed_what_it_asks_for() -> anyhow::Result<()> {
    let script = Script::start().await?;
    let response = script
        .client
        .request(Method::OPTIONS, format!("{}/rest/c/actions", script.base))
        .header("origin", "http://127.0.0.1:1")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "x-version,content-type")
        .header("access-control-request-private-network", "true")
        .send()
        .await?;
    assert_eq!(response.status(), StatusCode::OK);
    for (name, value) in [
        ("access-control-allow-origin", "http://127.0.0.1:1"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "PUT"),
        ("access-control-allow-headers", "x-version,content-type"),
        ("access-control-allow-private-network", "true"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    Ok(())
}

#[tokio::test]
async fn scripted_channels_are_isolated() -> anyhow::Result<()> {
    let script = Script::start().await?;
    script.tell("status?code=503", "").await?;
    let other = script
        .client
        .get(format!("{}/stream/other", script.base))
        .send()
        .await?;
    assert_eq!(other.status(), StatusCode::OK);
    script.tell("reset", "").await?;
    assert_eq!(script.open("").await?.status(), StatusCode::OK);
    Ok(())
}
