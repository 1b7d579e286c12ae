//! Measures the release build of the server: thousands of streams with the fate of every message, the cost of reads for
//! other people, and faults.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::build;
use crate::shell::{cargo, program, run as run_program, step};

/// The program that measures.
const LOAD: &str = "freshet-load";

/// The name of the measurement without streams.
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

/// Runs the server under faults: all of them, or the one with this name.
pub(super) fn faults(only: Option<&str>) -> anyhow::Result<()> {
    let server = prepare()?;
    step("Playing faults on the server");
    load(&server, &["--faults", only.unwrap_or_default()])
}

/// Builds the server and the load program. Returns the path of the server.
fn prepare() -> anyhow::Result<PathBuf> {
    step("Building the server and the load (release)");
    run_program(cargo().args(["build", "--release", "--package", "server", "--package", "load"]))?;
    build::server_program()
}

fn load(server: &PathBuf, arguments: &[&str]) -> anyhow::Result<()> {
    let mut load = program(server.with_file_name(format!("{LOAD}{}", std::env::consts::EXE_SUFFIX)));
    load.arg("--server").arg(server).args(arguments);
    // The error names the failure; a backtrace adds nothing useful.
    load.env("RUST_LIB_BACKTRACE", "0");
    run_program(&mut load).context("the load found something wrong: see above")
}
