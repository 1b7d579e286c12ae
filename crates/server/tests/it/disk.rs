//! A disk that takes nothing more, for a while.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;

use reqwest::Method;
use rlimit::{Resource, prlimit};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::common::{Answer, Person, Running, Stream, demo, dist, soon, start, text};

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

/// Said by a test that could not mount its disk.
const SKIPPED: &str = "skipped: mounting a tmpfs takes a right that this process has not";

/// A small file system, until this is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where nothing can be mounted.
    fn mount(at: PathBuf, mebibytes: u32) -> Option<Self> {
        std::fs::create_dir(&at).unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs", text(&at)]);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = std::process::Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.unwrap().success(), "{} stays mounted", self.0.display());
    }
}

/// Takes all room that is left.
fn fill(file: &mut File) {
    let page = [0; 4_096];
    while file.write_all(&page).is_ok() {}
}

/// [`growing`] limits the size of each file; here the file system is full.
#[tokio::test]
async fn full_disk_refuses_changes_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path().join("small"), 16) else {
        return eprintln!("{SKIPPED}");
    };
    let (dist, data) = (dist(&folder), disk.0.join("test.db"));
    let running = start(demo(
        &dist,
        &data,
        &["--disk-reserve-mb", "0", "--changes-per-minute", "1000000"],
    ))
    .await;
    let coach = Person::sign_in(&running.base, "coach").await;
    let session = coach.today().await;
    let add = async |body: &str| {
        let action = json!({"coaching_session_id": session.id, "body": body, "status": "NotStarted"});
        coach.post("/api/actions", action).await
    };
    let list = format!("/api/actions?coaching_session_id={}", session.id);
    let mut file = File::create(disk.0.join("large")).unwrap();
    let mut made = 1;
    assert_eq!(add("made").await.status, 201);
    for _ in 0..3 {
        let refused = soon("a change is refused", async {
            loop {
                // Room that was freed meanwhile, by the write-ahead log for example, is filled as well.
                fill(&mut file);
                let answer = add("made").await;
                if answer.status != 201 {
                    return answer;
                }
                made += 1;
            }
        })
        .await;
        refused.refused(507, "disk_full");
        assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
        coach.get("/readyz").await.refused(507, "disk_full");
        assert_eq!(coach.get("/healthz").await.status, 200);
        assert_eq!(coach.get(&list).await.status, 200);

        file.set_len(0).unwrap();
        file.rewind().unwrap();
        assert_eq!(add("made").await.status, 201);
        made += 1;
        assert_eq!(coach.get("/readyz").await.text, "ready");
    }
    let actions: Vec<wire::Action> = coach.get(&list).await.data();
    let kept = actions.iter().filter(|action| action.body.as_deref() == Some("made"));
    assert_eq!(kept.count(), made, "what was said to be made, and nothing else");
}

#[tokio::test]
async fn changes_leave_some_of_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path().join("small"), 256) else {
        return eprintln!("{SKIPPED}");
    };
    let (dist, data) = (dist(&folder), disk.0.join("test.db"));
    let running = start(demo(
        &dist,
        &data,
        &["--disk-reserve-mb", "128", "--changes-per-minute", "1000000"],
    ))
    .await;
    let coach = Person::sign_in(&running.base, "coach").await;
    let session = coach.today().await;
    let add = async || {
        let body = json!({ "coaching_session_id": session.id, "body": "x", "status": "NotStarted" });
        coach.post("/api/actions", body).await
    };
    assert_eq!(add().await.status, 201);
    assert_eq!(coach.get("/readyz").await.text, "ready");

    // Room that is taken without a byte being written.
    let large = File::create(disk.0.join("large")).unwrap();
    let room = fs4::available_space(&disk.0).unwrap();
    fs4::FileExt::allocate(&large, room - (96 << 20)).unwrap();
    drop(large);
    let refused = soon("changes are refused", async {
        loop {
            let answer = add().await;
            if answer.status != 201 {
                return answer;
            }
        }
    })
    .await;
    refused.refused(507, "disk_full");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    coach.get("/readyz").await.refused(507, "disk_full");
    assert_eq!(coach.get("/healthz").await.status, 200);
    for session in coach.sessions().await {
        let path = format!("/api/coaching_sessions/{}", session.id);
        assert_eq!(coach.get(&path).await.status, 200, "opened before or not");
    }
    let coachee = Person::sign_in(&running.base, "coachee").await;
    Stream::open(&coachee, "/api/sse").await;
    assert_eq!(coachee.delete("/api/delete").await.status, 200);
    coachee.get("/api/users/current").await.refused(401, "unauthorized");

    std::fs::remove_file(disk.0.join("large")).unwrap();
    soon("changes are taken", async {
        while add().await.status != 201 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(coach.get("/readyz").await.text, "ready");
}
