//! `build`: leaves the app in `dist/`, ready to be served, and the server in the target folder.

mod boot;
pub(crate) mod compress;
mod shorten;
pub(crate) mod split;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use clap::Args;
use sha2::{Digest as _, Sha256};

use crate::setup::WASM_TARGET;
use crate::shell::{cargo, note, program, root, run as run_program, step, target_dir};

/// The name of the server's program.
pub(crate) const SERVER: &str = "freshet-server";

/// The profile of the app: small rather than fast. Not in Trunk.toml, where it would slow `dev` down too.
pub(crate) const PROFILE: &str = "wasm-release";

/// What the compiler is told of the app beyond the profile: that a panic is the end, without a message that would take
/// all that is needed to write one along. `static/early.js` tells the person.
const FLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort";

/// What to build.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Leave the server alone.
    #[arg(long, alias = "no-server")]
    pub(crate) app_only: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    app()?;
    if !options.app_only {
        server()?;
    }
    Ok(())
}

/// Where the app is built.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}

/// Where `run` leaves the server.
pub(crate) fn server_program() -> anyhow::Result<PathBuf> {
    Ok(target_dir()?
        .join("release")
        .join(format!("{SERVER}{}", std::env::consts::EXE_SUFFIX)))
}

/// Trunk, in the root of the repository.
pub(crate) fn trunk() -> Command {
    let mut trunk = program("trunk");
    // Trunk takes the usual `NO_COLOR=1` for a wrong value of its own option and refuses to start.
    if std::env::var_os("NO_COLOR").is_some() {
        trunk.env("NO_COLOR", "true");
    }
    trunk
}

/// Has a command build the app as it is deployed, with these flags for the compiler as well.
///
/// The standard library is built along, since the one that comes with Rust is made to be fast, and to panic at length.
/// That is no stable feature of Cargo; it stays what it is because rust-toolchain.toml says which version of Rust this
/// is. It takes a tenth off what is loaded.
pub(crate) fn as_deployed<'command>(build: &'command mut Command, flags: &str) -> &'command mut Command {
    build
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        // The split tells functions by their names, and takes the names out afterwards.
        .env("CARGO_PROFILE_WASM_RELEASE_STRIP", "none")
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            format!("{FLAGS} {flags}"),
        )
}

fn app() -> anyhow::Result<()> {
    step("Building the app (release)");
    let release = [
        "build",
        "--release",
        "--cargo-profile",
        PROFILE,
        "--features",
        split::FEATURE,
    ];
    run_program(as_deployed(trunk().args(release), split::LINKER))
        .context("the app does not build: see above; `cargo xtask setup` installs missing tools")?;
    step("Taking out what is not needed to sign in");
    let target = target_dir()?;
    let linked = target.join(WASM_TARGET).join(PROFILE).join("freshet.wasm");
    split::split(&dist(), &linked, &target.join("split"))?;
    step("Preparing the app for its content security policy");
    boot::externalize(&dist())?;
    step("Shortening the names that nobody reads");
    shorten::shorten(&dist())?;
    step("Compressing the app");
    for line in compress::compress(&dist())? {
        note(&line);
    }
    Ok(())
}

/// Digits that change with any of these, for the name of a file that may be cached for ever.
fn hash<'content>(contents: impl IntoIterator<Item = &'content [u8]>) -> String {
    let digest = contents.into_iter().fold(Sha256::new(), Sha256::chain_update);
    digest.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn server() -> anyhow::Result<()> {
    step("Building the server (release)");
    run_program(cargo().args(["build", "--release", "--package", "server", "--bin", SERVER]))
        .context("the server does not build: see above")
}
