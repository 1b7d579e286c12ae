//! A browser that keeps nothing, has no room, or is cleared while the page is open.

use anyhow::ensure;
use e2e::api::Api;
use e2e::items::Kind;
use e2e::person::Person;
use e2e::scenario::{no_defects, scenario};
use serde_json::json;
use wire::CoachingSession;

/// Takes away what a browser takes away that forbids a site to store anything.
const KEEPS_NOTHING: &str = "
    Object.defineProperty(window, 'indexedDB', {value: undefined});
    Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('denied', 'SecurityError'); }});";

/// The requests that change an action, and none that reads one.
const CHANGES: &str = "*/api/actions/*";

/// A condition: so many changes are unsent.
fn waits(count: usize) -> String {
    format!("byTestId('unsent').dataset.count === '{count}'")
}

/// Loads the page anew and returns whether the browser asks first. The driver answers with yes.
async fn asks_before_reload(person: &Person) -> anyhow::Result<bool> {
    let log = &person.page.driver;
    log.get_log("performance").await?;
    let reload = "window.isOld = true; setTimeout(() => location.reload()); return null;";
    person.page.eval::<()>(reload, Vec::new()).await?;
    person
        .page
        .until::<bool>("!window.isOld && !!document.querySelector('main')")
        .await?;
    let events = log.get_log("performance").await?;
    let asks = |event: &str| event.contains("Page.javascriptDialogOpening") && event.contains("\"beforeunload\"");
    Ok(events.iter().any(|event| asks(&event.message)))
}

/// Adds two actions, which the page then shows.
async fn two_actions(person: &Person, api: &Api, session: &CoachingSession) -> anyhow::Result<()> {
    for text in ["First", "Second"] {
        api.create(Kind::Action, session, text).await?;
        person.sees(&Kind::Action.shows(text)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn browser_asks_before_unkept_words_are_lost() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        two_actions(&coach, &coachee, &session).await?;
        let source = json!({"source": KEEPS_NOTHING});
        let before_each_page = "Page.addScriptToEvaluateOnNewDocument";
        coach.page.command(before_each_page, source).await?;
        ensure!(!asks_before_reload(&coach).await?, "it asks although nothing is unsent");
        ensure!(!asks_before_reload(&coach).await?, "it asks although nothing is unsent");

        coach.fill("New agreement", "Typed").await?;
        ensure!(asks_before_reload(&coach).await?, "text is lost without a question");

        coach.block(&[CHANGES]).await?;
        coach.edit(Kind::Action, "First", "Lost").await?;
        coach.sees(&waits(1)).await?;
        ensure!(asks_before_reload(&coach).await?, "a change is lost without a question");

        // If the page stays, the change is sent in the end.
        coach.until_session_shown().await?;
        coach.edit(Kind::Action, "First", "Sent at last").await?;
        coach.sees(&waits(1)).await?;
        coach.block(&[]).await?;
        coach.sees(&waits(0)).await?;
        ensure!(!asks_before_reload(&coach).await?, "it asks although all was sent");
        coach.sees(&Kind::Action.shows("Sent at last")).await?;
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn words_are_kept_again_after_full_disk() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        two_actions(&coach, &coachee, &session).await?;
        let origin = &stage.server.origin;
        let full = json!({"origin": origin, "quotaSize": 1});
        coach.page.command("Storage.overrideQuotaForOrigin", full).await?;
        coach.block(&[CHANGES]).await?;
        coach.edit(Kind::Action, "First", "No room for this").await?;
        coach.sees(&waits(1)).await?;
        ensure!(asks_before_reload(&coach).await?, "a change is lost without a question");

        coach.until_session_shown().await?;
        coach.edit(Kind::Action, "First", "Room comes back").await?;
        coach.sees(&waits(1)).await?;
        let room = json!({"origin": origin});
        coach.page.command("Storage.overrideQuotaForOrigin", room).await?;
        coach.edit(Kind::Action, "Second", "There is room").await?;
        coach.sees(&waits(2)).await?;
        ensure!(!asks_before_reload(&coach).await?, "it asks although both are kept");
        coach.sees(&waits(2)).await?;
        coach.block(&[]).await?;
        coach.sees(&waits(0)).await?;
        for text in ["Room comes back", "There is room"] {
            coach.sees(&Kind::Action.shows(text)).await?;
        }
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn words_are_kept_after_site_data_was_cleared() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        two_actions(&coach, &coachee, &session).await?;
        coach.block(&[CHANGES]).await?;
        coach.edit(Kind::Action, "First", "Changed before").await?;
        coach.fill("New action", "Typed before").await?;
        coach.sees(&waits(1)).await?;
        // All but the cookie, without which the page would show the sign-in form.
        let stores = json!({"origin": stage.server.origin, "storageTypes": "indexeddb,local_storage,cache_storage"});
        coach.page.command("Storage.clearDataForOrigin", stores).await?;

        coach.edit(Kind::Action, "Second", "Changed after").await?;
        coach.fill("New goal", "Typed after").await?;
        coach.sees(&waits(2)).await?;
        ensure!(!asks_before_reload(&coach).await?, "it asks although all is kept");
        coach.sees(&waits(2)).await?;
        coach
            .sees("find('textbox', 'New action')?.value === 'Typed before'")
            .await?;
        coach
            .sees("find('textbox', 'New goal')?.value === 'Typed after'")
            .await?;
        coach.block(&[]).await?;
        coach.sees(&waits(0)).await?;
        for text in ["Changed before", "Changed after"] {
            coach.sees(&Kind::Action.shows(text)).await?;
        }
        no_defects(&[&coach]).await
    })
    .await
}

#[tokio::test]
async fn clearing_cookies_as_well_loses_no_words() -> anyhow::Result<()> {
    scenario(async |stage| {
        let (coach, coachee, session) = stage.one_reader().await?;
        two_actions(&coach, &coachee, &session).await?;
        coach.block(&[CHANGES]).await?;
        coach.edit(Kind::Action, "First", "Changed before").await?;
        coach.fill("New action", "Typed before").await?;
        coach.sees(&waits(1)).await?;
        let all = json!({"origin": stage.server.origin, "storageTypes": "all"});
        coach.page.command("Storage.clearDataForOrigin", all).await?;
        coach.sees("location.pathname === '/login'").await?;
        ensure!(coach.page.text().await?.contains("is kept on this device"));
        coach.block(&[]).await?;
        coach.sign_in().await?;
        coach.until_session_shown().await?;
        coach.sees(&waits(0)).await?;
        coach.sees(&Kind::Action.shows("Changed before")).await?;
        coach
            .sees("find('textbox', 'New action')?.value === 'Typed before'")
            .await?;
        no_defects(&[&coach]).await
    })
    .await
}
