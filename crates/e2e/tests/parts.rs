//! The app comes in parts: what is not needed to sign in is loaded meanwhile, and may be late or not come at all.

use anyhow::ensure;
use e2e::page::quoted;
use e2e::scenario::{COACH, no_defects, scenario};
use serde_json::json;

/// A condition: the sign-in page is on the screen.
const SIGN_IN: &str = "location.pathname === '/login' && !!find('textbox', 'Email')";
/// A condition: the dashboard is on the screen.
const DASHBOARD: &str = "!!sessionLink()";
/// The addresses of the parts.
const PARTS: &str = "*_part_*";

#[tokio::test]
async fn what_could_not_be_loaded_is_said_and_can_be_tried_again() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = stage.person(COACH).await?;
        coach.block(&[PARTS]).await?;
        coach.open("/").await?;
        coach.sees(SIGN_IN).await?;
        coach.sign_in().await?;
        let message = "A part of the app could not be loaded.";
        let says_so = format!(
            "document.querySelector('[role=alert]')?.textContent.includes({})",
            quoted(message)
        );
        coach.sees(&says_so).await?;
        coach.look_at_every_size("part-missing").await?;
        coach.click("Try again").await?;
        coach.sees(&says_so).await?;
        coach.block(&[]).await?;
        coach.click("Try again").await?;
        coach.sees(DASHBOARD).await?;
        coach.until_connected().await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn what_could_not_be_loaded_at_first_is_loaded_when_somebody_signs_in() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = stage.person(COACH).await?;
        coach.block(&[PARTS]).await?;
        coach.open("/login").await?;
        coach.sees(SIGN_IN).await?;
        coach.settle_down().await?;
        coach.block(&[]).await?;
        coach.take_requests().await?;
        coach.sign_in().await?;
        coach.sees(DASHBOARD).await?;
        let requests = coach.take_requests().await?;
        let parts = requests.iter().filter(|request| request.target.contains("_part_"));
        ensure!(parts.count() == 1, "it was asked for once more: {requests:?}");
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn what_takes_long_to_load_is_said_and_shown_when_it_is_there() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = stage.person(COACH).await?;
        let parts = json!({"patterns": [{"urlPattern": PARTS}]});
        coach.page.command("Fetch.enable", parts).await?;
        coach.open("/").await?;
        coach.sees(SIGN_IN).await?;
        coach.sign_in().await?;
        let says_so = "document.querySelector('main[role=status]')?.textContent.includes('longer than usual')";
        coach.sees(says_so).await?;
        coach.page.command("Fetch.disable", json!({})).await?;
        coach.sees(DASHBOARD).await?;
        no_defects(&[&coach]).await
    })
    .await
}
