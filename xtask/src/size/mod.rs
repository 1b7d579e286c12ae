//! `size`: measures the files of a first visit and compares them with the budget.
//!
//! With `--by-crate` it also lists the origin of the code. This needs a separate build, since the deployed app has no
//! names.

mod code;
mod load;
mod report;
mod symbol;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::build;
use crate::setup::WASM_TARGET;
use crate::shell::{cargo, program, root, run as run_program, step, target_dir};

/// The options of the report.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Also list the crates and functions of the code (builds the app once more, with names).
    #[arg(long)]
    by_crate: bool,
    /// The number of functions to list.
    #[arg(long, default_value_t = 40)]
    top: usize,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    build::run(&build::Options { app_only: true })?;
    step("Weighing what a visit loads");
    let load = load::load(&build::dist())?;
    report::load(&load);
    if options.by_crate {
        report::code(&code::read(&build_with_names()?)?, options.top);
    }
    let budget = Budget::read()?;
    let (first, all) = load.sums();
    check("the first load", first.brotli, budget.first)?;
    check("the whole app", all.brotli, budget.all)
}

fn check(what: &str, sum: usize, budget: usize) -> anyhow::Result<()> {
    if sum > budget {
        bail!(
            "{what} is {sum} bytes, {} more than its budget in xtask/size.toml: \
             `cargo xtask size --by-crate` says what it consists of, compare it with the same before your change",
            sum - budget,
        );
    }
    step(&format!("Within its budget of {budget} bytes: {what} is {sum}"));
    Ok(())
}

/// The maximum size of a visit, in compressed bytes.
struct Budget {
    /// The maximum before anything is shown.
    first: usize,
    /// The maximum in total.
    all: usize,
}

impl Budget {
    fn read() -> anyhow::Result<Self> {
        let path = root().join("xtask/size.toml");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let table: toml::Table = text.parse().context("xtask/size.toml is not TOML")?;
        let bytes = |name: &str| {
            let bytes = table.get(name).and_then(toml::Value::as_integer);
            bytes
                .and_then(|bytes| usize::try_from(bytes).ok())
                .with_context(|| format!("xtask/size.toml must say `{name} = <bytes>`"))
        };
        Ok(Self {
            first: bytes("first_load")?,
            all: bytes("whole_app")?,
        })
    }
}

/// Builds the app as deployed, but with the names of its functions. Returns the WebAssembly file.
fn build_with_names() -> anyhow::Result<PathBuf> {
    step("Building the app once more, with names (takes some minutes)");
    let app = [
        "build",
        "--package",
        "freshet",
        "--bin",
        "freshet",
        "--target",
        WASM_TARGET,
    ];
    // These names contain the type arguments of a generic function.
    let names = "-Csymbol-mangling-version=v0";
    run_program(build::as_deployed(
        cargo().args(app).args(["--profile", build::PROFILE]),
        names,
    ))
    .context("the app does not build: see above")?;
    let target = target_dir()?;
    let (built, names) = (target.join(WASM_TARGET).join(build::PROFILE), target.join("size"));
    // Same as Trunk, but without demangling: a demangled name lacks the crate of a function.
    run_program(
        program("wasm-bindgen")
            .args(["--target", "web", "--no-typescript", "--no-demangle", "--out-dir"])
            .arg(&names)
            .arg(built.join("freshet.wasm")),
    )
    .context("`cargo xtask setup` installs wasm-bindgen")?;
    Ok(names.join("freshet_bg.wasm"))
}

#[cfg(test)]
mod tests {
    use super::{Budget, check};

    #[test]
    fn exceeded_budget_fails_with_advice() {
        assert!(check("it", 100, 100).is_ok());
        let error = check("it", 150, 100).unwrap_err().to_string();
        assert!(error.contains("50 more") && error.contains("--by-crate"), "{error}");
    }

    #[test]
    fn there_is_a_budget() {
        let budget = Budget::read().unwrap();
        assert!(0 < budget.first && budget.first < budget.all);
    }
}
