//! Backups on the real process, and what an older copy of the database does to positions.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;
use tokio::process::Command;

use crate::common::{Person, Running, TestServer, demo, dist, program, soon, start, text, tuning};

struct Place {
    _folder: TempDir,
    dist: PathBuf,
    data: PathBuf,
    target: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            dist: dist(&folder),
            data: folder.path().join("data/test.db"),
            target: folder.path().join("backup.db"),
            _folder: folder,
        }
    }

    fn serve(&self) -> Command {
        demo(&self.dist, &self.data, &[])
    }

    /// Runs a command on the database; returns its exit code, and what it says.
    async fn run(&self, arguments: &[&str]) -> (i32, String) {
        let arguments = [arguments, &["--data", text(&self.data)]].concat();
        let output = soon("the program ends", program(&arguments).output()).await.unwrap();
        let Output { status, stdout, stderr } = output;
        let said = [stdout, stderr].map(|said| String::from_utf8(said).unwrap()).concat();
        (status.code().unwrap(), said)
    }

    /// Changes the database behind the back of every server.
    async fn sql(&self, statement: &str) {
        let mut connection = SqliteConnectOptions::new()
            .filename(&self.data)
            .foreign_keys(false)
            .connect()
            .await
            .unwrap();
        connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    }
}

async fn kill(running: Running) {
    let mut child = running.child;
    child.kill().await.unwrap();
}

fn lose(data: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        drop(fs::remove_file(format!("{}{suffix}", text(data))));
    }
}

async fn texts(person: &Person) -> BTreeSet<String> {
    let session = person.today().await.id;
    let list = format!("/api/actions?coaching_session_id={session}");
    let actions: Vec<wire::Action> = person.get(&list).await.data();
    actions.into_iter().filter_map(|action| action.body).collect()
}

#[cfg(unix)]
#[tokio::test]
async fn a_lost_database_comes_back_from_its_backup() {
    let place = Place::new();
    let running = start(place.serve()).await;
    let coach = Person::sign_in(&running.base, "coach").await;
    let session = coach.today().await;
    let mut acknowledged = BTreeSet::new();
    for number in 0..20 {
        let body = format!("before {number}");
        coach.add_action(&session, &body).await;
        acknowledged.insert(body);
    }
    let common = coach.get("/api/users/current").await.cursor();
    // The copy is made while others write.
    let backup = ["backup", text(&place.target)];
    let mut copying = Box::pin(place.run(&backup));
    let (code, said) = loop {
        tokio::select! {
            ended = &mut copying => break ended,
            _ = coach.add_action(&session, "meanwhile") => {}
        }
    };
    assert_eq!(code, 0, "{said}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&place.target).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    let bytes = fs::read(&place.target).unwrap();
    let (code, said) = place.run(&backup).await;
    assert!(code == 1 && said.contains("exists already"), "{said}");
    assert_eq!(fs::read(&place.target).unwrap(), bytes, "nothing is replaced");

    let (code, said) = place.run(&["check", text(&place.target)]).await;
    assert_eq!(code, 0, "{said}");
    let left = fs::read_dir(place.target.parent().unwrap()).unwrap();
    let left: BTreeSet<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "the app, the data and the backup: {left:?}");

    // What comes now is lost.
    for _ in 0..3 {
        coach.add_action(&session, "after").await;
    }
    let lost = coach.get("/api/users/current").await.cursor();
    let (code, said) = place.run(&["restore", text(&place.target)]).await;
    assert!(code == 1 && said.contains("stop it first"), "{said}");
    kill(running).await;
    lose(&place.data);

    let (code, said) = place.run(&["restore", text(&place.target)]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = place.run(&["check"]).await;
    assert!(code == 0 && said.contains("is sound"), "{said}");
    let running = start(place.serve()).await;
    let old = Person {
        base: running.base.clone(),
        ..coach
    };
    old.get("/api/users/current").await.refused(401, "unauthorized");
    let coach = Person::sign_in(&running.base, "coach").await;
    let found = texts(&coach).await;
    assert!(acknowledged.is_subset(&found), "{found:?}");
    assert!(!found.contains("after"));
    // The same numbers are given again, for something else.
    while coach.head().await < lost.seq + 2 {
        coach.add_action(&session, "instead").await;
    }
    assert!(!coach.stream_after(&lost).await.resumed());
    assert!(coach.stream_after(&common).await.resumed());
    drop(running);
}

#[tokio::test]
async fn restored_backup_resumes_no_lost_cursor() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let session = coach.today().await;
    coach.add_action(&session, "common").await;
    let common = coach.get("/api/users/current").await.cursor();
    let folder = server.stop().await;
    let (data, copy) = (folder.path().join("data/test.db"), folder.path().join("copy.db"));
    fs::copy(&data, &copy).unwrap();

    // Two histories go on from the same copy; both end with their server stopped in order.
    let mut folder = folder;
    let mut lost = Vec::new();
    for _ in 0..2 {
        let server = TestServer::in_folder(folder, tuning(), &[]).await;
        let coach = server.sign_in("coach").await;
        assert!(coach.stream_after(&common).await.resumed());
        for at in &lost {
            assert!(!coach.stream_after(at).await.resumed(), "{at}");
        }
        coach.add_action(&session, "lost").await;
        lost.push(coach.get("/api/users/current").await.cursor());
        folder = server.stop().await;
        lose(&data);
        fs::copy(&copy, &data).unwrap();
    }
    let server = TestServer::in_folder(folder, tuning(), &[]).await;
    let coach = server.sign_in("coach").await;
    for _ in 0..3 {
        coach.add_action(&session, "instead").await;
    }
    for at in &lost {
        assert!(!coach.stream_after(at).await.resumed(), "{at}");
    }
    assert!(coach.stream_after(&common).await.resumed());
}

