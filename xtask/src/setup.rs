//! `setup`: installs the missing tools, and reports the others as "already there".

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::browser::Browser;
use crate::shell::{cargo, note, program, read, root, run as run_program, step};

/// The target of the app's compilation.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The name of the component with the source of Rust's standard library.
const STANDARD_LIBRARY: &str = "rust-src";

/// The pinned version of Trunk: `build` rewrites the page that Trunk writes and is tested with the output of this
/// version.
const TRUNK_VERSION: &str = "0.21.14";

/// The program `wasm-pack`, in any version: only `wasm-pack test --mode no-install` is used.
const WASM_PACK: &str = "wasm-pack";

/// The program that checks the licences and sources of dependencies, in any version.
const CARGO_DENY: &str = "cargo-deny";

/// The tools to install.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Also the tools of the tests: wasm-pack, cargo-deny, Chromium and its driver, nginx.
    #[arg(long)]
    pub(crate) tests: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    step("Checking the tools");
    wasm_target()?;
    standard_library()?;
    tool("trunk", Some(TRUNK_VERSION), "trunk")?;
    // Trunk and the test runner require exactly the version that the app is linked with.
    tool(
        "wasm-bindgen",
        Some(&locked_version("wasm-bindgen")?),
        "wasm-bindgen-cli",
    )?;
    if options.tests {
        tool(WASM_PACK, None, WASM_PACK)?;
        tool(CARGO_DENY, None, CARGO_DENY)?;
        chromium()?;
        if cfg!(target_os = "linux") {
            nginx()?;
        }
    }
    Ok(())
}

fn wasm_target() -> anyhow::Result<()> {
    let there = match read(program("rustup").args(["target", "list", "--installed"])) {
        Ok(installed) => installed.lines().any(|line| line.trim() == WASM_TARGET),
        // Without rustup the target is part of the Rust installation, or can not be added here.
        Err(_) => sysroot_has_target()?,
    };
    if there {
        note(&format!("{WASM_TARGET}: already there"));
        return Ok(());
    }
    step(&format!("Installing the target {WASM_TARGET}"));
    run_program(program("rustup").args(["target", "add", WASM_TARGET]))
        .with_context(|| format!("add the Rust target {WASM_TARGET} by hand, then run this again"))
}

fn sysroot_has_target() -> anyhow::Result<bool> {
    Ok(sysroot()?.join(WASM_TARGET).is_dir())
}

/// Installs the source of the standard library, which is built together with the app.
fn standard_library() -> anyhow::Result<()> {
    if sysroot()?.join("src/rust/library/Cargo.lock").is_file() {
        note(&format!("{STANDARD_LIBRARY}: already there"));
        return Ok(());
    }
    step("Installing the source of Rust's standard library");
    run_program(program("rustup").args(["component", "add", STANDARD_LIBRARY]))
        .with_context(|| format!("add the component {STANDARD_LIBRARY} of Rust by hand, then run this again"))
}

fn sysroot() -> anyhow::Result<PathBuf> {
    let sysroot = read(program("rustc").args(["--print", "sysroot"])).context("install Rust from https://rustup.rs")?;
    Ok(PathBuf::from(sysroot.trim()).join("lib/rustlib"))
}

/// Installs `package` unless its program `name` is there, in the wanted version if there is one.
fn tool(name: &str, wanted: Option<&str>, package: &str) -> anyhow::Result<()> {
    let found = read(program(name).arg("--version")).ok();
    let found = found.as_deref().and_then(version_in);
    match (found, wanted) {
        (Some(found), None) => {
            note(&format!("{name} {found}: already there"));
            return Ok(());
        }
        (Some(found), Some(wanted)) if found == wanted => {
            note(&format!("{name} {found}: already there"));
            return Ok(());
        }
        (Some(found), Some(wanted)) => {
            step(&format!("Installing {name} {wanted} in place of {found}"));
        }
        (None, _) => step(&format!("Installing {name} (takes some minutes)")),
    }
    install(package, wanted, &["--locked"])
        .or_else(|_| {
            // A mirror of the registry may lack the exact versions of the package's lock file.
            note("what it was published with is not to be had: trying what fits instead");
            install(package, wanted, &[])
        })
        .with_context(|| format!("install {package} by hand, then run this again"))
}

