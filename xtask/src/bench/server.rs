//! The server as it is released: thousands of streams, what became of every message, what reads cost others, and faults.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::build;
use crate::shell::{cargo, program, run as run_program, step};

/// The program that does it.
const LOAD: &str = "freshet-load";

/// Of its measurements, the one without streams.
const FAIRNESS: &str = "fairness";

pub(super) fn run(only: Option<&str>) -> anyhow::Result<()> {
    let server = prepare()?;
    step("Measuring the server under load");
    match only {
        Some(FAIRNESS) => load(&server, &["--fairness"]),
        Some(streams) => load(&server, &["--streams", streams]),
        None => load(&server, &[]).and_then(|()| load(&server, &["--fairness"])),
    }
}

/// Plays faults on it: all, or the one of this name.
pub(super) fn faults(only: Option<&str>) -> anyhow::Result<()> {
    let server = prepare()?;
    step("Playing faults on the server");
    load(&server, &["--faults", only.unwrap_or_default()])
}

/// Builds the server and the load. Returns where the server is.
fn prepare() -> anyhow::Result<PathBuf> {
    step("Building the server and the load (release)");
    run_program(cargo().args(["build", "--release", "--package", "server", "--package", "load"]))?;
    build::server_program()
}

fn load(server: &PathBuf, arguments: &[&str]) -> anyhow::Result<()> {
    let mut load = program(server.with_file_name(format!("{LOAD}{}", std::env::consts::EXE_SUFFIX)));
    load.arg("--server").arg(server).args(arguments);
    // An error says what failed; where it was made is of no use to anybody.
    load.env("RUST_LIB_BACKTRACE", "0");
    run_program(&mut load).context("the load found something wrong: see above")
}
