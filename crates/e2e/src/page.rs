//! Asking a page: scripts that run in it, with a small library in front.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::{WebDriver, WebElement};

/// The functions that scripts may use.
const LIBRARY: &str = include_str!("page.js");

/// How long a page may take to become what a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// A moment in a page: milliseconds since 1970, comparable between browsers of one machine.
pub type Moment = i64;

/// A page of a browser.
#[derive(Clone, Debug)]
pub struct Page {
    /// The browser.
    pub driver: WebDriver,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    at: Moment,
    met: bool,
    #[serde(default)]
    value: Value,
    error: Option<String>,
}

impl Page {
    /// Runs the body of a function and returns what it returns; it finds its arguments in `arguments`.
    ///
    /// # Errors
    ///
    /// When it throws, or returns something else than `T`.
    pub async fn eval<T: DeserializeOwned>(&self, body: &str, arguments: Vec<Value>) -> anyhow::Result<T> {
        let returned = self.driver.execute(format!("{LIBRARY}\n{body}"), arguments).await;
        let returned = returned.with_context(|| format!("in the page: {body}"))?;
        serde_json::from_value(returned.json().clone()).with_context(|| format!("in the page: {body}"))
    }

    /// Has the browser do something that a page can not: a command of the DevTools protocol.
    ///
    /// # Errors
    ///
    /// When the browser refuses.
    pub async fn command(&self, method: &str, parameters: Value) -> anyhow::Result<Value> {
        let answer = self.driver.cdp().send_raw(method, parameters).await;
        answer.with_context(|| method.to_owned())
    }

    /// Runs the body of a function that returns an element.
    ///
    /// # Errors
    ///
    /// When it throws, or returns no element.
    pub async fn element(&self, body: &str, arguments: Vec<Value>) -> anyhow::Result<WebElement> {
        let returned = self.driver.execute(format!("{LIBRARY}\n{body}"), arguments).await?;
        returned.element().with_context(|| format!("no element: {body}"))
    }

    /// Waits until an expression is true, and returns its value and when it became so.
    ///
    /// # Errors
    ///
    /// When it throws, is not true for too long, or is something else than `T`.
    pub async fn until<T: DeserializeOwned>(&self, condition: &str) -> anyhow::Result<(Moment, T)> {
        let script = format!(
            "{LIBRARY}\nonce(() => ({condition}), {}).then(arguments[arguments.length - 1]);",
            PATIENCE.as_millis()
        );
        let returned = self.driver.execute_async(script, Vec::new()).await;
        self.outcome(condition, returned?.json().clone()).await
    }

    /// Starts to wait until an expression is true, and returns at once. One at a time in one page.
    ///
    /// # Errors
    ///
    /// When the page can not be asked.
    pub async fn watch(&self, condition: &str) -> anyhow::Result<()> {
        let body = format!(
            "kept.watched = once(() => ({condition}), {}); return null;",
            PATIENCE.as_millis()
        );
        self.eval(&body, Vec::new()).await
    }

    /// When what [`watch`](Self::watch) waits for became true; waits for it if it did not yet.
    ///
    /// # Errors
    ///
    /// When it throws or is not true for too long.
    pub async fn watched(&self) -> anyhow::Result<Moment> {
        let script = format!("{LIBRARY}\nkept.watched.then(arguments[arguments.length - 1]);");
        let returned = self.driver.execute_async(script, Vec::new()).await?;
        let (at, Value::Null | _) = self
            .outcome::<Value>("what was watched", returned.json().clone())
            .await?;
        Ok(at)
    }

    /// When the last click happened in this page.
    ///
    /// # Errors
    ///
    /// When nothing was clicked since the page was loaded.
    pub async fn clicked(&self) -> anyhow::Result<Moment> {
        self.eval("return kept.clicks.at(-1);", Vec::new()).await
    }

    /// Everything that can be read on the page.
    ///
    /// # Errors
    ///
    /// When the page can not be asked.
    pub async fn text(&self) -> anyhow::Result<String> {
        self.eval("return document.body.innerText;", Vec::new()).await
    }

    async fn outcome<T: DeserializeOwned>(&self, condition: &str, returned: Value) -> anyhow::Result<(Moment, T)> {
        let outcome: Outcome = serde_json::from_value(returned).context("the page did not answer")?;
        if let Some(error) = outcome.error {
            bail!("{condition}: {error}");
        }
        if !outcome.met {
            let address: String = self.eval("return location.href;", Vec::new()).await?;
            bail!(
                "this did not become true: {condition}\nat {address} the page says:\n{}",
                self.text().await?
            );
        }
        let value = serde_json::from_value(outcome.value).with_context(|| format!("unexpected value: {condition}"))?;
        Ok((outcome.at, value))
    }
}

/// A text as a JavaScript string, to be put into a condition.
#[must_use]
pub fn quoted(text: &str) -> String {
    json!(text).to_string()
}
