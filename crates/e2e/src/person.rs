//! Somebody in front of a browser: reads, clicks and types.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use thirtyfour::WebDriver;
use tokio::time::{interval, timeout};

use crate::page::{PATIENCE, Page, quoted};
use crate::requests::{self, Request};

/// The password of everybody in the demonstration data.
pub const PASSWORD: &str = "freshet-demo";

/// How often to look into the browser's log.
const LOG_INTERVAL: Duration = Duration::from_millis(25);

/// Somebody in front of a browser of their own.
#[derive(Clone, Debug)]
pub struct Person {
    /// What they sign in with.
    pub email: &'static str,
    /// What they see.
    pub page: Page,
    origin: String,
}

impl Person {
    /// Puts somebody in front of a browser.
    #[must_use]
    pub fn new(email: &'static str, driver: WebDriver, origin: &str) -> Self {
        Self {
            email,
            page: Page { driver },
            origin: origin.to_owned(),
        }
    }

    /// Types an address of the app.
    ///
    /// # Errors
    ///
    /// When the page does not load.
    pub async fn open(&self, path: &str) -> anyhow::Result<()> {
        Ok(self.page.driver.goto(format!("{}{path}", self.origin)).await?)
    }

    /// The path and the query of the address.
    ///
    /// # Errors
    ///
    /// When the browser does not tell.
    pub async fn address(&self) -> anyhow::Result<String> {
        self.page
            .eval("return location.pathname + location.search;", Vec::new())
            .await
    }

    /// Waits until the address has this path.
    ///
    /// # Errors
    ///
    /// When that takes too long.
    pub async fn until_at(&self, path: &str) -> anyhow::Result<()> {
        let condition = format!("location.pathname === {}", quoted(path));
        self.page.until::<bool>(&condition).await.map(drop)
    }

    /// Fills in the sign-in form, which must be there or about to be.
    ///
    /// # Errors
    ///
    /// When the form is not there, or still is there afterwards.
    pub async fn sign_in(&self) -> anyhow::Result<()> {
        self.try_to_sign_in().await?;
        self.page
            .until::<bool>("location.pathname !== '/login'")
            .await
            .context("signing in")?;
        Ok(())
    }

    /// Fills in the sign-in form and sends it.
    ///
    /// # Errors
    ///
    /// When the form is not there.
    pub async fn try_to_sign_in(&self) -> anyhow::Result<()> {
        self.fill("Email", self.email).await?;
        self.fill("Password", PASSWORD).await?;
        self.click("Sign in").await
    }

    /// Waits until the app says that it is connected.
    ///
    /// # Errors
    ///
    /// When that takes too long.
    pub async fn until_connected(&self) -> anyhow::Result<()> {
        self.page.until::<bool>("indicator() === 'connected'").await.map(drop)
    }

    /// Clicks "Try now" while the next attempt is so far away that it is not mistaken for this one, and waits until the
    /// page tries.
    ///
    /// # Errors
    ///
    /// When the connection is not waited for, or is not tried.
    pub async fn try_now(&self) -> anyhow::Result<()> {
        let waits_long = "parseInt(document.querySelector('.connection .countdown')?.textContent) >= 3";
        self.page.until::<bool>(waits_long).await?;
        self.take_requests().await?;
        self.click("Try now").await?;
        self.until_request(|request| request.kind == "EventSource").await?;
        Ok(())
    }

    /// Clicks the button of that name.
    ///
    /// # Errors
    ///
    /// When there is none, or it can not be clicked.
    pub async fn click(&self, button: &str) -> anyhow::Result<()> {
        self.until_there("button", button, "document").await?;
        let found = self
            .page
            .element("return inSight(find('button', arguments[0]));", vec![json!(button)])
            .await?;
        found.click().await.with_context(|| format!("clicking {button:?}"))
    }

