//! The tasks of this repository: `cargo xtask <task>`.
//!
//! Each task has a file. Every task prints its steps, can be run again at once, and fails with a sentence that names
//! the remedy. This program is not part of the product.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks to its user"
)]

mod bench;
mod browser;
mod build;
mod ci;
mod dev;
mod fuzz;
mod setup;
mod shell;
mod size;
mod start;
mod supervisor;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install missing tools: the wasm target, Trunk, wasm-bindgen.
    Setup(setup::Options),
    /// Build the app into dist/ and the server into the target folder.
    Build(build::Options),
    /// Set up, build, and run the product on this machine.
    Start(start::Options),
    /// Run server and app from source; the page reloads when the app changes.
    Dev(dev::Options),
    /// Measure the size of a first visit, and compare it with its budget.
    Size(size::Options),
    /// Measure the speed.
    Bench(bench::Options),
    /// Look for input that breaks the server or a decoder.
    Fuzz(fuzz::Options),
    /// Check the house rules: the imports of each module, and other rules that a compiler does not check.
    Tidy,
    /// Run every test, or one group of them.
    Test(test::Options),
    /// Run every check of a merge.
    Ci,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Setup(options) => setup::run(&options),
        Task::Build(options) => build::run(&options),
        Task::Start(options) => start::run(&options),
        Task::Dev(options) => dev::run(&options),
        Task::Size(options) => size::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Tidy => tidy::run(),
        Task::Test(options) => test::run(&options),
        Task::Ci => ci::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
