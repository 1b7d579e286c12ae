//! The program as a process.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::{METRICS_TOKEN, soon};

/// The program with these arguments.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_freshet-server"));
    command
        .env_clear()
        .env("FRESHET_METRICS_TOKEN", METRICS_TOKEN)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// The program with a demo in this database, this app, any free port, and further options.
pub(crate) fn demo(dist: &Path, data: &Path, options: &[&str]) -> Command {
    let mut command = program(&["--addr", "127.0.0.1:0", "--seed-demo"]);
    command.arg("--dist").arg(dist).arg("--data").arg(data).args(options);
    command
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A program that listens, and what it says.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) base: String,
    /// What it had said by then.
    pub(crate) said: Vec<String>,
    /// What it says later. Read all the time: a program that can not write its log is another test.
    pub(crate) later: JoinHandle<Vec<String>>,
}

/// Starts on any port and waits for the line that says which.
pub(crate) async fn start(mut command: Command) -> Running {
    let mut child = command.spawn().unwrap();
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
            let Some(base) = base else { continue };
            let later = tokio::spawn(async move {
                let mut later = Vec::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    later.push(line);
                }
                later
            });
            return Running {
                child,
                base,
                said,
                later,
            };
        }
    })
    .await
}

/// The memory that a program has touched, in bytes.
pub(crate) fn memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse::<u64>().unwrap() * 1_024
}

/// Asks a program to end.
pub(crate) async fn terminate(child: &Child) {
    let id = child.id().unwrap().to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
    assert!(killed.success());
}
