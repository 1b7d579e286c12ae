//! Pictures for people to look at: a page on a desk and in a hand, by day and by night.

use anyhow::Context as _;
use serde_json::json;

use crate::person::Person;
use crate::server::root;

/// Pictures are taken only if this is set to 1.
const VARIABLE: &str = "FRESHET_SCREENSHOTS";

/// Width and height.
const SIZES: [(u32, u32); 2] = [(1280, 800), (390, 844)];

const SCHEMES: [&str; 2] = ["light", "dark"];

impl Person {
    /// Takes pictures of the whole page, `screenshots/<name>-<width>-<scheme>.png`, if they are wanted.
    ///
    /// # Errors
    ///
    /// When the browser takes none, or they can not be written.
    pub async fn screenshots(&self, name: &str) -> anyhow::Result<()> {
        if std::env::var(VARIABLE).as_deref() != Ok("1") {
            return Ok(());
        }
        let folder = root().join("screenshots");
        std::fs::create_dir_all(&folder).context("cannot make the folder of the pictures")?;
        let cdp = self.page.driver.cdp();
        for (width, height) in SIZES {
            let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
            cdp.send_raw("Emulation.setDeviceMetricsOverride", size).await?;
            for scheme in SCHEMES {
                let feature = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
                cdp.send_raw("Emulation.setEmulatedMedia", feature).await?;
                self.settled().await?;
                let path = folder.join(format!("{name}-{width}-{scheme}.png"));
                self.page.driver.screenshot(&path).await.context("taking a picture")?;
            }
        }
        cdp.send_raw("Emulation.setEmulatedMedia", json!({"features": []}))
            .await?;
        cdp.send_raw("Emulation.clearDeviceMetricsOverride", json!({})).await?;
        Ok(())
    }

    /// Waits until nothing moves any more and the page has been drawn.
    async fn settled(&self) -> anyhow::Result<()> {
        let script = "const done = arguments[0];
            const finite = document.getAnimations().filter((it) => it.effect?.getComputedTiming().endTime !== Infinity);
            Promise.allSettled(finite.map((it) => it.finished)).then(() => requestAnimationFrame(() => done(null)));";
        self.page.driver.execute_async(script, Vec::new()).await?;
        Ok(())
    }
}
