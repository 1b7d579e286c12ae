//! `ci`: every check of a merge. The checks that fail fastest come first.

use anyhow::Context as _;

use crate::shell::{cargo, run as run_program, step};
use crate::{setup, size, test, tidy};

pub(crate) fn run() -> anyhow::Result<()> {
    setup::run(&setup::Options { tests: true })?;

    step("Checking the format");
    run_program(cargo().args(["fmt", "--all", "--check"])).context("run `cargo fmt --all`")?;

    tidy::run()?;

    step("Checking the dependencies");
    run_program(cargo().args(["deny", "--all-features", "check", "bans", "licenses", "sources"]))
        .context("`deny.toml` says what is allowed")?;

    step("Linting for the host");
    run_program(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
        .context("do what clippy says above")?;

    step("Linting for the browser");
    let wasm = [
        "clippy",
        "--package",
        "freshet",
        "--target",
        "wasm32-unknown-unknown",
        "--all-targets",
        "--all-features",
    ];
    run_program(cargo().args(wasm).args(["--", "-D", "warnings"])).context("do what clippy says above")?;

    step("Checking the documentation");
    run_program(
        cargo()
            .args(["doc", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
    .context("do what rustdoc says above")?;

    test::run(&test::Options::default())?;
    size::run(&size::Options::default())?;
    step("Everything holds");
    Ok(())
}
