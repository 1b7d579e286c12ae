//! More connections than there are files for, on the real process.
#![cfg(target_os = "linux")]

use std::process::Stdio;
use std::time::{Duration, Instant};

use rlimit::{Resource, prlimit};
use server::Tuning;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::Command;

use crate::common::{METRICS_TOKEN, Person, Running, TestServer, dist, raw_request, soon, start, text, tuning};

/// A program that may have 200 files open.
async fn confined(folder: &TempDir, options: &[&str]) -> Running {
    let (dist, data) = (dist(folder), folder.path().join("test.db"));
    let mut command = Command::new("sh");
    command
        .env_clear()
        .env("FRESHET_METRICS_TOKEN", METRICS_TOKEN)
        .args(["-c", "ulimit -n 200; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_freshet-server"))
        .args(["--addr", "127.0.0.1:0", "--seed-demo", "--streams-per-person", "1000"])
        .args([
            "--streams-per-minute",
            "100000",
            "--dist",
            text(&dist),
            "--data",
            text(&data),
        ])
        .args(options)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    start(command).await
}

fn host(running: &Running) -> &str {
    running.base.strip_prefix("http://").unwrap()
}

/// Connects from a network address of this machine.
async fn connect(from: &str, to: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    soon("a connection", socket.connect(to.parse().unwrap())).await.unwrap()
}

/// Asks on a connection of its own; returns the answer, which is nothing if the connection was closed.
async fn ask(from: &str, to: &str, path: &str) -> String {
    let mut socket = connect(from, to).await;
    let token = format!("authorization: Bearer {METRICS_TOKEN}");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {to}\r\n{token}\r\nconnection: close\r\n\r\n");
    let mut answer = Vec::new();
    if socket.write_all(request.as_bytes()).await.is_ok() {
        drop(soon("an answer", socket.read_to_end(&mut answer)).await);
    }
    String::from_utf8(answer).unwrap()
}

fn count(metrics: &str, name: &str) -> f64 {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(&format!("freshet_{name} ")));
    line.map_or(0.0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let running = confined(&folder, &["--connections-per-address", "1000"]).await;
    let to = host(&running);
    let mut silent = Vec::new();
    for _ in 0..311 {
        silent.push(connect("127.0.0.1", to).await);
    }
    let since = Instant::now();
    soon("somebody gets in", async {
        while !ask("127.0.0.1", to, "/").await.contains("<title>Freshet</title>") {}
    })
    .await;
    assert!(since.elapsed() < Duration::from_secs(12), "{:?}", since.elapsed());
    let metrics = ask("127.0.0.1", to, "/metrics").await;
    assert!(count(&metrics, "connections_open") <= 136.0, "{metrics}");
    let evicted = count(&metrics, "connections_closed_total{reason=\"evicted\"}");
    let refused = count(&metrics, "connections_refused_total{reason=\"full\"}");
    assert!(evicted + refused > 0.0, "{metrics}");
    assert_eq!(
        count(&metrics, "accept_errors_total{reason=\"system\"}"),
        0.0,
        "{metrics}"
    );
}

#[tokio::test]
async fn one_address_does_not_keep_out_another() {
    let folder = tempfile::tempdir().unwrap();
    let running = confined(&folder, &[]).await;
    let to = host(&running);
    let mut many = Vec::new();
    for _ in 0..311 {
        many.push(connect("127.0.0.1", to).await);
    }
    let answer = ask("127.0.0.2", to, "/").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let metrics = ask("127.0.0.2", to, "/metrics").await;
    let evicted = count(&metrics, "connections_closed_total{reason=\"evicted\"}");
    let refused = count(&metrics, "connections_refused_total{reason=\"address\"}");
    assert!(evicted + refused > 0.0, "{metrics}");
    assert_eq!(
        count(&metrics, "connections_refused_total{reason=\"full\"}"),
        0.0,
        "{metrics}"
    );
}

#[tokio::test]
async fn a_trusted_proxy_may_have_any_number() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--connections-per-address", "1", "--trusted-proxy", "127.0.0.2"];
    let running = confined(&folder, &options).await;
    let to = host(&running);
    let mut held = vec![connect("127.0.0.1", to).await];
    for _ in 0..20 {
        held.push(connect("127.0.0.2", to).await);
    }
    assert!(ask("127.0.0.2", to, "/healthz").await.starts_with("HTTP/1.1 200"));
    let refused = ask("127.0.0.1", to, "/healthz").await;
    assert!(
        refused.starts_with("HTTP/1.1 503") && refused.contains("\"error\":\"busy\""),
        "{refused}"
    );
    assert!(refused.contains("retry-after: 1\r\n"), "{refused}");
}

