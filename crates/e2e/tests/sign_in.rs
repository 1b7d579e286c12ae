//! Signing in, and a start, where it can not work: the page says why.

use anyhow::{Context as _, ensure};
use e2e::driver::NETWORK_HOST;
use e2e::scenario::{COACH, no_defects, scenario};

#[tokio::test]
async fn plain_http_sign_in_explains_failure() -> anyhow::Result<()> {
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

#[tokio::test]
async fn refused_sign_in_keeps_the_focus() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = stage.person(COACH).await?;
        coach.open("/").await?;
        coach.fill("Email", COACH).await?;
        coach.fill("Password", "not the password").await?;
        coach.click("Sign in").await?;
        coach
            .sees("document.querySelector('[role=alert]')?.innerText.includes('wrong')")
            .await?;
        coach
            .sees("document.activeElement === find('button', 'Sign in')")
            .await?;
        // It can be tried again at once.
        coach.sign_in().await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn unreachable_start_says_what_is_kept() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, _, _) = stage.one_reader().await?;
        let says_kept = "document.querySelector('.login-card')?.innerText.includes('is kept on this device')";
        let is_unreachable = "!!find('button', 'Try again') && !!find('link', 'Sign in')";
        // The page may have done so by itself.
        let try_again = "find('button', 'Try again')?.click(); return null;";
        coach.block(&["*/api/*"]).await?;
        coach.page.driver.refresh().await?;
        coach.sees(&format!("{is_unreachable} && !{says_kept}")).await?;

        coach.block(&[]).await?;
        coach.page.eval::<()>(try_again, Vec::new()).await?;
        coach.fill("New action", "Half a thought").await?;
        coach.block(&["*/api/*"]).await?;
        coach.page.driver.refresh().await?;
        coach.sees(&format!("{is_unreachable} && {says_kept}")).await?;
        coach.look_at_every_size("unreachable").await?;

        coach.block(&[]).await?;
        coach.page.eval::<()>(try_again, Vec::new()).await?;
        coach
            .sees("find('textbox', 'New action')?.value === 'Half a thought'")
            .await?;
        no_defects(&[&coach]).await
    })
    .await
}
