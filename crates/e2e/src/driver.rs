//! The process that steers browsers, and the browsers it starts.

use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use thirtyfour::WebDriver;
use thirtyfour::common::capabilities::desiredcapabilities::Capabilities;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::server::root;

/// This machine as other machines of a network know it: a name for which browsers make no exception.
pub const NETWORK_HOST: &str = "freshet.test";

/// How long the driver may take to start.
const LIMIT: Duration = Duration::from_secs(20);

/// A chromedriver on a port of its own; ends, with its browsers, when dropped.
#[derive(Debug)]
pub struct Driver {
    url: String,
    process: Child,
    /// Kept open: a driver that can not print ends.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    /// Starts the driver that `CHROMEDRIVER` names, else the one on the `PATH`.
    ///
    /// # Errors
    ///
    /// When there is none, or it does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let program = match std::env::var_os("CHROMEDRIVER") {
            Some(path) => path.into(),
            None => which::which("chromedriver").context("no chromedriver: run `cargo xtask setup --tests`")?,
        };
        let mut process = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let output = process.stdout.take().context("the driver has no output")?;
        let mut output = BufReader::new(output).lines();
        let port = timeout(LIMIT, async {
            while let Some(line) = output.next_line().await? {
                // "ChromeDriver was started successfully on port 41234."
                if let Some((_, port)) = line.split_once("successfully on port ") {
                    return Ok(port.trim_end_matches('.').to_owned());
                }
            }
            anyhow::bail!("the driver has ended instead of starting")
        });
        let port = port.await.context("the driver does not start")??;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            process,
            _output: output,
        })
    }

    /// Starts a browser with a profile of its own, which sees nothing of any other.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn browser(&self) -> anyhow::Result<WebDriver> {
        self.browser_with(json!({"browser": "ALL", "performance": "ALL"})).await
    }

    /// Starts one that keeps no log of what it does, which costs it time.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn unlogged_browser(&self) -> anyhow::Result<WebDriver> {
        self.browser_with(json!({})).await
    }

    async fn browser_with(&self, logs: Value) -> anyhow::Result<WebDriver> {
        let text = std::fs::read_to_string(root().join("webdriver.json")).context("cannot read webdriver.json")?;
        let mut capabilities: Value = serde_json::from_str(&text).context("webdriver.json is not JSON")?;
        if let Some(browser) = std::env::var_os("CHROMIUM") {
            capabilities["goog:chromeOptions"]["binary"] = json!(browser.to_string_lossy());
        }
        if let Some(arguments) = capabilities["goog:chromeOptions"]["args"].as_array_mut() {
            arguments.push(json!("--window-size=1280,800"));
            arguments.push(json!(format!("--host-resolver-rules=MAP {NETWORK_HOST} 127.0.0.1")));
        }
        capabilities["browserName"] = json!("chrome");
        capabilities["goog:loggingPrefs"] = logs;
        let Value::Object(capabilities) = capabilities else {
            anyhow::bail!("webdriver.json holds no object")
        };
        WebDriver::new(&self.url, Capabilities::from(capabilities))
            .await
            .context("the browser does not start")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked to end, it ends its browsers first; killed, it would leave them behind.
        if let Some(id) = self.process.id().and_then(|id| id.try_into().ok()) {
            // It has just ended by itself: all the better.
            kill(Pid::from_raw(id), Signal::SIGTERM).ok();
        }
    }
}