#[tokio::test]
async fn a_killed_server_resumes_every_position_it_gave() {
    let place = Place::new();
    let mut running = start(place.serve()).await;
    let mut coach = Person::sign_in(&running.base, "coach").await;
    let session = coach.today().await;
    let start_at = coach.get("/api/users/current").await.cursor();
    let mut given = vec![start_at];
    for _ in 0..3 {
        coach.add_action(&session, "told").await;
        given.push(coach.get("/api/users/current").await.cursor());
        kill(running).await;
        running = start(place.serve()).await;
        coach.base.clone_from(&running.base);
        for at in &given {
            assert!(coach.stream_after(at).await.resumed(), "{at}");
        }
        let newest = coach.get("/api/users/current").await.cursor();
        assert_ne!(newest.epoch, given.last().unwrap().epoch);
    }
    let mut stream = coach.stream_after(&given[0]).await;
    for seq in 1..=3 {
        assert_eq!(stream.next_logged().await.cursor().seq, seq);
    }
}

#[tokio::test]
async fn a_position_of_an_older_version_is_resumed() {
    let server = TestServer::start().await;
    let coach = server.sign_in("coach").await;
    let at = coach.get("/api/users/current").await.cursor();
    coach.add_action(&coach.today().await, "told").await;
    server.sql("DROP TABLE log_epochs").await;
    server.sql("DELETE FROM _sqlx_migrations WHERE version >= 10").await;
    let server = TestServer::in_folder(server.stop().await, tuning(), &[]).await;
    let coach = server.sign_in("coach").await;
    let mut stream = coach.stream_after(&at).await;
    assert!(stream.resumed());
    assert_eq!(stream.next_logged().await.cursor().seq, 1);
}

#[tokio::test]
async fn restoring_keeps_the_replaced_file() {
    let place = Place::new();
    let running = start(place.serve()).await;
    let coach = Person::sign_in(&running.base, "coach").await;
    let session = coach.today().await;
    let (code, said) = place.run(&["backup", text(&place.target)]).await;
    assert_eq!(code, 0, "{said}");
    // Not folded into the file yet when the program is killed.
    coach.add_action(&session, "replaced").await;
    kill(running).await;
    let (code, said) = place.run(&["restore", text(&place.target)]).await;
    assert_eq!(code, 0, "{said}");
    let kept = said.split("kept as ").nth(1).unwrap().lines().next().unwrap();
    let (code, checked) = place.run(&["check", kept]).await;
    assert_eq!(code, 0, "{checked}");
    let kept = PathBuf::from(kept);
    lose(&place.data);
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", text(&kept));
        if Path::new(&from).exists() {
            fs::rename(from, format!("{}{suffix}", text(&place.data))).unwrap();
        }
    }
    let running = start(place.serve()).await;
    let coach = Person::sign_in(&running.base, "coach").await;
    assert!(texts(&coach).await.contains("replaced"));
    drop(running);
}

