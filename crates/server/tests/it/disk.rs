//! A disk that takes nothing more, for a while.
#![cfg(target_os = "linux")]

use std::process::Stdio;

use reqwest::Method;
use rlimit::{Resource, prlimit};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::common::{Answer, Person, Running, dist, soon, start, text};

/// A program whose files can be kept from growing. The system refuses a write past the limit, instead of ending the
/// program.
fn growing(folder: &TempDir) -> Command {
    let (dist, data) = (dist(folder), folder.path().join("test.db"));
    let mut command = Command::new("env");
    command
        .args(["--ignore-signal=XFSZ", env!("CARGO_BIN_EXE_freshet-server")])
        .args(["--addr", "127.0.0.1:0", "--seed-demo"])
        .args(["--dist", text(&dist), "--data", text(&data)])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Keeps every file of a program from growing beyond so many bytes, or lets them grow again.
fn limit_files(child: &Child, bytes: Option<u64>) {
    let id = child.id().unwrap().try_into().unwrap();
    let limit = (bytes.unwrap_or(rlimit::INFINITY), rlimit::INFINITY);
    prlimit(id, Resource::FSIZE, Some(limit), None).unwrap();
}

async fn readiness(person: &Person) -> Answer {
    person.get("/readyz").await
}

#[tokio::test]
async fn failed_write_is_followed_by_others_that_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let Running { child, base, .. } = start(growing(&folder)).await;
    let coach = Person::sign_in(&base, "coach").await;
    let session = coach.today().await;
    let add = async |body: &str| {
        let action = json!({"coaching_session_id": session.id, "body": body, "status": "NotStarted"});
        coach.post("/api/actions", action).await
    };
    assert_eq!(add("before").await.status, 201);
    assert_eq!(readiness(&coach).await.text, "ready");

    for round in 0..3 {
        limit_files(&child, Some(0));
        // Reads go on, and what would write is refused for a while: changes, sign-ins, sign-outs.
        for _ in 0..3 {
            let refused = add("meanwhile").await;
            refused.refused(503, "disk_failed");
            assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
        }
        let form = [("email", "coachee@example.com"), ("password", server::DEMO_PASSWORD)];
        let sign_in = Person::stranger(&base);
        let sign_in = sign_in
            .send(sign_in.request(Method::POST, "/api/login").form(&form))
            .await;
        sign_in.refused(503, "disk_failed");
        let ready = readiness(&coach).await;
        ready.refused(503, "disk_failed");
        assert_eq!(coach.get("/healthz").await.status, 200);
        let list = format!("/api/actions?coaching_session_id={}", session.id);
        let actions: Vec<wire::Action> = coach.get(&list).await.data();
        assert!(actions.iter().all(|action| action.body.as_deref() != Some("meanwhile")));

        limit_files(&child, None);
        assert_eq!(add(&format!("after {round}")).await.status, 201);
        assert_eq!(readiness(&coach).await.text, "ready");
        Person::sign_in(&base, "coachee").await;
    }
}

#[tokio::test]
async fn readiness_returns_without_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let Running { child, base, .. } = start(growing(&folder)).await;
    let coach = Person::sign_in(&base, "coach").await;
    let session = coach.today().await;
    limit_files(&child, Some(0));
    let action = json!({"coaching_session_id": session.id, "body": "meanwhile", "status": "NotStarted"});
    coach.post("/api/actions", action).await.refused(503, "disk_failed");
    readiness(&coach).await.refused(503, "disk_failed");
    limit_files(&child, None);
    soon("it is ready", async {
        while readiness(&coach).await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