#[tokio::test]
async fn the_last_places_are_for_health_and_streams() {
    let folder = tempfile::tempdir().unwrap();
    let running = confined(&folder, &["--connections-per-address", "1000"]).await;
    let to = host(&running);
    let coach = Person::sign_in(&running.base, "coach").await;
    let (mut streams, mut refused) = (Vec::new(), 0);
    while refused < 3 {
        let mut socket = raw_request(&coach, to).await;
        let mut head = [0; 12];
        soon("an answer", socket.read_exact(&mut head)).await.unwrap();
        match str::from_utf8(&head).unwrap() {
            "HTTP/1.1 200" => streams.push(socket),
            "HTTP/1.1 503" => refused += 1,
            other => panic!("{other}"),
        }
    }
    // 136 connections, of which the one that signed in may have been any.
    assert!((135..=136).contains(&streams.len()), "{}", streams.len());
    let answers = async |path: &str, status: &str| {
        let answer = ask("127.0.0.1", to, path).await;
        answer.starts_with(&format!("HTTP/1.1 {status}")).then_some(answer)
    };
    streams.truncate(128);
    let busy = soon("health is told from the rest", async {
        loop {
            if answers("/healthz", "200").await.is_some() {
                return answers("/", "503").await.unwrap();
            }
        }
    })
    .await;
    assert!(
        busy.contains("\"error\":\"busy\"") && busy.contains("retry-after: 1\r\n"),
        "{busy}"
    );
    assert!(busy.contains("connection: close\r\n"), "{busy}");
    let mut socket = raw_request(&coach, to).await;
    let mut head = [0; 12];
    soon("a stream", socket.read_exact(&mut head)).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    streams.truncate(64);
    soon("all is answered again", async {
        while answers("/", "200").await.is_none() {}
    })
    .await;
}

#[tokio::test]
async fn accepting_without_files_backs_off() {
    let folder = tempfile::tempdir().unwrap();
    let running = confined(&folder, &[]).await;
    let to = host(&running);
    let person = Person::stranger(&running.base);
    person.get("/metrics").await;
    let id = running.child.id().unwrap();
    // The system gives the lowest number that is free.
    let is_open = |file: &usize| std::fs::symlink_metadata(format!("/proc/{id}/fd/{file}")).is_ok();
    let files = (0..).find(|file| !is_open(file)).unwrap();
    let limit = |files: usize| {
        let limit = (u64::try_from(files).unwrap(), 200);
        prlimit(id.try_into().unwrap(), Resource::NOFILE, Some(limit), None).unwrap();
    };
    limit(files);
    let since = Instant::now();
    let waiting = ask("127.0.0.2", to, "/healthz");
    let failures = async {
        loop {
            let metrics = person.get("/metrics").await.text;
            if count(&metrics, "accept_errors_total{reason=\"system\"}") >= 4.0 {
                return;
            }
        }
    };
    tokio::pin!(waiting);
    tokio::select! {
        answer = &mut waiting => panic!("{answer}"),
        () = soon("failures", failures) => {}
    }
    // 20, 40 and 80 ms lie between the four.
    assert!(since.elapsed() >= Duration::from_millis(140), "{:?}", since.elapsed());
    limit(200);
    assert!(waiting.await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn missing_request_head_times_out() {
    let server = TestServer::tuned(Tuning {
        head_limit: Duration::from_millis(300),
        ..tuning()
    })
    .await;
    let to = server.host();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {to}\r\n\r\n");
    let mut kept = connect("127.0.0.1", to).await;
    let mut half = connect("127.0.0.1", to).await;
    for socket in [&mut kept, &mut half] {
        socket.write_all(request.as_bytes()).await.unwrap();
        soon("an answer", socket.read_u8()).await.unwrap();
    }
    // Half a head, after a whole one: its time begins with it.
    let since = Instant::now();
    half.write_all(&request.as_bytes()[..20]).await.unwrap();
    let mut silent = connect("127.0.0.1", to).await;
    let mut rest = Vec::new();
    drop(soon("the end of half a head", half.read_to_end(&mut rest)).await);
    drop(soon("the end of silence", silent.read_to_end(&mut rest)).await);
    assert!(since.elapsed() >= Duration::from_millis(300), "{:?}", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    // A connection that has been answered may be idle for longer.
    kept.write_all(request.as_bytes()).await.unwrap();
    let mut answers = String::new();
    soon("a second answer", async {
        while answers.matches("healthy").count() < 2 {
            let mut some = [0; 1_024];
            let length = kept.read(&mut some).await.unwrap();
            assert!(length > 0, "{answers}");
            answers.push_str(str::from_utf8(&some[..length]).unwrap());
        }
    })
    .await;
    let metrics = server.stranger().get("/metrics").await.text;
    assert_eq!(
        count(&metrics, "connections_closed_total{reason=\"no_head\"}"),
        2.0,
        "{metrics}"
    );
}
