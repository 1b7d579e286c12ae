//! Opens thousands of streams on the server as it is released, and shows what became of every message.

use anyhow::Context as _;

use crate::build;
use crate::shell::{cargo, program, run as run_program, step};

/// The program that does it.
const LOAD: &str = "freshet-load";

/// Of its measurements, the one without streams.
const FAIRNESS: &str = "fairness";

pub(super) fn run(only: Option<&str>) -> anyhow::Result<()> {
    step("Building the server and the load (release)");
    let server = build::server_program()?;
    run_program(cargo().args(["build", "--release", "--package", "server", "--package", "load"]))?;

    step("Measuring the server under load");
    let load = |arguments: &[&str]| {
        let mut load = program(server.with_file_name(format!("{LOAD}{}", std::env::consts::EXE_SUFFIX)));
        load.arg("--server").arg(&server).args(arguments);
        // An error says what failed; where it was made is of no use to anybody.
        load.env("RUST_LIB_BACKTRACE", "0");
        run_program(&mut load).context("the load found something wrong: see above")
    };
    match only {
        Some(FAIRNESS) => load(&["--fairness"]),
        Some(streams) => load(&["--streams", streams]),
        None => load(&[]).and_then(|()| load(&["--fairness"])),
    }
}
