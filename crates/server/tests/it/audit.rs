//! The audit log, which names people, and the log, which does not.
#![cfg(target_os = "linux")]

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use server::DEMO_PASSWORD;

use crate::common::{Person, Running, demo, dist, program, soon, start, terminate, text};

fn entries(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn try_to_sign_in(person: &Person, email: &str, password: &str) -> u16 {
    let form = [("email", email), ("password", password)];
    let request = person.request(Method::POST, "/api/login").form(&form);
    person.send(request.header("x-forwarded-for", "10.0.0.7")).await.status
}

#[tokio::test]
async fn audit_log_records_person_deed_and_address() {
    let folder = tempfile::tempdir().unwrap();
    let (dist, data, path) = (
        dist(&folder),
        folder.path().join("test.db"),
        folder.path().join("audit.log"),
    );
    let mut command = demo(
        &dist,
        &data,
        &["--trusted-proxy", "127.0.0.1", "--audit-log", text(&path)],
    );
    command.env("FRESHET_LOG", "trace,sqlx=off");
    let Running {
        mut child, base, later, ..
    } = start(command).await;
    let coach = Person::sign_in(&base, "coach").await;
    let coachee = Person::sign_in(&base, "coachee").await;
    let admin = Person::sign_in(&base, "admin").await;
    let stranger = Person::stranger(&base);
    assert_eq!(try_to_sign_in(&stranger, "coach@example.com", "wrong").await, 401);
    assert_eq!(try_to_sign_in(&stranger, "my secret phrase", "wrong").await, 401);
    let other = Person::sign_in(&base, "coach").await;
    let own = format!("/api/users/{}", coach.id);
    coachee
        .get(&format!("{own}?ticket=secret"))
        .await
        .refused(403, "forbidden");
    let wrong = json!({ "current_password": "wrong", "password": "four words and a teapot" });
    coach
        .put(&format!("{own}/password"), wrong)
        .await
        .refused(422, "wrong_password");
    let right = json!({ "current_password": DEMO_PASSWORD, "password": "four words and a teapot" });
    coach.put(&format!("{own}/password"), right).await.done();
    let address = json!({ "current_password": "four words and a teapot", "email": "cora@example.com" });
    coach.put(&own, address).await.done();
    other.get("/api/users/current").await.refused(401, "unauthorized");
    let force = format!("/api/users/{}/force_logout", coachee.id);
    admin.post(&force, json!({ "reason": "no" })).await.done();
    coach.delete("/api/delete").await;
    while try_to_sign_in(&stranger, "nobody@example.com", "wrong").await == 401 {}

    terminate(&child).await;
    soon("the program ends", child.wait()).await.unwrap();
    let found = entries(&path);
    let line = |entry: &Value| {
        let event = entry["event"].as_str().unwrap().to_owned();
        let reason = entry["reason"].as_str().map(str::to_owned);
        (event, reason, entry["person"].clone())
    };
    let lines: Vec<_> = found.iter().map(line).collect();
    let expected = |event: &str, reason: Option<&str>, person: Value| {
        let expected = (event.to_owned(), reason.map(str::to_owned), person);
        assert!(lines.contains(&expected), "{expected:?} in {lines:#?}");
    };
    let (coach_id, coachee_id, admin_id) = (json!(coach.id), json!(coachee.id), json!(admin.id));
    expected("signed_in", None, coach_id.clone());
    expected("sign_in_failed", Some("wrong_password"), coach_id.clone());
    expected("sign_in_failed", Some("unknown_email"), Value::Null);
    expected("limit_reached", None, Value::Null);
    expected("access_denied", None, coachee_id.clone());
    expected("confirmation_failed", None, coach_id.clone());
    expected("password_changed", None, coach_id.clone());
    expected("other_sign_ins_ended", None, coach_id.clone());
    expected("email_changed", None, coach_id.clone());
    expected("forced_out", None, admin_id);
    expected("signed_out", None, coach_id);
    let find = |event: &str| found.iter().find(|entry| entry["event"] == event).unwrap();
    assert_eq!(find("limit_reached")["request"], "POST /api/login");
    assert_eq!(find("access_denied")["request"], format!("GET {own}"));
    assert_eq!(find("forced_out")["subject"], coachee_id);
    assert_eq!(find("sign_in_failed")["from"], "10.0.0.7");
    assert_eq!(find("signed_in")["from"], "127.0.0.1");
    let audit = std::fs::read_to_string(&path).unwrap();
    for secret in [DEMO_PASSWORD, "teapot", "secret", "@example.com"] {
        assert!(!audit.contains(secret), "{secret} in\n{audit}");
    }
    let said = later.await.unwrap().join("\n");
    for name in [
        coach.id.to_string(),
        "10.0.0.7".to_owned(),
        "teapot".to_owned(),
        "sign_in_failed".to_owned(),
    ] {
        assert!(!said.contains(&name), "{name} in\n{said}");
    }
}

#[tokio::test]
async fn unwritable_audit_log_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (dist, data) = (dist(&folder), folder.path().join("test.db"));
    let nowhere = folder.path().join("nowhere/audit.log");
    let mut command = program(&["--addr", "127.0.0.1:0", "--dist", text(&dist), "--data", text(&data)]);
    let output = soon(
        "the program ends",
        command.args(["--audit-log", text(&nowhere)]).output(),
    )
    .await;
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("cannot write the audit log") && said.lines().count() == 1,
        "{said}"
    );
    assert!(!data.exists());
}
