//! `test`: runs all tests in groups; the first group that fails ends the run.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::browser::{BROWSER_VARIABLE, Browser, DRIVER_VARIABLE};
use crate::shell::{cargo, note, program, root, run as run_program, step, target_dir};
use crate::{build, fuzz, setup};

/// The time limit for all tests of one file in the browser, in seconds. It is much longer than the tests usually take.
const BROWSER_TEST_TIMEOUT: &str = "300";

/// The tests to run.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// One group; all groups if not given.
    group: Option<Group>,
}

/// The groups, in the order in which they run: the group that fails fastest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// All tests that run without a browser.
    Host,
    /// The app's parts in a real browser.
    Browser,
    /// Two people in two real browsers, against the real server.
    E2e,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    setup::run(&setup::Options {
        tests: options.group != Some(Group::Host),
    })?;
    for group in Group::value_variants() {
        if options.group.is_none_or(|wanted| wanted == *group) {
            run_group(*group)?;
        }
    }
    step(match options.group {
        None => "All tests passed: host, browser and end to end",
        Some(Group::Host) => "All host tests passed",
        Some(Group::Browser) => "All browser tests passed",
        Some(Group::E2e) => "All end-to-end tests passed",
    });
    Ok(())
}

fn run_group(group: Group) -> anyhow::Result<()> {
    match group {
        Group::Host => host().context("a host test failed: see above; `cargo xtask test host` runs these alone"),
        Group::Browser => {
            browser().context("a browser test failed: see above; `cargo xtask test browser` runs these alone")
        }
        Group::E2e => {
            build::run(&build::Options::default())?;
            e2e().context("an end-to-end test failed: see above; `cargo xtask test e2e` runs these alone")
        }
    }
}

fn host() -> anyhow::Result<()> {
    step("Testing on the host");
    let (seconds, default) = fuzz::IN_TESTS;
    let seconds_of_fuzzing = std::env::var(seconds).unwrap_or_else(|_| default.to_owned());
    run_program(
        cargo()
            .args(["test", "--workspace", "--exclude", "e2e"])
            .env(seconds, seconds_of_fuzzing),
    )?;
    step("Testing the scripted stream that the browser tests use");
    run_program(cargo().args(["test", "--package", "e2e", "--lib", "--test", "scripted_stream"]))
}

fn browser() -> anyhow::Result<()> {
    let browser = find_browser()?;
    step("Building and starting the scripted stream");
    run_program(cargo().args(["build", "--package", "e2e", "--bin", SCRIPTED_STREAM]))?;
    let _stream = ScriptedStream::start()?;

    step("Testing in the browser");
    let mut tests = program("wasm-pack");
    tests
        .args([
            "test",
            "--headless",
            "--chrome",
            "--mode",
            "no-install",
            "--chromedriver",
        ])
        .arg(&browser.driver);
    // Omits the examples in comments, which have run on the host.
    tests.args(["--", "--lib", "--test", "*"]);
    tests.env("WASM_BINDGEN_TEST_TIMEOUT", BROWSER_TEST_TIMEOUT);
    tests.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", webdriver_configuration(&browser)?);
    run_program(&mut tests)
}

fn e2e() -> anyhow::Result<()> {
    let browser = find_browser()?;
    step("Testing end to end");
    let mut tests = cargo();
    tests.args(["test", "--package", "e2e"]);
    // The error names the failure; a backtrace adds nothing useful.
    tests.env("RUST_LIB_BACKTRACE", "0");
    tests
        .env("FRESHET_E2E_SERVER", build::server_program()?)
        .env("FRESHET_E2E_DIST", build::dist());
    tests
        .env(DRIVER_VARIABLE, &browser.driver)
        .env(BROWSER_VARIABLE, &browser.executable);
    run_program(&mut tests)
}

fn find_browser() -> anyhow::Result<Browser> {
    let browser = Browser::find().context("there is no Chromium: run `cargo xtask setup --tests`")?;
    note(&format!(
        "browser {}, driver {}",
        browser.executable.display(),
        browser.driver.display()
    ));
    Ok(browser)
}

/// Writes the configuration that the test runner sends to the driver: `webdriver.json` and the browser to start.
fn webdriver_configuration(browser: &Browser) -> anyhow::Result<std::path::PathBuf> {
    let text = std::fs::read_to_string(root().join("webdriver.json")).context("cannot read webdriver.json")?;
    let mut configuration: serde_json::Value = serde_json::from_str(&text).context("webdriver.json is not JSON")?;
    configuration["goog:chromeOptions"]["binary"] = browser.executable.to_string_lossy().into();
    let path = target_dir()?.join("webdriver.json");
    std::fs::write(&path, configuration.to_string()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

const SCRIPTED_STREAM: &str = "scripted-stream";

/// The server of the browser tests; it ends when dropped.
struct ScriptedStream(Child);

impl ScriptedStream {
    /// Starts it and waits until it listens, which its first line reports.
    fn start() -> anyhow::Result<Self> {
        use std::io::{BufRead as _, BufReader};
        let path = target_dir()?
            .join("debug")
            .join(format!("{SCRIPTED_STREAM}{}", std::env::consts::EXE_SUFFIX));
        let child = start_quietly(&path)?;
        let mut stream = Self(child);
        let output = stream.0.stdout.take().context("the scripted stream has no output")?;
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .context("cannot read what the scripted stream says")?;
        if line.is_empty() {
            bail!("the scripted stream did not start: end another one, if it runs");
        }
        note(line.trim());
        Ok(stream)
    }
}

fn start_quietly(path: &Path) -> anyhow::Result<Child> {
    let mut command = Command::new(path);
    // The reason of a failed start needs no backtrace.
    command
        .env("RUST_LIB_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
        .spawn()
        .with_context(|| format!("cannot run {}", path.display()))
}

impl Drop for ScriptedStream {
    fn drop(&mut self) {
        // An error means that it has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
