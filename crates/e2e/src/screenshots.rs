//! Looking at a page on a desk and in a hand, by day and by night.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::person::Person;
use crate::server::root;

/// Pictures are kept only if this is set to 1.
const VARIABLE: &str = "FRESHET_SCREENSHOTS";

/// Width and least height.
const SIZES: [(u32, u32); 2] = [(1280, 800), (390, 844)];

/// Pages do not get endless.
const MAX_HEIGHT: u32 = 4_000;

const SCHEMES: [&str; 2] = ["light", "dark"];

impl Person {
    /// Checks that the page fits every size, and keeps pictures of it, `screenshots/<name>-<width>-<scheme>.png`, if
    /// they are wanted.
    ///
    /// # Errors
    ///
    /// When the page has to be scrolled sideways, or the browser takes no picture.
    pub async fn look_at_every_size(&self, name: &str) -> anyhow::Result<()> {
        let wanted = std::env::var(VARIABLE).as_deref() == Ok("1");
        let folder = root().join("screenshots");
        for (width, height) in SIZES {
            self.resize(width, height).await?;
            let too_wide: i64 = self.in_page("root.scrollWidth - root.clientWidth").await?;
            ensure!(
                too_wide <= 0,
                "{name} is {too_wide} pixels too wide for a screen of {width}"
            );
            if !wanted {
                continue;
            }
            let full: u32 = self.in_page("root.scrollHeight").await?;
            self.resize(width, full.clamp(height, MAX_HEIGHT)).await?;
            std::fs::create_dir_all(&folder).context("cannot make the folder of the pictures")?;
            for scheme in SCHEMES {
                let feature = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
                self.emulate("setEmulatedMedia", feature).await?;
                self.settled().await?;
                let path = folder.join(format!("{name}-{width}-{scheme}.png"));
                self.page.driver.screenshot(&path).await.context("taking a picture")?;
            }
        }
        self.emulate("setEmulatedMedia", json!({"features": []})).await?;
        self.emulate("clearDeviceMetricsOverride", json!({})).await
    }

    async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.emulate("setDeviceMetricsOverride", size).await?;
        self.settled().await
    }

    async fn emulate(&self, command: &str, parameters: Value) -> anyhow::Result<()> {
        self.page.command(&format!("Emulation.{command}"), parameters).await?;
        Ok(())
    }

    async fn in_page<T: serde::de::DeserializeOwned>(&self, expression: &str) -> anyhow::Result<T> {
        let script = format!("const root = document.documentElement; return {expression};");
        self.page.eval(&script, Vec::new()).await
    }

    /// Ends what moves and waits until the page has been drawn.
    ///
    /// Does not wait for `Animation.finished`: Chromium leaves that promise pending for good if the element of a
    /// transition is laid out anew at the wrong moment.
    async fn settled(&self) -> anyhow::Result<()> {
        let script = "const done = arguments[0];
            const ends = (animation) => animation.effect?.getComputedTiming().endTime !== Infinity;
            document.getAnimations().filter(ends).forEach((animation) => animation.finish());
            requestAnimationFrame(() => requestAnimationFrame(() => done(null)));";
        self.page.driver.execute_async(script, Vec::new()).await?;
        Ok(())
    }
}
