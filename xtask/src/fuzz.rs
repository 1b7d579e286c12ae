//! `fuzz`: looks for input that breaks the server or a decoder, with another seed each time.

use clap::Args;

use crate::shell::{cargo, run as run_program, step};

/// The environment variable with the duration of each search, and its default in the tests, in seconds.
pub(crate) const IN_TESTS: (&str, &str) = (SECONDS, "30");

const SECONDS: &str = "FRESHET_FUZZ_SECONDS";
const SEED: &str = "FRESHET_FUZZ_SEED";

/// The searches and their duration.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Only the searches whose name contains this, such as `patch`.
    name: Option<String>,
    /// The duration of each search, in seconds.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// The seed of each search, as printed by an earlier one; random if not given.
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    step("Looking for input that breaks something");
    let seed = options
        .seed
        .map_or_else(|| "random".to_owned(), |seed| seed.to_string());
    run_program(
        cargo()
            .args([
                "test",
                "--package",
                "wire",
                "--package",
                "server",
                "--test",
                "fuzz",
                "--",
                "--nocapture",
            ])
            .args(&options.name)
            .env(SECONDS, options.seconds.to_string())
            .env(SEED, seed),
    )
}
