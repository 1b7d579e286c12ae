//! The program: what it says when it can not start, and how it ends.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use clap::Parser as _;
use serde_json::json;
use server::{Config, Server};
use tokio::process::Command;

use crate::common::{Person, Running, Stream, demo, dist, memory, program, soon, start, terminate, text, tuning};

async fn fails(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = soon("the program ends", program(arguments).output()).await.unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{said}");
    said
}

#[tokio::test]
async fn failed_start_explains_itself() {
    let folder = tempfile::tempdir().unwrap();
    let dist = dist(&folder);
    let (dist, data) = (text(&dist), folder.path().join("new/test.db"));
    let any = ["--addr", "127.0.0.1:0"];

    let said = fails(&["--addr", "somewhere"]).await;
    assert!(said.contains("--addr") && said.contains("somewhere"), "{said}");
    let said = fails(&["--heartbeat-ms", "0"]).await;
    assert!(said.contains("--heartbeat-ms"), "{said}");
    let said = fails(&["--allow-origin", "*"]).await;
    assert!(said.contains("an origin such as https://app.example"), "{said}");
    let said = fails(&[&any[..], &["--dist", text(folder.path()), "--data", text(&data)]].concat()).await;
    assert!(said.contains("has no index.html"), "{said}");

    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let said = fails(&["--addr", &addr, "--dist", dist, "--data", text(&data)]).await;
    assert!(said.contains("is in use"), "{said}");
    assert!(!data.exists(), "a failed start leaves no file");

    let nowhere = folder.path().join("dist/index.html/test.db");
    let said = fails(&[&any[..], &["--dist", dist, "--data", text(&nowhere)]].concat()).await;
    assert!(said.contains("cannot create the database"), "{said}");

    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "this is not a database, whatever its name says").unwrap();
    let said = fails(&[&any[..], &["--dist", dist, "--data", text(&garbage)]].concat()).await;
    assert!(
        said.contains("cannot open the database") && said.lines().count() == 1,
        "{said}"
    );
}

#[tokio::test]
async fn an_address_is_no_database_file() {
    let folder = tempfile::tempdir().unwrap();
    let dist = dist(&folder);
    for data in [
        "postgres://me:secret@db.example/freshet",
        "sqlite://data/freshet.db",
        "sqlite:data/freshet.db",
        "SQLite::memory:",
        "file:freshet.db?mode=ro&key=secret",
        ":memory:",
    ] {
        let mut command = program(&["--addr", "127.0.0.1:0", "--dist", text(&dist), "--data", data]);
        let output = soon("the program ends", command.current_dir(folder.path()).output()).await;
        let Output { status, stderr, .. } = output.unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{said}");
        assert!(said.contains("--data is the path of a SQLite file"), "{said}");
        assert!(said.lines().count() == 1 && !said.contains("secret"), "{said}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing but the app: {left:?}");
    }
    // A path may hold anything else.
    let odd = folder.path().join("my data/a:b.db");
    let config = Config::try_parse_from([
        "x",
        "--dist",
        text(&dist),
        "--addr",
        "127.0.0.1:0",
        "--data",
        text(&odd),
    ]);
    Server::start(&config.unwrap(), tuning()).await.unwrap();
    assert!(odd.exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn termination_closes_streams_and_exits_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let dist = dist(&folder);
    let data = folder.path().join("test.db");
    let Running {
        mut child, base, said, ..
    } = start(demo(&dist, &data, &[])).await;
    assert!(said.iter().any(|line| line.contains("coach@example.com")), "{said:?}");

    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&data).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "{mode:o}");

    let coach = Person::sign_in(&base, "coach").await;
    let stream = coach.stream().await;
    let asked = Instant::now();
    terminate(&child).await;
    assert_eq!(stream.rest().await[0].event, "shutdown");
    let status = soon("the program ends", child.wait()).await.unwrap();
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());

    // The second start finds the people of the first and writes no second demo.
    let again = start(demo(&dist, &data, &[])).await;
    let said = again.said;
    assert!(said.iter().any(|line| line.contains("in use already")), "{said:?}");
    let coach = Person {
        base: again.base,
        ..coach
    };
    assert_eq!(coach.sessions().await.len(), 5);
}