#[tokio::test]
async fn a_check_says_what_is_wrong() {
    let place = Place::new();
    let (code, said) = place.run(&["check"]).await;
    assert!(code == 1 && said.contains("there is no file"), "{said}");
    let running = start(place.serve()).await;
    let coach = Person::sign_in(&running.base, "coach").await;
    let session = coach.today().await;
    for _ in 0..3 {
        coach.add_action(&session, "one").await;
    }
    let (code, said) = place.run(&["check"]).await;
    assert!(code == 0 && said.contains("is sound"), "{said}");
    kill(running).await;
    for (damage, repair, sentence) in [
        (
            "UPDATE events SET seq = 9 WHERE seq = 2",
            "UPDATE events SET seq = 2 WHERE seq = 9",
            "events outside of the positions that the log has given: 1",
        ),
        (
            "UPDATE sqlite_sequence SET seq = 5 WHERE name = 'events'",
            "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'events'",
            "positions of the log without an event: 2",
        ),
        (
            "UPDATE row_changes SET version = version + 7 WHERE row_id IN (SELECT id FROM actions WHERE body = 'one')",
            "UPDATE row_changes SET version = version - 7 WHERE row_id IN (SELECT id FROM actions WHERE body = 'one')",
            "rows of actions with an older version than their history: 3",
        ),
        (
            "UPDATE row_changes SET row_id = randomblob(16)
                WHERE row_id IN (SELECT id FROM actions WHERE body = 'one')",
            "DELETE FROM row_changes",
            "entries of the history without their row: 3",
        ),
        (
            "UPDATE sign_ins SET user_id = randomblob(16)",
            "DELETE FROM sign_ins",
            "rows of sign_ins that refer to rows of users that are gone: 1",
        ),
    ] {
        place.sql(damage).await;
        let (code, said) = place.run(&["check"]).await;
        assert!(code == 1 && said.contains(sentence), "{sentence}: {said}");
        // It is copied all the same.
        let copy = place.target.with_extension(sentence.len().to_string());
        let (code, said) = place.run(&["backup", text(&copy)]).await;
        assert!(code == 1 && said.contains(sentence) && copy.exists(), "{said}");
        place.sql(repair).await;
        let (code, said) = place.run(&["check"]).await;
        assert_eq!(code, 0, "{said}");
    }
    // A page in the middle that holds something else.
    let mut bytes = fs::read(&place.data).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 4_096].fill(0xa5);
    fs::write(&place.target, bytes).unwrap();
    let (code, said) = place.run(&["check", text(&place.target)]).await;
    assert!(code == 1 && said.lines().count() > 0, "{said}");
}

#[tokio::test]
async fn what_is_not_sound_is_not_restored() {
    let place = Place::new();
    let running = start(place.serve()).await;
    let newer = place.target.with_extension("newer");
    let (code, said) = place.run(&["backup", text(&newer)]).await;
    assert_eq!(code, 0, "{said}");
    kill(running).await;
    let before = fs::read(&place.data).unwrap();
    let mut connection = SqliteConnectOptions::new().filename(&newer).connect().await.unwrap();
    let migration = "INSERT INTO _sqlx_migrations SELECT 9999, description, installed_on, success, checksum,
        execution_time FROM _sqlx_migrations LIMIT 1";
    connection.execute(migration).await.unwrap();
    connection.close().await.unwrap();
    let (code, said) = place.run(&["restore", text(&newer)]).await;
    assert!(code == 1 && said.contains("a newer version"), "{said}");
    let other = SqliteConnectOptions::new()
        .filename(&place.target)
        .create_if_missing(true);
    let mut other = other.connect().await.unwrap();
    other.execute("CREATE TABLE other (id INTEGER)").await.unwrap();
    other.close().await.unwrap();
    let (code, said) = place.run(&["restore", text(&place.target)]).await;
    assert!(code == 1 && said.contains("not one of this server"), "{said}");
    fs::write(&place.target, "this is not a database, whatever its name says").unwrap();
    let (code, said) = place.run(&["restore", text(&place.target)]).await;
    assert!(code == 1 && said.lines().count() == 1, "{said}");
    let (code, said) = place.run(&["restore", "nowhere.db"]).await;
    assert!(code == 1 && said.contains("there is no file nowhere.db"), "{said}");
    assert_eq!(fs::read(&place.data).unwrap(), before);
    let left = fs::read_dir(place.data.parent().unwrap()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        !left.iter().any(|name| name.to_str().unwrap().contains("unfinished")),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_restore_and_a_server_exclude_each_other() {
    let place = Place::new();
    let running = start(place.serve()).await;
    let (code, said) = place.run(&["backup", text(&place.target)]).await;
    assert_eq!(code, 0, "{said}");
    let restore = ["restore", text(&place.target)];
    let (code, said) = place.run(&restore).await;
    assert!(code == 1 && said.contains("a server uses"), "{said}");
    // Not even one that was killed leaves a lock behind.
    kill(running).await;
    // As `restore` holds it.
    let lock = fs::File::open(format!("{}.lock", text(&place.data))).unwrap();
    lock.try_lock().unwrap();
    let Output { status, stderr, .. } = soon("the program ends", place.serve().output()).await.unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(status.code() == Some(2) && said.contains("is being restored"), "{said}");
    let (code, said) = place.run(&restore).await;
    assert!(code == 1, "one restore at a time: {said}");
    drop(lock);
    let (code, said) = place.run(&restore).await;
    assert_eq!(code, 0, "{said}");
}
