//! The program: what it says when it can not start, and how it ends.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use clap::Parser as _;
use server::{Config, Server};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::common::{Person, dist, soon, tuning};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_freshet-server"));
    command
        .env_clear()
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn fails(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = soon("the program ends", program(arguments).output()).await.unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{said}");
    said
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn a_start_that_can_not_work_ends_with_a_sentence_and_code_two() {
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

/// Starts on any port and waits for the line that says which.
async fn start(arguments: &[&str]) -> (Child, Vec<String>, String) {
    let mut child = program(arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    soon("the program listens", async {
        loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .unwrap_or_else(|| panic!("it ended: {said:?}"));
            let base = line.split_once("listening on ").map(|(_, base)| base.trim().to_owned());
            said.push(line);
            if let Some(base) = base {
                // Kept open: a program that can not write its log is another test.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return (child, said, base);
            }
        }
    })
    .await
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminated_program_says_goodbye_to_its_streams_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let dist = dist(&folder);
    let data = folder.path().join("test.db");
    let arguments = [
        "--addr",
        "127.0.0.1:0",
        "--seed-demo",
        "--dist",
        text(&dist),
        "--data",
        text(&data),
    ];
    let (mut child, said, base) = start(&arguments).await;
    assert!(said.iter().any(|line| line.contains("coach@example.com")), "{said:?}");

    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&data).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "{mode:o}");

    let coach = Person::sign_in(&base, "coach").await;
    let stream = coach.stream().await;
    let asked = Instant::now();
    let killed = Command::new("kill")
        .arg("-TERM")
        .arg(child.id().unwrap().to_string())
        .status()
        .await
        .unwrap();
    assert!(killed.success());
    assert_eq!(stream.rest().await[0].event, "shutdown");
    let status = soon("the program ends", child.wait()).await.unwrap();
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());

    // The second start finds the people of the first and writes no second demo.
    let (_child, said, base) = start(&arguments).await;
    assert!(said.iter().any(|line| line.contains("in use already")), "{said:?}");
    let coach = Person { base, ..coach };
    assert_eq!(coach.sessions().await.len(), 5);
}

#[tokio::test]
async fn a_start_that_was_killed_before_its_demo_was_written_is_made_good_by_the_next() {
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