#[tokio::test]
async fn interrupted_demo_seed_is_completed() {
    let folder = tempfile::tempdir().unwrap();
    dist(&folder);
    let config = |demo: &[&str]| {
        let (dist, data) = (folder.path().join("dist"), folder.path().join("data/test.db"));
        let fixed = [
            "freshet-server",
            "--addr",
            "127.0.0.1:0",
            "--dist",
            text(&dist),
            "--data",
            text(&data),
        ];
        Config::try_parse_from(fixed.iter().chain(demo)).unwrap()
    };
    // As a start without a demo leaves it: the file is there, and its tables, but nobody in them.
    let first = Server::start(&config(&[]), tuning()).await.unwrap();
    assert!(!first.seeded());
    drop(first);
    let second = Server::start(&config(&["--seed-demo"]), tuning()).await.unwrap();
    assert!(second.seeded());
    drop(second);
    let third = Server::start(&config(&["--seed-demo"]), tuning()).await.unwrap();
    assert!(!third.seeded());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn thousand_streams_are_cheap_and_end_quickly() {
    let folder = tempfile::tempdir().unwrap();
    let dist = dist(&folder);
    let data = folder.path().join("test.db");
    let command = demo(
        &dist,
        &data,
        &[
            "--streams-per-person",
            "2000",
            "--streams-per-minute",
            "100000",
            "--connections-per-address",
            "2000",
        ],
    );
    rlimit::increase_nofile_limit(8_192).unwrap();
    let Running { mut child, base, .. } = start(command).await;
    let coach = Person::sign_in(&base, "coach").await;
    let session = coach.today().await;
    let mut streams = vec![coach.stream().await];
    let before = memory(&child);
    while streams.len() < 1_000 {
        let some = (0..37).map(|_| coach.stream());
        streams.extend(futures_util::future::join_all(some).await);
    }
    let written = Instant::now();
    coach.add_action(&session, "for all of them").await;
    let heard = futures_util::future::join_all(streams.iter_mut().map(Stream::next_logged)).await;
    assert!(
        heard
            .iter()
            .all(|frame| *frame == heard[0] && frame.event == "action_created")
    );
    // Whoever missed it would be told with the next heartbeat.
    let heartbeat = server::Tuning::default().heartbeat;
    assert!(written.elapsed() < heartbeat / 2, "{:?}", written.elapsed());
    let each = (memory(&child) - before) / 999;
    assert!(each < 64 * 1_024, "{each} bytes for a stream");

    let asked = Instant::now();
    terminate(&child).await;
    let ends = futures_util::future::join_all(streams.into_iter().map(Stream::rest));
    let (ends, status) = tokio::join!(ends, soon("the program ends", child.wait()));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert!(status.unwrap().success());
    assert!(ends.iter().all(|rest| rest.len() == 1 && rest[0].event == "shutdown"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn log_has_no_secrets_or_people() {
    let folder = tempfile::tempdir().unwrap();
    let dist = dist(&folder);
    let data = folder.path().join("test.db");
    let mut command = demo(&dist, &data, &[]);
    // Everything that this program has to say. What sqlx says of each statement is for its own log.
    command.env("FRESHET_LOG", "trace,sqlx=off");
    let Running {
        mut child, base, later, ..
    } = start(command).await;
    let coach = Person::sign_in(&base, "coach").await;
    let ticket = coach.ticket().await;
    let stream = Stream::open(&Person::stranger(&base), &format!("/api/sse?ticket={ticket}&x=query")).await;
    let session = coach.today().await;
    let key = "a-key-of-somebody";
    let body = json!({ "coaching_session_id": session.id, "body": "in confidence", "status": "NotStarted" });
    let request = coach.request(reqwest::Method::POST, "/api/actions");
    assert_eq!(
        coach
            .send(request.header("idempotency-key", key).json(&body))
            .await
            .status,
        201
    );
    coach.get(&format!("/api/coaching_sessions/{}", session.id)).await;
    terminate(&child).await;
    stream.rest().await;
    soon("the program ends", child.wait()).await.unwrap();
    let said = later.await.unwrap().join("\n");
    assert!(said.contains("/api/sse"), "{said}");
    let token = coach.cookie.split_once('=').unwrap().1;
    let (id, session) = (coach.id.to_string(), session.id.to_string());
    for secret in [
        &ticket,
        token,
        key,
        &id,
        &session,
        "in confidence",
        "coach@example.com",
        "x=query",
    ] {
        assert!(!said.contains(secret), "{secret} in\n{said}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn low_file_limit_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let dist = dist(&folder);
    let data = folder.path().join("test.db");
    let arguments = ["--addr", "127.0.0.1:0", "--dist", text(&dist), "--data", text(&data)];
    let mut command = Command::new("sh");
    command
        .env_clear()
        .args([
            "-c",
            "ulimit -n 256; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_freshet-server"),
        ])
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let running = start(command).await;
    let warning = running.said.iter().find(|line| line.contains("256"));
    let warning = warning.unwrap_or_else(|| panic!("{:?}", running.said));
    assert!(
        warning.contains("ulimit -n 16384") && warning.contains("LimitNOFILE"),
        "{warning}"
    );
    drop(running.child);
}
