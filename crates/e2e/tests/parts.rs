//! The app comes in parts: what is not needed to sign in is loaded meanwhile, and may be late or not come at all. And
//! whatever ends it, somebody says so.

use anyhow::ensure;
use e2e::page::quoted;
use e2e::person::Person;
use e2e::scenario::{COACH, no_defects, scenario};
use serde_json::json;

/// A condition: the sign-in page is on the screen.
const SIGN_IN: &str = "location.pathname === '/login' && !!find('textbox', 'Email')";
/// A condition: the dashboard is on the screen.
const DASHBOARD: &str = "!!sessionLink()";
/// The addresses of the parts.
const PARTS: &str = "*_part_*";

/// A condition: this is said in a way that nobody misses.
fn alerts(text: &str) -> String {
    format!(
        "document.querySelector('[role=alert]')?.textContent.includes({})",
        quoted(text)
    )
}

/// Checks that since the requests were last taken a part was asked for once.
async fn asked_for_a_part_once(person: &Person) -> anyhow::Result<()> {
    let requests = person.take_requests().await?;
    let parts = requests.iter().filter(|request| request.target.contains("_part_"));
    ensure!(parts.count() == 1, "it was not asked for once: {requests:?}");
    Ok(())
}

/// Does what a page without an app offers.
async fn reload(person: &Person) -> anyhow::Result<()> {
    let link = "return find('link', 'Reload the page');";
    person.page.element(link, Vec::new()).await?.click().await?;
    Ok(())
}

#[tokio::test]
async fn failed_part_explains_and_retries() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = stage.person(COACH).await?;
        coach.block(&[PARTS]).await?;
        coach.open("/").await?;
        coach.sees(SIGN_IN).await?;
        coach.sign_in().await?;
        let says_so = alerts("A part of the app could not be loaded.");
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
async fn failed_part_loads_at_sign_in() -> anyhow::Result<()> {
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
        asked_for_a_part_once(&coach).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn slow_part_shows_progress() -> anyhow::Result<()> {
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

#[tokio::test]
async fn returning_person_preloads_all_parts() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = stage.person(COACH).await?;
        // `link`: because the page hinted at it; `fetch`: because the app asked for it.
        let who_asked = "const requests = performance.getEntriesByType('resource');
             return requests.filter(({ name }) => name.includes('_part_')).map((part) => part.initiatorType);";
        coach.open("/").await?;
        coach.sees(SIGN_IN).await?;
        coach.sign_in().await?;
        coach.sees(DASHBOARD).await?;
        let asked: Vec<String> = coach.page.eval(who_asked, Vec::new()).await?;
        ensure!(asked == ["fetch"], "nobody was here before: {asked:?}");

        coach
            .page
            .command("Network.setCacheDisabled", json!({"cacheDisabled": true}))
            .await?;
        coach.take_requests().await?;
        coach.open("/").await?;
        coach.sees(DASHBOARD).await?;
        let asked: Vec<String> = coach.page.eval(who_asked, Vec::new()).await?;
        ensure!(asked == ["link"], "the part came late: {asked:?}");
        asked_for_a_part_once(&coach).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn unloadable_app_explains_itself() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = stage.person(COACH).await?;
        for address in ["*_bg.wasm", "*/boot-*.js"] {
            coach.block(&[address]).await?;
            coach.open("/").await?;
            coach.sees(&alerts("Freshet could not be loaded")).await?;
        }
        coach.look_at_every_size("not-loaded").await?;
        coach.block(&[]).await?;
        reload(&coach).await?;
        coach.sees(SIGN_IN).await
    })
    .await
}

#[tokio::test]
async fn stopped_app_asks_for_reload() -> anyhow::Result<()> {
    scenario(async |stage| {
        let coach = stage.person(COACH).await?;
        coach.open("/").await?;
        coach.sign_in().await?;
        coach.sees(DASHBOARD).await?;
        // Somebody else's mistake is none of the app's.
        let mistake = "setTimeout(() => { throw new TypeError('of an extension') });";
        coach.page.eval::<()>(mistake, Vec::new()).await?;
        coach.settle_down().await?;
        coach.sees(DASHBOARD).await?;
        // `(module (func (export "trap") unreachable))`, called where nobody catches it.
        let trap =
            "const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, \
                    0, 0, 10, 5, 1, 3, 0, 0, 11];
                    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code)));
                    setTimeout(() => exports.trap());";
        coach.page.eval::<()>(trap, Vec::new()).await?;
        coach.sees(&alerts("The app has stopped.")).await?;
        coach.look_at_every_size("stopped").await?;
        reload(&coach).await?;
        coach.sees(DASHBOARD).await?;
        coach.until_connected().await
    })
    .await
}
