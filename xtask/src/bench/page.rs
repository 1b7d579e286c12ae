//! Compares the app with the same page in React and SWR (`bench/react/`), both in a real browser with the real server.

use std::process::Command;

use anyhow::Context as _;

use crate::browser::{BROWSER_VARIABLE, Browser, DRIVER_VARIABLE};
use crate::build;
use crate::shell::{cargo, program, root, run as run_program, step, target_dir};

pub(super) fn run() -> anyhow::Result<()> {
    let browser = Browser::find().context("there is no Chromium: run `cargo xtask setup --tests`")?;
    build::run(&build::Options::default())?;

    step("Building the comparison (React and SWR)");
    let comparison = target_dir()?.join("comparison");
    run_program(in_comparison("npm").args(["ci", "--no-audit", "--no-fund"]))
        .context("the comparison needs Node.js 20.19 or later, with npm, and npm's registry")?;
    let mut build = in_comparison("npm");
    build
        .args(["run", "build", "--", "--emptyOutDir", "--outDir"])
        .arg(&comparison);
    run_program(&mut build).context("the comparison does not build: see above")?;

    step("Measuring: leave this machine alone for some minutes");
    let mut bench = cargo();
    bench.args(["run", "--quiet", "--package", "e2e", "--bin", "page-bench", "--"]);
    // A burst exceeds the limit of changes for one person in a minute.
    bench.env("FRESHET_CHANGES_PER_MINUTE", "1000000");
    bench.arg(build::dist()).arg(comparison);
    // The error names the failure; a backtrace adds nothing useful.
    bench.env("RUST_LIB_BACKTRACE", "0");
    bench.env("FRESHET_E2E_SERVER", build::server_program()?);
    bench.env(DRIVER_VARIABLE, &browser.driver);
    bench.env(BROWSER_VARIABLE, &browser.executable);
    run_program(&mut bench).context("the pages could not be measured: see above")
}

fn in_comparison(name: &str) -> Command {
    let mut command = program(name);
    command.current_dir(root().join("bench").join("react"));
    command
}