    /// Replaces what stands in the field of that label.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn fill(&self, label: &str, text: &str) -> anyhow::Result<()> {
        self.until_there("textbox", label, "document").await?;
        let field = self
            .page
            .element("return selected(find('textbox', arguments[0]));", vec![json!(label)])
            .await?;
        field
            .send_keys(text)
            .await
            .with_context(|| format!("typing into {label:?}"))
    }

    /// Types on where the cursor is.
    ///
    /// # Errors
    ///
    /// When nothing has the focus.
    pub async fn type_on(&self, text: &str) -> anyhow::Result<()> {
        let focused = self.page.element("return document.activeElement;", Vec::new()).await?;
        Ok(focused.send_keys(text).await?)
    }

    /// Presses a key of the keyboard, by its name in UI Events, such as `a`, `7` or `ArrowDown`. Unlike
    /// [`type_on`](Self::type_on) it leaves the cursor where it is.
    ///
    /// # Errors
    ///
    /// When the browser refuses.
    pub async fn press(&self, key: &str) -> anyhow::Result<()> {
        let code = match key {
            "Backspace" => 8,
            "Tab" => 9,
            "Enter" => 13,
            "ArrowUp" => 38,
            "ArrowDown" => 40,
            "Delete" => 46,
            _ => 0,
        };
        let text = match key {
            "Enter" => "\r",
            _ if code == 0 => key,
            _ => "",
        };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code, "text": text});
            self.page.command("Input.dispatchKeyEvent", event).await?;
        }
        Ok(())
    }

    /// What this page has asked of the network since it was last asked for.
    ///
    /// # Errors
    ///
    /// When the browser does not tell.
    pub async fn take_requests(&self) -> anyhow::Result<Vec<Request>> {
        requests::take(&self.page.driver).await
    }

    /// Waits until the page has made a request like this, and returns all it made since it was last asked for.
    ///
    /// # Errors
    ///
    /// When it makes none.
    pub async fn until_request(&self, wanted: impl Fn(&Request) -> bool) -> anyhow::Result<Vec<Request>> {
        let mut requests = Vec::new();
        let mut ticks = interval(LOG_INTERVAL);
        let made = timeout(PATIENCE, async {
            while !requests.iter().any(&wanted) {
                ticks.tick().await;
                requests.extend(self.take_requests().await?);
            }
            anyhow::Ok(())
        })
        .await;
        made.with_context(|| format!("{} did not make the request; it made {requests:#?}", self.email))??;
        Ok(requests)
    }

    /// Remembers what must not be disturbed while somebody else works.
    ///
    /// # Errors
    ///
    /// When the page can not be asked.
    pub async fn settle_down(&self) -> anyhow::Result<()> {
        self.page.eval("settleDown(); return null;", Vec::new()).await
    }

    /// Checks that address, focus, typed text and rows are what they were when they [settled
    /// down](Self::settle_down).
    ///
    /// # Errors
    ///
    /// When something is not.
    pub async fn is_undisturbed(&self) -> anyhow::Result<()> {
        let found: Vec<String> = self.page.eval("return disturbances();", Vec::new()).await?;
        ensure!(found.is_empty(), "{} was disturbed: {found:?}", self.email);
        Ok(())
    }

    /// Takes the network from this page, or gives it back; the page is told.
    ///
    /// # Errors
    ///
    /// When the browser refuses.
    pub async fn set_offline(&self, offline: bool) -> anyhow::Result<()> {
        let conditions = json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.page
            .command("Network.emulateNetworkConditions", conditions)
            .await?;
        let condition = if offline {
            "!navigator.onLine"
        } else {
            "navigator.onLine"
        };
        self.page.until::<bool>(condition).await.map(drop)
    }

    /// Makes every request of this page take at least so long; zero takes that back.
    ///
    /// # Errors
    ///
    /// When the browser refuses.
    pub async fn slow_down(&self, latency: Duration) -> anyhow::Result<()> {
        let conditions = json!({
            "offline": false,
            "latency": u64::try_from(latency.as_millis())?,
            "downloadThroughput": -1,
            "uploadThroughput": -1,
        });
        self.page
            .command("Network.emulateNetworkConditions", conditions)
            .await?;
        Ok(())
    }

    /// Has every request for these addresses fail, and no other; in patterns, `*` stands for anything.
    ///
    /// # Errors
    ///
    /// When the browser refuses.
    pub async fn block(&self, addresses: &[&str]) -> anyhow::Result<()> {
        self.page.command("Network.enable", json!({})).await?;
        self.page
            .command("Network.setBlockedURLs", json!({"urls": addresses}))
            .await?;
        Ok(())
    }

    /// Everything in the browser's console that tells of a defect: a panic, a blocked script.
    ///
    /// Requests that fail are no defect: servers restart and sessions end.
    ///
    /// # Errors
    ///
    /// When the browser does not tell.
    pub async fn defects(&self) -> anyhow::Result<Vec<String>> {
        let is_defect = |message: &str| {
            ["panicked", "Content Security Policy", "Uncaught", "RuntimeError"]
                .iter()
                .any(|sign| message.contains(sign))
        };
        let entries = self.page.driver.get_log("browser").await?;
        Ok(entries
            .into_iter()
            .map(|entry| entry.message)
            .filter(|message| is_defect(message))
            .collect())
    }

    /// Waits until an element is there to be used.
    pub(crate) async fn until_there(&self, role: &str, name: &str, scope: &str) -> anyhow::Result<()> {
        let condition = format!("!!find({}, {}, {scope})", quoted(role), quoted(name));
        self.page.until::<bool>(&condition).await.map(drop)
    }
}
