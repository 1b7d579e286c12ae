//! Signing in where it can not work: the page says why.

use anyhow::{Context as _, ensure};
use e2e::driver::NETWORK_HOST;
use e2e::scenario::{COACH, no_defects, scenario};

#[tokio::test]
async fn sign_in_over_plain_http_says_why_it_fails() -> anyhow::Result<()> {
    scenario(async |stage| {
        let port = stage.server.origin.rsplit(':').next().context("a port")?;
        let coach = stage.person_at(COACH, &format!("http://{NETWORK_HOST}:{port}")).await?;
        coach.open("/").await?;
        coach.try_to_sign_in().await?;
        coach
            .sees("document.querySelector('[role=alert]')?.innerText.includes('Open it over https')")
            .await?;
        coach.look_at_every_size("plain-http").await?;
        ensure!(coach.address().await?.starts_with("/login"), "it goes on");
        no_defects(&[&coach]).await
    })
    .await
}
