//! Searches for input that breaks a property, for a set time, and shrinks it. The strategies of `proptest` describe the
//! input.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `FRESHET_FUZZ_SECONDS` | the time of each search in seconds | 1 |
//! | `FRESHET_FUZZ_SEED` | the seed of the search: a number, or `random` | 0 |

mod json;

use std::cell::Cell;
use std::env;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

pub use json::{Edits, edited, edits, text, value};

/// The number of inputs between two checks of the time.
const BATCH: u32 = 64;

/// Tries inputs until the time is over, and prints the number of inputs.
///
/// # Errors
///
/// Returns the smallest input that breaks the property, with the seed. Fails also if a variable is not a number.
#[expect(clippy::disallowed_methods, reason = "this runs on no browser")]
pub fn search<S: Strategy<Value: Debug>>(
    strategy: &S,
    property: impl Fn(S::Value) -> Result<(), String>,
) -> anyhow::Result<()> {
    let seconds = number("FRESHET_FUZZ_SECONDS")?.unwrap_or(1);
    let seed = match env::var("FRESHET_FUZZ_SEED").as_deref() {
        Ok("random") => rand::random(),
        _ => number("FRESHET_FUZZ_SEED")?.unwrap_or(0),
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: BATCH,
        failure_persistence: None,
        max_shrink_time: 60_000,
        max_shrink_iters: 10_000,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config.clone(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let until = Instant::now() + Duration::from_secs(seconds);
    let tried = Cell::new(0);
    while Instant::now() < until {
        // A runner runs its number of cases once only.
        runner = TestRunner::new_with_rng(config.clone(), runner.new_rng());
        let outcome = runner.run(strategy, |input| {
            // The remaining cases of a batch are skipped.
            if Instant::now() >= until && tried.get() > 0 {
                return Ok(());
            }
            tried.set(tried.get() + 1);
            property(input).map_err(TestCaseError::fail)
        });
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(why, input)) => bail!("seed {seed}: {why}\nwith {input:#?}"),
            Err(TestError::Abort(why)) => bail!("seed {seed}: {why}"),
        }
    }
    #[expect(clippy::print_stdout, reason = "a search says how far it has come")]
    {
        println!("{} inputs, seed {seed}: nothing found", tried.get());
    }
    Ok(())
}

fn number(name: &str) -> anyhow::Result<Option<u64>> {
    let Ok(text) = env::var(name) else { return Ok(None) };
    text.parse()
        .map(Some)
        .with_context(|| format!("{name} is a number, and not {text:?}"))
}
