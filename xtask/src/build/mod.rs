//! `build`: builds the app into `dist/`, ready to be served, and the server into the target folder.

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

/// The profile of the app: small rather than fast. It is not in Trunk.toml, where it would slow `dev` down too.
pub(crate) const PROFILE: &str = "wasm-release";

/// The compiler flags of the app beyond the profile: a panic aborts without a message, so that the app does not contain
/// the code that formats one. `static/early.js` shows the failure to the person.
const FLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort";

/// The parts to build.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Build only the app, not the server.
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

/// Returns the folder of the built app.
pub(crate) fn dist() -> PathBuf {
    root().join("dist")
}

/// Returns the path of the built server.
pub(crate) fn server_program() -> anyhow::Result<PathBuf> {
    Ok(target_dir()?
        .join("release")
        .join(format!("{SERVER}{}", std::env::consts::EXE_SUFFIX)))
}

/// Returns a command for Trunk in the root of the repository.
pub(crate) fn trunk() -> Command {
    let mut trunk = program("trunk");
    // Trunk treats the usual `NO_COLOR=1` as a wrong value of its own option and refuses to start.
    if std::env::var_os("NO_COLOR").is_some() {
        trunk.env("NO_COLOR", "true");
    }
    trunk
}

/// Configures a command to build the app as deployed, with these additional compiler flags.
///
/// The standard library is built as well, since the one of the Rust distribution is optimised for speed and contains
/// the code of panic messages. This feature of Cargo is unstable, so rust-toolchain.toml pins the version of Rust. It
/// makes the loaded files a tenth smaller.
pub(crate) fn as_deployed<'command>(build: &'command mut Command, flags: &str) -> &'command mut Command {
    build
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        // The split identifies functions by their names, and removes the names afterwards.
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

/// Returns a hash of the contents, for the name of a file that may be cached for ever.
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