fn install(package: &str, version: Option<&str>, options: &[&str]) -> anyhow::Result<()> {
    let mut install = cargo();
    install.args(["install", package, "--force"]).args(options);
    if let Some(version) = version {
        install.args(["--version", version]);
    }
    // A target folder shared with the workspace would make this wait for other builds.
    install.env_remove("CARGO_TARGET_DIR");
    run_program(&mut install)
}

fn chromium() -> anyhow::Result<()> {
    if let Some(browser) = Browser::find() {
        note(&format!("{}: already there", browser.executable.display()));
        note(&format!("{}: already there", browser.driver.display()));
        return Ok(());
    }
    step("Installing Chromium and its driver");
    debian_packages(&["chromium", "chromium-driver"]).with_context(|| {
        format!(
            "the tests need Chromium or Chrome and the chromedriver of the same version: install both, or name them in \
             {} and {}",
            crate::browser::BROWSER_VARIABLE,
            crate::browser::DRIVER_VARIABLE,
        )
    })?;
    Browser::find()
        .map(|_| ())
        .context("Chromium was installed, but is not on the PATH: add it, then run this again")
}

/// Installs the proxy of `docs/deploy.md`, which a test runs in front of the server, and the other tools of that test.
fn nginx() -> anyhow::Result<()> {
    // Debian installs it in a folder that is only on root's `PATH`.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::env::join_paths(std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]))?;
    if let Ok(found) = which::which_in("nginx", Some(paths), root()) {
        note(&format!("{}: already there", found.display()));
        return Ok(());
    }
    step("Installing nginx");
    debian_packages(&["nginx-light", "curl", "openssl"])
        .context("a test needs nginx: install it by hand, then run this again")
}

/// Installs packages of Debian, if this user may do so.
fn debian_packages(names: &[&str]) -> anyhow::Result<()> {
    let is_root = read(program("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || which::which("apt-get").is_err() {
        bail!("only root installs packages, and with apt-get: {}", names.join(", "));
    }
    run_program(program("apt-get").arg("update"))?;
    let mut install = program("apt-get");
    install.args(["install", "--yes"]).args(names);
    run_program(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Returns the version of a package in the lock file.
fn locked_version(package: &str) -> anyhow::Result<String> {
    let path = root().join("Cargo.lock");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}: run `cargo generate-lockfile`", path.display()))?;
    version_of(package, &text).with_context(|| format!("{} does not name {package}", path.display()))
}

fn version_of(package: &str, lock_file: &str) -> Option<String> {
    let lock: toml::Table = lock_file.parse().ok()?;
    let packages = lock.get("package")?.as_array()?;
    let found = packages
        .iter()
        .find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))?;
    found.get("version")?.as_str().map(str::to_owned)
}

/// Returns the version in a program's answer to `--version`, such as `trunk 0.21.14`.
fn version_in(answer: &str) -> Option<&str> {
    answer
        .split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{locked_version, version_in, version_of};

    #[test]
    fn the_version_is_read_from_what_programs_answer() {
        assert_eq!(version_in("trunk 0.21.14\n"), Some("0.21.14"));
        assert_eq!(version_in("wasm-bindgen 0.2.130 (0123456789abcdef)\n"), Some("0.2.130"));
        assert_eq!(version_in("no idea"), None);
    }

    #[test]
    fn the_version_is_that_of_exactly_this_package() {
        let lock = "version = 4\n\n[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.7\"\n";
        assert_eq!(version_of("wasm-bindgen", lock).as_deref(), Some("0.2.7"));
        assert_eq!(version_of("wasm", lock), None);
    }

    #[test]
    fn lock_file_names_wasm_bindgen() {
        assert!(locked_version("wasm-bindgen").is_ok());
    }
}
